"""`segue check`: whether each answer of a plain file can be right at all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.plain import console_beside, ends_tidily, read_taxonomy


def check(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.jsonl",
            help="One annotator's segments on one item a line; - is standard input.",
        ),
    ],
    *,
    taxonomy: Annotated[
        Path, typer.Option(metavar="T.yaml", help="The rules: layers, labels and their limits.")
    ],
    csv: Annotated[
        Path | None, typer.Option(metavar="OUT", help="One row a finding; - is standard output.")
    ] = None,
) -> None:
    """Check each answer against the taxonomy, as the pipeline does before a second opinion.

    Exit status 0: no error was found; 1: at least one was; 2: the input is at fault.
    """
    from orchestration.plain_files.checking import check_file

    targets = {} if csv is None else {"--csv": csv}
    with ends_tidily():
        found = check_file(
            path,
            taxonomy=read_taxonomy(taxonomy),
            targets=targets,
            console=console_beside(targets.values()),
        )
    if found.n_errors:
        raise typer.Exit(1)
