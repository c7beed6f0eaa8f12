"""The frame-wise partition of a clip, held as runs and never as frames.

Conventions
-----------
Every frame of ``[0, n_frames)`` has one class: the label of the segment that covers it, or
None (a class of its own) where there is none. Where segments overlap, the later one in the
list wins. A *run* is a longest stretch of one class, so two touching segments of one label
are one run. A *boundary* is a frame at which a run begins, frame 0 excepted: a clip's two
ends are forced and say nothing about anybody's judgement.

A clip costs what its segments cost, whatever its length in frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

from services.domain.segments import Segment

Row = tuple[int, int, str]
"""Onset, offset and label: what the measures need of a segment, cheap to sort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """The runs of a clip: where each begins, and its class.

    Parameters
    ----------
    onsets : list of int
        Ascending; the first is 0 unless the clip has no frames.
    classes : list of str or None
        One for each run; neighbours differ.
    n_frames : int
        Where the last run ends.
    """

    onsets: list[int]
    classes: list[str | None]
    n_frames: int

    @property
    def boundaries(self) -> list[int]:
        """Frames at which the class changes, ascending; the clip's ends are none."""
        return self.onsets[1:]


def rows_of(segments: Sequence[Segment]) -> list[Row]:
    """Return the segments' rows, in the order given."""
    return [(segment.onset, segment.offset, segment.label) for segment in segments]


def disjoint(rows: Sequence[Row]) -> list[Row]:
    """Return the rows in order of time, cut so that no frame is in two of them.

    A frame of several goes to the one that comes last in the list. A row that loses frames
    in its middle becomes two; touching rows stay apart, whatever their labels.
    """
    ordered = sorted(rows)
    if any(before[1] > after[0] for before, after in pairwise(ordered)):
        return _painted(rows)
    return ordered


def partition(rows: Sequence[Row], *, n_frames: int) -> Partition:
    """Divide a clip into runs.

    Parameters
    ----------
    rows : sequence of Row
        In list order: of two that overlap, the later wins.
    n_frames : int
        Length of the clip; no row reaches beyond it.
    """
    onsets: list[int] = []
    classes: list[str | None] = []
    at = 0
    last: str | None = None
    for onset, offset, label in disjoint(rows):
        if onset > at:
            onsets.append(at)
            classes.append(None)
            last = None
        if label != last:
            onsets.append(onset)
            classes.append(label)
            last = label
        at = offset
    if n_frames > at:
        onsets.append(at)
        classes.append(None)
    return Partition(onsets=onsets, classes=classes, n_frames=n_frames)


def _painted(rows: Sequence[Row]) -> list[Row]:
    arrivals = sorted(range(len(rows)), key=lambda index: rows[index][0], reverse=True)
    cuts = sorted({cut for onset, offset, _ in rows for cut in (onset, offset)})
    covering: list[int] = []  # a heap of negated places in the list: the last one is on top
    pieces: list[Row] = []
    owner = 1
    for onset, offset in pairwise(cuts):
        while arrivals and rows[arrivals[-1]][0] == onset:
            heappush(covering, -arrivals.pop())
        while covering and rows[-covering[0]][1] <= onset:
            heappop(covering)
        before, owner = owner, covering[0] if covering else 1
        if owner == before and pieces:
            pieces[-1] = (pieces[-1][0], offset, pieces[-1][2])
        elif covering:
            pieces.append((onset, offset, rows[-owner][2]))
    return pieces
