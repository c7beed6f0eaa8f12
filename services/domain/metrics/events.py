"""Which whole segments of one opinion answer which of the other, at many tolerances at once.

Conventions
-----------
Two segments answer each other when both their ends lie within the tolerance, inclusive; with
labels, when the labels are equal too. Nothing else is asked: not that they share a frame (the
comparison that opens disputes does ask it). Matching is one to one and maximum.

Segments whose onsets are further apart than the largest tolerance cannot answer each other,
so they fall into clusters, most of them a single pair. Where neither opinion has a segment
inside another, a larger cluster is solved by one sweep; where one has, by ``nested``.

References
----------
Mesaros, Heittola and Virtanen, "Metrics for polyphonic sound event detection", Applied
Sciences 6(6), 2016: event-based counts, here without the rule that widens the collar at the
offset of a long event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from services.domain.metrics.boundaries import Frames
from services.domain.metrics.nested import Side, match_nested_at
from services.domain.metrics.partition import Row

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """One opinion's segments as arrays, in order of onset, then offset.

    Parameters
    ----------
    ends : array of int, shape (n, 2)
        Onset and offset.
    labels : array of int, shape (n,)
        Codes that stand for the same labels in both opinions.
    """

    ends: Frames
    labels: Frames

    def in_lanes(self, width: int) -> Frames:
        """Return the ends with each label moved to a stretch of its own, ``width`` long."""
        moved: Frames = self.ends + (self.labels * width)[:, None]
        ordered: Frames = moved[moved[:, 0].argsort(kind="stable")]
        return ordered


def as_spans(a: Sequence[Row], b: Sequence[Row]) -> tuple[Spans, Spans]:
    """Return two opinions' segments as arrays."""
    codes: dict[str, int] = {}
    spans = []
    for rows in (a, b):
        table = np.array(
            [
                (onset, offset, codes.setdefault(label, len(codes)))
                for onset, offset, label in sorted(rows)
            ],
            dtype=np.int64,
        ).reshape(-1, 3)
        spans.append(Spans(ends=table[:, :2], labels=table[:, 2]))
    return spans[0], spans[1]


def match_events_at(a: Frames, b: Frames, *, tolerances: Sequence[int]) -> tuple[int, ...]:
    """Count a maximum matching of two sets of segments at each tolerance.

    Parameters
    ----------
    a, b : array of int, shapes (n, 2) and (m, 2)
        Onset and offset, in order of onset, then offset.
    tolerances : sequence of int
        Inclusive, in frames, not negative; at least one.
    """
    reach = max(tolerances)
    both = np.concatenate((a, b))
    order = both[:, 0].argsort(kind="stable")
    at = both[order]
    of_b = order >= len(a)
    onsets = at[:, 0]
    starts = np.concatenate(([0], np.flatnonzero(onsets[1:] - onsets[:-1] > reach) + 1, [len(at)]))
    sizes = starts[1:] - starts[:-1]
    first = starts[:-1][sizes == 2]
    first = first[of_b[first] != of_b[first + 1]]
    distances = np.abs(at[first + 1] - at[first]).max(axis=1)
    distances.sort()
    counts = distances.searchsorted(tolerances, side="right").tolist()
    crowded = np.flatnonzero(sizes > 2)
    if len(crowded):
        spans, sides, cuts = at.tolist(), of_b.tolist(), starts.tolist()
        tangled: list[tuple[int, int]] = []
        for cluster in crowded.tolist():
            start, stop = cuts[cluster], cuts[cluster + 1]
            members = list(zip(spans[start:stop], sides[start:stop], strict=True))
            one = [(onset, offset) for (onset, offset), is_b in members if not is_b]
            other = [(onset, offset) for (onset, offset), is_b in members if is_b]
            if not (one and other):
                continue
            if _is_in_order(one) and _is_in_order(other):
                for place, tolerance in enumerate(tolerances):
                    counts[place] += _n_in_order(one, other, tolerance)
            else:
                tangled.append((start, stop))
        if tangled:
            nested = match_nested_at(*_sides(at, of_b, tangled), tolerances=tolerances)
            counts = [sum(both) for both in zip(counts, nested, strict=True)]
    return tuple(counts)


def _sides(
    at: Frames, of_b: npt.NDArray[np.bool_], stretches: list[tuple[int, int]]
) -> tuple[Side, Side]:
    """Return the segments of some clusters, apart for each opinion."""
    places = np.concatenate([np.arange(start, stop) for start, stop in stretches])
    sizes = [stop - start for start, stop in stretches]
    clusters = np.arange(len(stretches)).repeat(sizes)
    is_b = of_b[places]
    one, other = (Side(ends=at[places[own]], clusters=clusters[own]) for own in (~is_b, is_b))
    return one, other


def _is_in_order(spans: list[Span]) -> bool:
    """Whether no span lies strictly inside another: then both ends ascend together."""
    return all(before[1] <= after[1] for before, after in pairwise(spans))


def _n_in_order(a: list[Span], b: list[Span], tolerance: int) -> int:
    """Count a maximum matching where both ends ascend in both lists.

    What a span can answer is then a stretch of the other list, and the stretches move
    forward together, so pairing the first two that answer each other never costs a pair.
    """
    matched = i = j = 0
    n, m = len(a), len(b)
    while i < n and j < m:
        onset, offset = b[j][0] - a[i][0], b[j][1] - a[i][1]
        if onset < -tolerance or offset < -tolerance:
            j += 1
        elif onset > tolerance or offset > tolerance:
            i += 1
        else:
            matched += 1
            i += 1
            j += 1
    return matched
