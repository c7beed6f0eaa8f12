"""How a benchmark's figures are printed, and how large it is run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

SCALE_VARIABLE = "SEGUE_BENCH_SCALE"
SCALE = float(os.environ.get(SCALE_VARIABLE, "1.0"))
"""1.0 is the size whose figures are quoted; smaller ones only try a benchmark out."""


def scaled(n: int, *, least: int = 1) -> int:
    """Return a size as it is to be run."""
    return max(least, round(n * SCALE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of a table; ``met`` is None where nothing is aimed at."""

    name: str
    value: str
    aim: str = ""
    met: bool | None = None


def times(name: str, ratio: float, *, least: float) -> Figure:
    """Return a ratio that should be large."""
    return Figure(
        name=name, value=f"{ratio:.1f} x", aim=f"at least {least:g} x", met=ratio >= least
    )


def spread(name: str, seconds: Sequence[float]) -> Figure:
    """Return the median and the 95th percentile of many durations."""
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return Figure(name=name, value=f"p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print a table, with what else the machine was doing."""
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    table = Table(
        title=title,
        caption=f"load {load} on {os.cpu_count()} cores; {SCALE_VARIABLE}={SCALE:g}",
        title_justify="left",
        caption_justify="left",
    )
    for heading in ("figure", "value", "aim", ""):
        table.add_column(heading)
    verdicts = {None: "", True: "met", False: "not met"}
    for figure in figures:
        table.add_row(figure.name, figure.value, figure.aim, verdicts[figure.met])
    console = Console(width=110)
    console.line()
    console.print(table)
