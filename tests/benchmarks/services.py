"""The stack's own services, as many of them as a benchmark needs, in a folder of their own.

It is the stack itself that starts them: the same commands, numbers of workers, roles and a
PostgreSQL that waits for the disk, unlike the tests' throw-away one.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from orchestration.local.programs import PROGRAMS
from orchestration.local.secrets import read_secret
from orchestration.local.stack import Stack
from orchestration.settings import StackSettings
from services.client.api import TrackerClient
from tests.factories import project_in

PORTS = ("postgres_port", "prefect_port", "tracker_port", "label_studio_port")
MANAGER = "manager"
START_S = 400  # Label Studio migrates its fresh database
COMMANDS = {"the tracker": "granian", "PostgreSQL": "bin/postgres"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Running services and how to speak to the tracker."""

    settings: StackSettings

    @property
    def worker_token(self) -> str:
        return read_secret(self.settings.secrets, "worker_token")

    def worker(self) -> TrackerClient:
        """Return a client with the machines' role."""
        return TrackerClient(self.settings.tracker_url, self.worker_token)

    @staticmethod
    def cpu_s() -> dict[str, float]:
        """Return the processor seconds that the tracker and PostgreSQL have taken so far."""
        spent = dict.fromkeys(COMMANDS, 0.0)
        for process in psutil.Process().children(recursive=True):
            try:
                lineage = " ".join(_command(one) for one in (process, *process.parents()))
                took = process.cpu_times()
            except psutil.NoSuchProcess:
                continue  # such as an autovacuum that has just ended
            for name, word in COMMANDS.items():
                if word in lineage:
                    spent[name] += took.user + took.system
        return spent

    def make_project(self, slug: str) -> None:
        """Declare a project without people: its clips wait after the pre-label."""
        with TrackerClient(self.settings.tracker_url, None) as nobody:
            password = read_secret(self.settings.secrets, "manager_password")
            token = nobody.token_create(MANAGER, password).token
        with TrackerClient(self.settings.tracker_url, token) as manager:
            manager.project_apply(slug, project_in({}))


@contextmanager
def running(*names: str) -> Iterator[Services]:
    """Serve the named programs of the stack on free ports until the block ends."""
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)  # PostgreSQL's user must be able to pass
        ports: dict[str, Any] = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        settings = StackSettings(
            home=home,
            DATABASE_URL=None,  # always our own server, whatever the environment names
            prefect_file=home / "nothing-to-deploy.yaml",
            **ports,
        )
        stack = Stack(settings, tuple(program for program in PROGRAMS if program.name in names))
        try:
            stack.start()
            stack.wait_ready(timeout_s=START_S)
            yield Services(settings=settings)
        finally:
            stack.stop()


def _command(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


def free_ports(count: int) -> list[int]:
    """Pick ports that differ, by holding all of them at once."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
