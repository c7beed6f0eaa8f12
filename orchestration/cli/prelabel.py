"""`segue prelabel`: a machine's draft of each video, on plain files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from orchestration.cli.media import Limits, Stream, read_limits, read_stream
from orchestration.cli.plain import console_beside, ends_tidily, read_taxonomy
from services.domain.errors import InputError

if TYPE_CHECKING:
    from orchestration.plain_files.prelabelling import Outcome


def prelabel(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Videos, by any name.")],
    *,
    out: Annotated[
        Path,
        typer.Option(metavar="OUT.jsonl", help="One line a video; - is standard output."),
    ],
    model: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="A trained model; without one, where something changes."),
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="An extractor of your own (TorchScript)."),
    ] = None,
    taxonomy: Annotated[
        Path | None,
        typer.Option(metavar="T.yaml", help="Layers, labels and their limits; else the model's."),
    ] = None,
    stream: Stream = "first",
    limits: Limits = None,
) -> None:
    """Draft segments for each video, in the form that `segue compare` reads.

    Frames are the source's. Exit status 2: at least one file was refused; the others are done.
    """
    read = read_limits(limits)
    chosen = read_stream(stream)
    labels = None if taxonomy is None else read_taxonomy(taxonomy)
    if out.resolve() in {path.resolve() for path in paths}:
        raise InputError("--out would replace a video. Name another file.")
    # Imported here, because decoding brings PyAV in and `segue --help` shall not wait for it.
    from orchestration.plain_files.outputs import outputs
    from orchestration.plain_files.prelabelling import draft_files, prepare

    drafter = prepare(model=model, features=features, taxonomy=labels, limits=read, stream=chosen)
    console, troubles = console_beside([out]), Console(stderr=True)

    def tell(outcome: Outcome) -> None:
        where = console if outcome.code is None else troubles
        where.print(Text(said(outcome)), soft_wrap=True)

    with ends_tidily(), outputs({"--out": out}, source=paths[0]) as files:
        n_without = draft_files(paths, drafter, files["--out"], tell)
    if n_without:
        raise typer.Exit(2)


def said(outcome: Outcome) -> str:
    """Tell a person what came of one file."""
    from orchestration.plain_files.wording import counted, printable

    if outcome.code is not None:
        return printable(f"{outcome.path}: no draft ({outcome.code}). {outcome.sentence}")
    segments, frames = counted(outcome.n_segments, "segment"), counted(outcome.n_frames, "frame")
    return printable(f"{outcome.path}: {segments} on {frames}.")
