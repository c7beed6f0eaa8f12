"""Which segment of one opinion answers which segment of the other, and which boundaries do.

Conventions
-----------
Frames are integers and tolerances inclusive: with a tolerance of 3, 3 passes and 4 does not.
Matching is one to one and optimal, never greedy, and does not depend on the order in which
segments or opinions are given: swapping the opinions mirrors the result.

Two segments are *eligible* for each other when they share a frame, or when both of their
boundaries lie within the pairing window. Temporal IoU is no gate: a pure shift of 3 frames
leaves an IoU of 0.14 to a segment of 4 frames and 0.98 to one of 300.

Two segments *agree* when they carry the same label, both boundaries lie within the label's
tolerance, and they share a frame. Without the last rule two flashes of one frame each, two
frames apart, would count as one event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.domain.pairing import Edge, heaviest_assignment, heaviest_chain
from services.domain.segments import Segment

Tolerance = tuple[int, int]
"""Inclusive frames at the onset and at the offset."""

_Row = tuple[int, Segment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How two segments stand to each other.

    Parameters
    ----------
    onset_delta, offset_delta : int
        Frames by which the second comes later than the first.
    same_label, shares_frame : bool
        Whether the labels are equal, and whether any frame is in both.
    onset_within, offset_within : bool
        Whether each boundary lies within tolerance. For two labels with different
        tolerances the larger one counts.
    """

    onset_delta: int
    offset_delta: int
    same_label: bool
    shares_frame: bool
    onset_within: bool
    offset_within: bool

    @property
    def agrees(self) -> bool:
        """Whether the two are one segment, by the rule in the module's docstring."""
        return self.same_label and self.shares_frame and self.onset_within and self.offset_within

    @property
    def n_outside(self) -> int:
        """Number of boundaries outside tolerance: 0, 1 or 2."""
        return 2 - self.onset_within - self.offset_within

    @property
    def distance(self) -> int:
        """Frames that the two boundaries are apart, added up."""
        return abs(self.onset_delta) + abs(self.offset_delta)


def relate(a: Segment, b: Segment, *, tolerance: Callable[[str], Tolerance]) -> Relation:
    """Compare two segments boundary by boundary.

    Parameters
    ----------
    a, b : Segment
        Segments of one layer.
    tolerance : callable
        Gives a label's inclusive tolerances in frames.
    """
    onset_tolerance, offset_tolerance = tolerance(a.label)
    if a.label != b.label:
        other_onset, other_offset = tolerance(b.label)
        onset_tolerance = max(onset_tolerance, other_onset)
        offset_tolerance = max(offset_tolerance, other_offset)
    onset_delta, offset_delta = b.onset - a.onset, b.offset - a.offset
    return Relation(
        onset_delta=onset_delta,
        offset_delta=offset_delta,
        same_label=a.label == b.label,
        shares_frame=a.overlap(b) > 0,
        onset_within=abs(onset_delta) <= onset_tolerance,
        offset_within=abs(offset_delta) <= offset_tolerance,
    )


def match_segments(
    a: Sequence[Segment],
    b: Sequence[Segment],
    *,
    tolerance: Callable[[str], Tolerance],
    window: int,
    exclusive: bool,
) -> tuple[tuple[int, int], ...]:
    """Pair the segments of two opinions on one layer, one to one and optimally.

    Parameters
    ----------
    a, b : sequence of Segment
        One layer's segments of each opinion, in any order.
    tolerance : callable
        Gives a label's inclusive tolerances in frames.
    window : int
        Pairing window in frames, for segments that share no frame.
    exclusive : bool
        Whether the layer holds one label at a time. Pairs then keep their order in time.
        Where an opinion breaks the rule, the layer is treated as one that may overlap.

    Returns
    -------
    tuple of (int, int)
        Indices into ``a`` and ``b``, in order of time.

    Notes
    -----
    What is optimal, in this order: most pairs that agree; most pairs of one label that share
    a frame; most pairs; most pairs of one label; fewest boundaries outside tolerance; least
    distance in frames; earliest. Where labels may overlap, one label's segments are looked
    for first: the number of pairs of one label moves up to second place.

    Agreement comes first so that a wider tolerance can never lower the number of agreed
    segments, and so that no chain of forced pairs tears apart two that agree.
    """
    ordered_a, ordered_b = _ordered(a), _ordered(b)
    if _content(ordered_b) < _content(ordered_a):  # one canonical side, so that swapping mirrors
        mirrored = match_segments(b, a, tolerance=tolerance, window=window, exclusive=exclusive)
        return tuple((i, j) for j, i in mirrored)
    keeps_order = exclusive and _is_disjoint(ordered_a) and _is_disjoint(ordered_b)
    edges = _edges(
        ordered_a, ordered_b, tolerance=tolerance, window=window, label_first=not keeps_order
    )
    solve = heaviest_chain if keeps_order else heaviest_assignment
    chosen = solve(edges, n_columns=len(ordered_b))
    return tuple((ordered_a[i][0], ordered_b[j][0]) for i, j in chosen)


def match_boundaries(
    a: Sequence[int], b: Sequence[int], *, tolerance: int
) -> tuple[tuple[int, int], ...]:
    """Pair as many boundaries as possible, one to one, within an inclusive tolerance.

    Parameters
    ----------
    a, b : sequence of int
        Frames of boundaries, ascending. Equal frames count as often as they are given.
    tolerance : int
        Inclusive, in frames.

    Returns
    -------
    tuple of (int, int)
        Indices into ``a`` and ``b``, ascending.

    Notes
    -----
    One tolerance for all makes reach move with position, so pairing the two lowest that
    reach each other never costs a pair later: one pass finds the maximum.
    """
    pairs = []
    i = j = 0
    while i < len(a) and j < len(b):
        if abs(a[i] - b[j]) <= tolerance:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return tuple(pairs)


def _ordered(segments: Sequence[Segment]) -> list[_Row]:
    return sorted(
        enumerate(segments), key=lambda row: (row[1].onset, row[1].offset, row[1].label, row[0])
    )


def _content(rows: list[_Row]) -> list[tuple[int, int, str]]:
    return [(segment.onset, segment.offset, segment.label) for _, segment in rows]


def _is_disjoint(rows: list[_Row]) -> bool:
    return all(before.offset <= after.onset for (_, before), (_, after) in pairwise(rows))


def _edges(
    a: list[_Row],
    b: list[_Row],
    *,
    tolerance: Callable[[str], Tolerance],
    window: int,
    label_first: bool,
) -> list[Edge]:
    """Weigh all eligible pairs: the lexicographic order of the notes, as one integer each."""
    related = [
        (i, j, relate(a[i][1], b[j][1], tolerance=tolerance)) for i, j in _eligible(a, b, window)
    ]
    most = min(len(a), len(b)) + 1
    farthest = most * max((relation.distance for *_, relation in related), default=0) + 1
    edges = []
    for i, j, relation in related:
        same, near = relation.same_label, relation.same_label and relation.shares_frame
        ranks = (
            (relation.agrees, same, near, 1) if label_first else (relation.agrees, near, 1, same)
        )
        weight = 0
        for rank in ranks:
            weight = weight * most + rank
        weight = weight * 2 * most - relation.n_outside
        edges.append((i, j, weight * farthest - relation.distance))
    return edges


def _eligible(a: list[_Row], b: list[_Row], window: int) -> Iterator[tuple[int, int]]:
    """Sweep over time and yield the eligible pairs; costs what it yields, not n times n."""
    arrivals = sorted(
        [(segment.onset, 0, i, segment) for i, (_, segment) in enumerate(a)]
        + [(segment.onset, 1, j, segment) for j, (_, segment) in enumerate(b)],
        key=lambda arrival: arrival[:3],
    )
    present: tuple[list[tuple[int, Segment]], ...] = ([], [])
    for onset, side, index, segment in arrivals:
        others = present[1 - side]
        # Who ended more than the window ago can never be eligible again.
        others[:] = [other for other in others if other[1].offset + window >= onset]
        for other_index, other in others:
            if other.offset > onset or (
                onset - other.onset <= window and abs(segment.offset - other.offset) <= window
            ):
                yield (other_index, index) if side else (index, other_index)
        present[side].append((index, segment))
