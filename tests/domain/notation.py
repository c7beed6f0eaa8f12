"""A short way to write opinions by hand: ``opinion("X 0-10, Y 10-20")``, half-open frames."""

from __future__ import annotations

from typing import Any

from services.domain.comparison.disputes import Comparison, Dispute
from services.domain.segments import DEFAULT_LAYER, Segment, Segmentation, SubmittedSegment
from services.domain.taxonomy import Taxonomy

N_FRAMES = 1000


def opinion(text: str, *, n_frames: int = N_FRAMES, layer: str = DEFAULT_LAYER) -> Segmentation:
    return Segmentation.of(_segments(text, layer), n_frames=n_frames)


def _segments(text: str, layer: str) -> list[Segment]:
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        label, frames = part.rsplit(maxsplit=1)
        onset, offset = map(int, frames.split("-"))
        place, _, name = label.rpartition("/")
        found.append(Segment(label=name, onset=onset, offset=offset, layer=place or layer))
    return found


def write(segment: Segment) -> str:
    return f"{segment.label} {segment.onset}-{segment.offset}"


def write_dispute(dispute: Dispute) -> str:
    a, b = (", ".join(map(write, side)) for side in (dispute.a, dispute.b))
    return f"{dispute.kind}: {a} | {b}"


def outcome(comparison: Comparison) -> tuple[list[str], list[str]]:
    """What was accepted and what is disputed, as text."""
    return (
        [write(agreed.segment) for agreed in comparison.agreed],
        [write_dispute(dispute) for dispute in comparison.disputes],
    )


def taxonomy(*, exclusive: bool = True, complete: bool = False, **labels: Any) -> Taxonomy:
    """One layer of X, Y and Z; a keyword gives a label more fields."""
    names: dict[str, dict[str, Any]] = {name: {} for name in "XYZ"} | labels
    return Taxonomy.parse(
        {
            "name": "test",
            "version": 1,
            "layers": [
                {
                    "exclusive": exclusive,
                    "complete": complete,
                    "labels": [{"name": name, **more} for name, more in names.items()],
                }
            ],
        }
    )


def submitted(text: str, *, layer: str = DEFAULT_LAYER) -> list[SubmittedSegment]:
    """Regions r1, r2, ... as a person left them; reversed and empty ones are allowed."""
    found = []
    for number, part in enumerate(filter(None, (p.strip() for p in text.split(","))), start=1):
        label, onset, offset = part.rsplit(maxsplit=2)
        found.append(
            SubmittedSegment(
                region_id=f"r{number}",
                layer=layer,
                label=label,
                onset=int(onset),
                offset=int(offset),
            )
        )
    return found
