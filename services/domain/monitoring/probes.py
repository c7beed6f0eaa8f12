"""Probes: one boundary of a draft moved on purpose, to see who looks.

Conventions
-----------
A probe must pass for a draft like any other. So it moves a boundary by exactly the policy's
shift, never one at the clip's edge; where two segments of a layer touch, their common
boundary moves as one; no new overlap arises, no gap where two touched, and what is left of a
segment is at least as long as the shift.

The lot comes from a hash of the seed: who plans a seat twice plants the same probe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from services.domain.canonical import unit_interval
from services.domain.errors import reading
from services.domain.segments import Segment
from services.domain.taxonomy import Side

_MOST_LOTS = 400  # a draft in which none of so many boundaries can move takes no probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A boundary of a draft that was moved on purpose.

    Parameters
    ----------
    layer, label : str
        The segment it belongs to.
    side : Side
        Which of its boundaries.
    frame, moved_to : int
        Where the draft had it, and where the person finds it.
    """

    layer: str
    label: str
    side: Side
    frame: int
    moved_to: int

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self) | {"side": str(self.side)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is missing, unknown or of the wrong form.
        """
        with reading("a probe", data):
            return cls(**{**data, "side": Side(data["side"])})


def plant_probe(
    segments: Sequence[Segment], seed: object, shift: int, n_frames: int
) -> tuple[tuple[Segment, ...], Probe | None]:
    """Move one boundary of a draft.

    Parameters
    ----------
    segments : sequence of Segment
        The draft.
    seed
        What it is drawn for (the assignment); its text seeds the lot.
    shift : int
        Frames to move it by, earlier or later.
    n_frames : int
        Length of the clip.

    Returns
    -------
    tuple of Segment
        The draft with one boundary moved, in canonical order.
    Probe or None
        What was moved; None, and the draft as it was, where no boundary can be moved
        without giving the probe away.
    """
    drawn = sorted(
        (unit_interval(seed, "probe", index, side, by), index, side, by)
        for index, segment in enumerate(segments)
        for side in Side
        for by in (-shift, shift)
        if 0 < getattr(segment, side) < n_frames
    )
    for _, index, side, by in drawn[:_MOST_LOTS]:
        moved = _move(segments, index, side, by)
        if moved and _passes(segments, moved, shift=shift, n_frames=n_frames):
            chosen = segments[index]
            frame = getattr(chosen, side)
            probe = Probe(
                layer=chosen.layer, label=chosen.label, side=side, frame=frame, moved_to=frame + by
            )
            whole = [moved.get(i, segment) for i, segment in enumerate(segments)]
            return tuple(sorted(whole, key=lambda segment: segment.order)), probe
    return tuple(segments), None


def noticed(
    probe: Probe, answer: Sequence[Segment], reference: Sequence[Segment] | None = None
) -> bool | None:
    """Tell whether a person undid a probe.

    Parameters
    ----------
    probe : Probe
        What was moved in the draft the person saw.
    answer : sequence of Segment
        What the person submitted.
    reference : sequence of Segment, optional
        Gold, or what was accepted for the clip. Says where the boundary truly is; without
        it the draft's own place counts as the truth.

    Returns
    -------
    bool or None
        Whether the answer's boundary stands nearer to the truth than to where it was moved;
        halfway is not noticed. None where nothing can be told: the reference has no such
        boundary within the shift of the draft's, or has it as near to the moved place, so
        that the probe happened to be right; or the answer has none within the shift of
        either.

    Notes
    -----
    The boundary is looked for on the probe's side and layer, first with its label and then
    with any, so that a person who corrects the label too is not taken for blind.
    """
    reach = abs(probe.moved_to - probe.frame)
    truth = probe.frame
    if reference is not None:
        true_frames = [f for f in _frames(probe, reference) if abs(f - probe.frame) <= reach]
        if not true_frames:
            return None
        truth = _nearest(true_frames, probe.frame)
        if abs(truth - probe.frame) >= abs(truth - probe.moved_to):
            return None
    found = [
        frame
        for frame in _frames(probe, answer)
        if min(abs(frame - truth), abs(frame - probe.moved_to)) <= reach
    ]
    if not found:
        return None
    if probe.moved_to in found:
        return False
    frame = _nearest(found, truth)
    return abs(frame - truth) < abs(frame - probe.moved_to)


def _move(segments: Sequence[Segment], index: int, side: Side, by: int) -> dict[int, Segment]:
    """Move a boundary, and with it those that touch it; empty where a segment would vanish."""
    chosen = segments[index]
    frame = getattr(chosen, side)
    opposite = Side.ONSET if side is Side.OFFSET else Side.OFFSET
    ends = [(index, side)] + [
        (i, opposite)
        for i, segment in enumerate(segments)
        if segment.layer == chosen.layer and getattr(segment, opposite) == frame
    ]
    moved = {}
    for i, end in ends:
        bounds = {Side.ONSET: segments[i].onset, Side.OFFSET: segments[i].offset, end: frame + by}
        if not 0 <= bounds[Side.ONSET] < bounds[Side.OFFSET]:
            return {}
        moved[i] = replace(segments[i], onset=bounds[Side.ONSET], offset=bounds[Side.OFFSET])
    return moved


def _passes(
    segments: Sequence[Segment], moved: Mapping[int, Segment], *, shift: int, n_frames: int
) -> bool:
    """Tell whether the moved draft looks like any other, by the rules of the module."""
    for i, segment in moved.items():
        if segment.offset > n_frames or segment.n_frames < shift:
            return False
        for j, other in enumerate(segments):
            now = moved.get(j, other)
            if i == j or other.layer != segment.layer:
                continue
            if segment.overlap(now) and not segments[i].overlap(other):
                return False
    return True


def _frames(probe: Probe, segments: Sequence[Segment]) -> list[int]:
    """List the boundaries that may be the probe's: with its label, else with any."""
    reach = 2 * abs(probe.moved_to - probe.frame)
    near = [
        (segment.label, getattr(segment, probe.side))
        for segment in segments
        if segment.layer == probe.layer and abs(getattr(segment, probe.side) - probe.frame) <= reach
    ]
    return [frame for label, frame in near if label == probe.label] or [f for _, f in near]


def _nearest(frames: Sequence[int], to: int) -> int:
    return min(frames, key=lambda frame: (abs(frame - to), frame))
