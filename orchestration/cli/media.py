"""What the commands on media files share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.domain.errors import InputError

if TYPE_CHECKING:
    from services.domain.media_limits import MediaLimits, StreamChoice

Stream = Annotated[
    str,
    typer.Option(metavar="WHICH", help="Of several video streams: first, largest, or 0, 1, ..."),
]
Limits = Annotated[
    Path | None,
    typer.Option(
        metavar="L.yaml", help="What a file may be and cost; what it leaves out is as usual."
    ),
]


def read_stream(text: str) -> StreamChoice:
    """Read which video stream is meant; raises InputError."""
    names: dict[str, StreamChoice] = {"first": "first", "largest": "largest"}
    if text in names:
        return names[text]
    if text.isascii() and text.isdecimal() and len(text) < 5:
        return int(text)
    raise InputError(f'--stream: "{text}" is none. Say first, largest, or a number from 0.')


def read_limits(path: Path | None) -> MediaLimits:
    """Read a file of limits, or return the default ones; raises InputError."""
    from services.domain.media_limits import MediaLimits

    if path is None:
        return MediaLimits()
    from orchestration.project_file import read_document

    return read_document(path, MediaLimits)
