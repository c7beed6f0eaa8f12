"""JSON Lines: one clip a line, everything that is known of it.

Conventions
-----------
UTF-8, one canonical JSON object a line, frames 0-based and half-open. Each accepted segment
also carries ``onset_s`` and ``offset_s``, seconds after the clip's first frame rounded to
the nearest double, for readers that do not count frames; reading ignores them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from services.domain.canonical import canonical_json
from services.domain.errors import InputError, reading
from services.domain.formats.records import Exporter, Piece, ReleaseHead, ReleaseRecord

PATH: Final = "clips.jsonl"

_DERIVED = ("onset_s", "offset_s")


def write(head: ReleaseHead, records: Iterable[ReleaseRecord]) -> Iterator[Piece]:
    """Write one line a record; the file exists even when there is none."""
    yield PATH, b""
    for record in records:
        line = record.as_json() | {
            "project": head.project,
            "release": head.version,
            "taxonomy": head.taxonomy.name,
            "segments": [
                segment.as_json()
                | {
                    "onset_s": record.seconds(segment.onset),
                    "offset_s": record.seconds(segment.offset),
                }
                for segment in record.segments
            ],
        }
        yield PATH, canonical_json(line) + b"\n"


def read(lines: Iterable[bytes]) -> Iterator[ReleaseRecord]:
    """Read the records back, one a line.

    Raises
    ------
    InputError
        With the number of the line that is no record.
    """
    for number, line in enumerate(lines, start=1):
        try:
            with reading("a release record"):
                data = json.loads(line)
                own = data | {"segments": _without_derived(data["segments"])}
            record = ReleaseRecord.from_json(own)
        except InputError as error:
            raise InputError(f"Line {number}: {error}") from error
        yield record


def _without_derived(segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in segment.items() if key not in _DERIVED}
        for segment in segments
    ]


EXPORTER: Final = Exporter(
    name="jsonl",
    title="JSON Lines: one clip a line, with both opinions and all that is known",
    media_types={".jsonl": "application/jsonl"},
    write=write,
)
