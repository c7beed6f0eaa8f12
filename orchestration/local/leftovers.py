"""End processes of ours that outlived the stack: flow runs, orphans of a killed manager.

A process is ours when its environment carries this folder's marker, or when it is a PostgreSQL
server on this folder's data. Pids alone prove nothing: numbers are used again.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psutil

from orchestration.local.environments import MARKER
from orchestration.settings import StackSettings

PATIENCE_S = 8.0


def _is_ours(process: psutil.Process, settings: StackSettings) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.environ().get(MARKER) == str(settings.home):
            return True
        return str(settings.home / "postgres" / "data") in process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):  # gone, or somebody else's
        return False


def find_leftovers(settings: StackSettings) -> list[psutil.Process]:
    """List the running processes of this folder's stack, without ourselves and our parents."""
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in spared and _is_ours(process, settings)
    ]


def _ask_to_end(processes: list[psutil.Process]) -> Iterator[psutil.Process]:
    for process in processes:
        try:
            # PostgreSQL takes SIGTERM for "when the last session has ended".
            wish = signal.SIGINT if process.name() == "postgres" else signal.SIGTERM
            process.send_signal(wish)
        except psutil.NoSuchProcess:
            continue
        yield process


def end_leftovers(settings: StackSettings) -> int:
    """Ask every leftover to end, then insist; return how many there were."""
    asked = list(_ask_to_end(find_leftovers(settings)))
    _, stubborn = psutil.wait_procs(asked, timeout=PATIENCE_S)
    late = {process.pid: process for process in stubborn}
    late |= {process.pid: process for process in find_leftovers(settings)}
    for process in late.values():
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(list(late.values()), timeout=PATIENCE_S)
    return len({process.pid for process in asked} | set(late))
