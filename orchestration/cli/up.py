"""`segue up`: the whole system on this machine, until Ctrl-C."""

from __future__ import annotations

import typer

from orchestration.cli.session import stack_settings
from orchestration.local.up import run_up


def up() -> None:
    """Start every service, watch over them, and stop them all on Ctrl-C."""
    raise typer.Exit(run_up(stack_settings()))
