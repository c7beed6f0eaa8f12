"""Where the command line writes."""

from __future__ import annotations

from rich.console import Console

PLAIN_WIDTH = 140
"""Columns where no terminal says how many there are."""


def wide_console() -> Console:
    """Return the terminal, or, in a pipe or a log, a page wide enough for a table."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=PLAIN_WIDTH)
