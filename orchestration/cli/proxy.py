"""`segue proxy`: the video people watch, and which frame of it is which of the source."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from orchestration.cli.media import Limits, Stream, read_limits, read_stream
from orchestration.cli.plain import console_beside, ends_tidily


class Lines(StrEnum):
    """Heights that a proxy may have."""

    LOW = "360"
    HIGH = "720"


def proxy(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A video, by any name.")],
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where NAME.proxy.mp4 and NAME.frames.json go.")
    ],
    height: Annotated[Lines, typer.Option(help="Lines at most.")] = Lines.LOW,
    stream: Stream = "first",
    limits: Limits = None,
) -> None:
    """Make a file's proxy, prove that it holds every frame once, and write its frame map.

    A repeat on the same bytes changes nothing. Exit status 2: the file is refused, or something
    else is there under these names; nothing was written.
    """
    from models.refusal import MediaRefusedError
    from orchestration.plain_files.media_proxy import write_proxy
    from orchestration.plain_files.wording import counted, printable

    console = console_beside(())
    with ends_tidily():
        try:
            written = write_proxy(
                path,
                out,
                height=360 if height is Lines.LOW else 720,
                limits=read_limits(limits),
                stream=read_stream(stream),
            )
        except MediaRefusedError as error:
            said = f"{path} is refused ({error.code}). {error.detail}"
            Console(stderr=True).print(Text(printable(said)), soft_wrap=True)
            raise typer.Exit(2) from error
    content = written.content
    size = f"{content['proxy']['width']}x{content['proxy']['height']}"
    frames = counted(content["n_frames"], "frame")
    done = "written" if written.made else "there already, of the same bytes"
    said = f"{written.proxy}: {frames} at {content['proxy']['rate']}, {size}; {done}."
    console.print(Text(printable(said)), soft_wrap=True)
    console.print(Text(printable(f"{written.frame_map}: which frame is which.")), soft_wrap=True)
