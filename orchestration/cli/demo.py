"""`segue demo`: the whole path on real parts, with simulated people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.cli.session import stack_settings
from orchestration.demo.run import run_demo
from orchestration.local.up import FAILED, STOPPED, run_up, serve


def demo(
    *,
    clips: Annotated[
        Path | None, typer.Option(help="A folder of videos; without it the demo makes some.")
    ] = None,
    once: Annotated[bool, typer.Option(help="Stop at the end instead of serving on.")] = False,
) -> None:
    """Start the system and take videos all the way to a release."""
    settings = stack_settings()

    def play(console: Console) -> int:
        missing = run_demo(settings, clips, console)
        if missing:
            console.print(f"Not in the release: {', '.join(missing)}.", style="red")
        if not once:
            return serve(console)
        return FAILED if missing else STOPPED

    raise typer.Exit(run_up(settings, while_up=play))
