"""`segue compare`: how far annotators agree, from a plain file; no server, no database."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from orchestration.cli.plain import console_beside, ends_tidily, read_taxonomy
from services.domain.errors import InputError
from services.domain.metrics.tolerances import TOLERANCES

_MOST_FRAMES: Final = 1_000_000
_USUAL: Final = ",".join(map(str, TOLERANCES))


def compare(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.jsonl",
            help="One annotator's segments on one item a line; - is standard input.",
        ),
    ],
    *,
    taxonomy: Annotated[
        Path | None,
        typer.Option(metavar="T.yaml", help="Layers, tolerances and older names of the labels."),
    ] = None,
    tolerance: Annotated[
        str, typer.Option(metavar="FRAMES", help="Tolerances of the counts, inclusive.")
    ] = _USUAL,
    gamma: Annotated[
        bool,
        typer.Option(
            "--gamma", help="Mathet's gamma, too: seconds an item, minutes with many annotators."
        ),
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(metavar="OUT", help="One row a pair; - is standard output.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Figures, agreed segments and disputes.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="OUT", help="A page with both timelines and disputes.")
    ] = None,
) -> None:
    """Compare every pair of annotators on every item, exact to the frame.

    Without an output option it prints a summary. Exit status 2: the input is at fault, and
    no output was written.
    """
    # Imported here, because the metrics bring scipy in and `segue --help` shall not wait for it.
    from orchestration.plain_files.report import report
    from orchestration.plain_files.yardstick import Yardstick

    named = {"--csv": csv, "--json": json, "--html": html}
    targets = {option: target for option, target in named.items() if target is not None}
    yardstick = Yardstick(
        tolerances=read_tolerances(tolerance),
        taxonomy=None if taxonomy is None else read_taxonomy(taxonomy),
    )
    console = console_beside(targets.values())
    with ends_tidily():
        report(path, yardstick=yardstick, targets=targets, console=console, with_gamma=gamma)


def read_tolerances(text: str) -> tuple[int, ...]:
    """Read frames as in ``0,1,2,3``.

    Raises
    ------
    InputError
        If one is not a whole number of frames, or is given twice.
    """
    found = [part.strip() for part in text.split(",")]
    for part in found:
        if not re.fullmatch(r"[0-9]{1,9}", part) or int(part) > _MOST_FRAMES:
            raise InputError(
                f'--tolerance: "{part}" is no number of frames. Give whole numbers up to '
                f"{_MOST_FRAMES:,}, as in {_USUAL}."
            )
    frames = tuple(int(part) for part in found)
    if len(set(frames)) != len(frames):
        raise InputError("--tolerance names a number of frames twice. Give each one once.")
    return frames
