"""What `segue probe` says of media files: JSON Lines for programs, a table for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from orchestration.plain_files.media_batch import Seen, examine_all
from orchestration.plain_files.media_duplicates import Duplicate, duplicates_among
from orchestration.plain_files.wording import counted, printable
from services.domain.errors import StorageError
from services.domain.media_limits import MediaLimits, StreamChoice

FACTS: Final = (
    "rate", "vfr", "first_pts_s", "duration_s", "width", "height", "sar", "rotation", "codec",
    "pix_fmt", "interlaced", "container", "n_video_streams", "has_audio", "timestamps",
)  # fmt: skip
_STYLES: Final = {"accepted": "green", "refused": "bold red", "failed": "yellow"}


def probe_files(
    paths: Sequence[Path],
    *,
    limits: MediaLimits,
    stream: StreamChoice,
    jobs: int,
    as_json: bool,
    console: Console,
) -> bool:
    """Examine files and report on them, in the order given; say whether all were accepted.

    Raises
    ------
    StorageError
        If standard output is wanted and cannot be written.
    """
    waiting = Console(stderr=True)
    progress = Progress(
        TextColumn("decoding"),
        BarColumn(),
        MofNCompleteColumn(),
        console=waiting,
        transient=True,
        disable=not waiting.is_terminal,
    )
    with progress:
        bar = progress.add_task("decoding", total=len(paths))
        seen = examine_all(
            paths,
            limits=limits,
            stream=stream,
            jobs=jobs,
            tell=lambda: progress.advance(bar),
        )
    duplicates = duplicates_among(seen)
    if as_json:
        _write_lines(record_of(one, same) for one, same in zip(seen, duplicates, strict=True))
    else:
        console.print(_table(seen, duplicates))
        console.print(Text(_summary(seen)), soft_wrap=True)
    return all(one.verdict == "accepted" for one in seen)


def record_of(seen: Seen, duplicates: Sequence[Duplicate]) -> dict[str, Any]:
    """Return a file's record; what is not known of a refused one is null."""
    examined = seen.examined
    facts = examined.probe.as_json() if examined else {}
    return {
        "file": str(seen.path),
        "verdict": seen.verdict,
        "code": seen.code,
        "sentence": seen.sentence,
        "n_frames": seen.n_frames,
        **{name: facts.get(name) for name in FACTS},
        "sha256": examined.source_sha256 if examined else None,
        "duplicates": [duplicate.as_json() for duplicate in duplicates],
        "warnings": facts.get("warnings", []),
    }


def _write_lines(records: Iterator[dict[str, Any]]) -> None:
    try:
        for record in records:
            # ASCII: a name that is no UTF-8 has characters which cannot be written.
            sys.stdout.write(json.dumps(record, allow_nan=False) + "\n")
        sys.stdout.flush()
    except OSError as error:
        raise StorageError(f"Standard output cannot be written: {error.strerror}.") from error


def _table(seen: Sequence[Seen], duplicates: Sequence[Sequence[Duplicate]]) -> Table:
    table = Table(box=None)
    table.add_column("file", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("frames", justify="right", no_wrap=True)
    for heading in ("rate", "picture", "codec"):
        table.add_column(heading, no_wrap=True)
    table.add_column("remarks", overflow="fold", ratio=1)
    for one, same in zip(seen, duplicates, strict=True):
        probe = one.examined.probe if one.examined else None
        table.add_row(
            Text(printable(str(one.path))),
            Text(one.verdict, style=_STYLES[one.verdict]),
            "" if one.n_frames is None else f"{one.n_frames:,}",
            f"{probe.rate}{' vfr' if probe.vfr else ''}" if probe else "",
            f"{probe.width}x{probe.height}" if probe else "",
            probe.codec if probe else "",
            Text(printable(" ".join(_remarks(one, same)))),
        )
    return table


def _remarks(seen: Seen, duplicates: Sequence[Duplicate]) -> Iterator[str]:
    if seen.sentence:
        yield f"{seen.code}: {seen.sentence}"
    for duplicate in duplicates:
        alike = duplicate.likeness
        if alike is None:
            yield f"The same file as {duplicate.file}."
        else:
            shift = float(alike.shift_s)
            when = f", which begins {abs(shift):g} s {'later' if shift > 0 else 'earlier'}"
            yield f"Shows the same as {duplicate.file}{when if shift else ''}."
    yield from seen.examined.probe.warnings if seen.examined else ()


def _summary(seen: Sequence[Seen]) -> str:
    counts = {verdict: sum(one.verdict == verdict for one in seen) for verdict in _STYLES}
    named = ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n)
    return f"{counted(len(seen), 'file')}: {named}."
