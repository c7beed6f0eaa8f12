"""How the demo's people see a clip: the hidden timeline, with human faults put in on purpose.

Every clip plays one of three parts, dealt out in turn over the readable clips: people agree,
people disagree, or one of them is careless first and corrects herself when the task comes back.
"""

from __future__ import annotations

from enum import StrEnum

from orchestration.demo.truth import LABELS, Span
from services.domain.canonical import unit_interval

FAR = 9
"""Frames by which a disagreeing person is late; the tolerance is 3."""


class Part(StrEnum):
    """What happens to a clip in the demo."""

    AGREE = "agree"
    DISAGREE = "disagree"
    CARELESS = "careless"


def deal_parts(names: list[str]) -> dict[str, Part]:
    """Deal the parts out in turn, in name order."""
    parts = list(Part)
    return {name: parts[index % len(parts)] for index, name in enumerate(sorted(names))}


def opinion(person: str, name: str, truth: list[Span], *, part: Part, late: bool) -> list[Span]:
    """Return what a person marks.

    Parameters
    ----------
    person, name : str
        Seed the person's jitter of at most one frame, so two people differ by at most two.
    part : Part
        Whether people agree on this clip.
    late : bool
        Whether this is the person who disagrees, when somebody does.
    """
    spans = _jittered(person, name, truth)
    if part is Part.DISAGREE and late:
        spans = _disagreeing(spans)
    return spans


def careless(spans: list[Span]) -> list[Span]:
    """Make a first answer that tier 1 must send back: one segment drawn over its neighbour."""
    if len(spans) == 1:
        return [spans[0], spans[0]]
    (label, onset, offset), (_, _, next_offset) = spans[0], spans[1]
    return [(label, onset, min(offset + 5, next_offset)), *spans[1:]]


def _jittered(person: str, name: str, truth: list[Span]) -> list[Span]:
    """Move each inner boundary by -1, 0 or 1 frame; neighbours keep sharing theirs."""
    first, last = truth[0][1], truth[-1][2]
    # A span too short to lose a frame at both ends keeps its boundaries.
    fixed = {first, last} | {
        frame for _, onset, offset in truth if offset - onset < 4 for frame in (onset, offset)
    }

    def moved(frame: int) -> int:
        return frame if frame in fixed else frame + int(unit_interval(person, name, frame) * 3) - 1

    return [(label, moved(onset), moved(offset)) for label, onset, offset in truth]


def _disagreeing(spans: list[Span]) -> list[Span]:
    """Be late on the first inner boundary where there is room; else name another label."""
    if len(spans) > 1 and spans[1][2] - spans[1][1] > FAR:
        (label, onset, offset), (label_2, onset_2, offset_2) = spans[0], spans[1]
        return [(label, onset, offset + FAR), (label_2, onset_2 + FAR, offset_2), *spans[2:]]
    label, onset, offset = spans[0]
    other = LABELS[(LABELS.index(label) + 1) % len(LABELS)]
    return [(other, onset, offset), *spans[1:]]
