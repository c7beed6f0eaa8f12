"""`segue probe`: what media files are, found by decoding all of them; no server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.media import Limits, Stream, read_limits, read_stream
from orchestration.cli.plain import console_beside, ends_tidily


def probe(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Videos, by any name.")],
    *,
    json: Annotated[
        bool, typer.Option("--json", help="JSON Lines: one record a file, in the order given.")
    ] = False,
    stream: Stream = "first",
    limits: Limits = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, max=1024, metavar="N", help="Files at once; by default the cores."),
    ] = None,
) -> None:
    """Decode each file and say whether it can be labelled to the frame, or why not.

    Duplicates are looked for among the files given. Exit status 2: at least one file was not
    accepted; the others are reported all the same.
    """
    from orchestration.plain_files.media_batch import n_cores
    from orchestration.plain_files.media_probing import probe_files

    with ends_tidily():
        all_accepted = probe_files(
            paths,
            limits=read_limits(limits),
            stream=read_stream(stream),
            jobs=jobs or n_cores(),
            as_json=json,
            console=console_beside(()),
        )
    if not all_accepted:
        raise typer.Exit(2)
