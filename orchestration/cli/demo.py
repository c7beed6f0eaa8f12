"""`segue demo`: the whole path on real parts, with simulated people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.cli.screen import wide_console
from orchestration.cli.session import stack_settings
from orchestration.demo.run import run_demo
from orchestration.local.lock import is_running
from orchestration.local.up import FAILED, STOPPED, run_up, serve


def demo(
    *,
    clips: Annotated[
        Path | None, typer.Option(help="A folder of videos; without it the demo makes some.")
    ] = None,
    once: Annotated[bool, typer.Option(help="Stop at the end instead of serving on.")] = False,
) -> None:
    """Take videos all the way to a release, starting the system unless it is up already."""
    settings = stack_settings()
    console = wide_console()

    def play(console: Console) -> int:
        missing = run_demo(settings, clips, console)
        if missing:
            console.print(f"Not in the release: {', '.join(missing)}.", style="red")
        return FAILED if missing else STOPPED

    def play_and_serve(console: Console) -> int:
        return play(console) if once else max(play(console), serve(console))

    if is_running(settings):
        raise typer.Exit(play(console))
    raise typer.Exit(run_up(settings, console, while_up=play_and_serve))
