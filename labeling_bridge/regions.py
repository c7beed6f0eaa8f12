"""Segments as Label Studio's timeline regions, and the names both sides agree on.

How Label Studio numbers frames is said in services/domain/frame_numbers.py.

One control holds the labels of all layers: Label Studio's video draws new regions with the
labels of the first timeline control alone, so a second one could be seen but not used. The
layer of a region follows from its label, which a taxonomy has in one layer only.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from services.domain.canonical import content_hash
from services.domain.frame_numbers import shown_range
from services.domain.segments import Segment

Region = dict[str, Any]

VIDEO: Final = "video"
SEGMENTS: Final = "segments"
VERDICT: Final = "verdict"
NOTE: Final = "note"
REGION_TYPE: Final = "timelinelabels"


class Opinion(StrEnum):
    """One of the two opinions an arbiter sees; which person is behind it is nowhere said."""

    X = "x"
    Y = "y"

    @property
    def control(self) -> str:
        """Name of the control that holds the opinion's regions."""
        return f"opinion_{self}"

    def shown(self, label: str) -> str:
        """Return a label as it is written on the opinion's regions."""
        return f"{self.upper()} · {label}"


def render(segments: Iterable[Segment], *, prefix: str = "s") -> list[Region]:
    """Write segments as regions a person can edit, with ids unique under the prefix."""
    return [
        _region(f"{prefix}{number}", SEGMENTS, segment.label, segment)
        for number, segment in enumerate(segments, start=1)
    ]


def render_opinion(segments: Iterable[Segment], opinion: Opinion) -> list[Region]:
    """Write an opinion as locked regions whose ids tell whether anybody touched them."""
    regions: list[Region] = []
    seen: dict[str, int] = {}
    for segment in segments:
        region = _region("", opinion.control, opinion.shown(segment.label), segment)
        mark = opinion_mark(opinion, region["value"])
        seen[mark] = seen.get(mark, 0) + 1
        regions.append({**region, "id": f"{mark}-{seen[mark]}", "readonly": True})
    return regions


def opinion_mark(opinion: Opinion, value: object) -> str:
    """Return what the id of an opinion's untouched region begins with."""
    return f"{opinion}-{content_hash(value)[:16]}"


def _region(region_id: str, control: str, label: str, segment: Segment) -> Region:
    start, end = shown_range(segment.onset, segment.offset)
    region: Region = {
        "id": region_id,
        "type": REGION_TYPE,
        "from_name": control,
        "to_name": VIDEO,
        "value": {"ranges": [{"start": start, "end": end}], REGION_TYPE: [label]},
    }
    if segment.score is not None:
        region["score"] = segment.score
    return region
