"""The whole stack in the foreground: started, shown, used, and stopped without a trace."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from orchestration.local.signals import interrupted_by_signals, undisturbed
from orchestration.local.stack import ServiceStatus, Stack
from orchestration.settings import StackSettings
from services.domain.errors import SegueError

STOPPED, FAILED = 0, 1


def status_table(services: list[ServiceStatus], logs: Path) -> Table:
    """Show the services, where they listen and where they write."""
    table = Table(title="Segue", title_justify="left", caption=f"Logs: {logs}")
    for heading in ("Service", "State", "Address", "Log"):
        table.add_column(heading, no_wrap=True)
    for service in services:
        state = "[green]healthy[/]" if service.healthy else f"[red]{service.state.lower()}[/]"
        table.add_row(service.title, state, service.address, service.log.name)
    return table


def serve(console: Console) -> int:
    """Keep everything up until Ctrl-C or SIGTERM."""
    console.print("Ctrl-C stops everything.")
    while True:
        signal.pause()


def run_up(
    settings: StackSettings,
    console: Console | None = None,
    *,
    while_up: Callable[[Console], int] = serve,
) -> int:
    """Start everything, show where it is, do something with it, and stop it all.

    Parameters
    ----------
    settings : StackSettings
        Where and on which ports.
    console : Console, optional
        Where to write.
    while_up : callable
        What to do once every service is healthy; its return is the exit status.

    Returns
    -------
    int
        The exit status: 0 when it was asked to stop, 1 when it could not go on.
    """
    console = console or Console()
    stack = Stack(settings)
    with interrupted_by_signals():
        try:
            began = time.monotonic()
            stack.start()
            with console.status("Starting PostgreSQL, Prefect, the tracker and Label Studio"):
                stack.wait_ready()
            console.print(status_table(stack.status(), settings.logs))
            console.print(f"Ready after {time.monotonic() - began:.0f} s.")
            return while_up(console)
        except KeyboardInterrupt:
            console.print("Stopping.")
            return STOPPED
        except SegueError as error:
            console.print(error.detail, style="red", highlight=False, markup=False)
            return FAILED
        finally:
            with undisturbed():
                stack.stop()
