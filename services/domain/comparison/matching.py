"""Which segments of one opinion answer which of the other, and which boundaries do.

Conventions
-----------
Matching is optimal, never greedy, and does not depend on the order in which segments or
opinions are given: swapping the opinions mirrors the result.

Two segments are *eligible* for each other when they share a frame, or when both of their
boundaries lie within the pairing window. Temporal IoU is no gate: a pure shift of 3 frames
leaves an IoU of 0.14 to a segment of 4 frames and 0.98 to one of 300.

Timelines that hold one label at a time are aligned in order (``alignment``),
which also finds splits and merges. Where labels may overlap, segments are assigned one to
one: which of several segments that overlap are pieces of one cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from services.domain.comparison.alignment import Group, align
from services.domain.comparison.pairing import Edge, heaviest_assignment
from services.domain.comparison.relations import relate
from services.domain.comparison.tolerances import Tolerances
from services.domain.segments import Segment


def match_segments(
    a: Sequence[Segment],
    b: Sequence[Segment],
    *,
    tolerances: Tolerances,
    window: int,
    exclusive: bool,
) -> list[Group]:
    """Group the segments of two opinions on one layer that answer each other, optimally.

    Parameters
    ----------
    a, b : sequence of Segment
        One layer's segments of each opinion, in any order.
    tolerances : Tolerances
        Which boundaries count as the same.
    window : int
        Pairing window in frames, for segments that share no frame.
    exclusive : bool
        Whether the layer holds one label at a time; see :func:`keeps_order`.

    Returns
    -------
    list of Group
        Indices into ``a`` and ``b``, in order of time. What is in no group has no answer.

    Notes
    -----
    In order, what is optimal is said in ``alignment``. Where labels may
    overlap it is, in this order: most pairs that agree; most pairs of one label; most of
    those that share a frame; most pairs; fewest boundaries outside tolerance; least distance
    in frames; earliest.

    Agreement comes first so that a wider tolerance can never lower the number of agreed
    segments, and so that no chain of forced pairs tears apart two that agree.
    """
    order_a, order_b = _order(a), _order(b)
    rows, columns = [a[i] for i in order_a], [b[j] for j in order_b]
    is_mirrored = _comes_first(columns, rows)  # one canonical side, so that swapping mirrors
    if is_mirrored:
        rows, columns = columns, rows
    if exclusive and keeps_order(rows) and keeps_order(columns):
        groups = align(rows, columns, tolerances=tolerances, window=window)
    else:
        groups = _assign(rows, columns, tolerances=tolerances, window=window)
    if is_mirrored:
        groups = [(mine, theirs) for theirs, mine in groups]
    if order_a == [*range(len(a))] and order_b == [*range(len(b))]:
        return groups
    return [
        (tuple(order_a[i] for i in mine), tuple(order_b[j] for j in theirs))
        for mine, theirs in groups
    ]


def keeps_order(segments: Sequence[Segment]) -> bool:
    """Whether segments, given in order of time, are disjoint.

    An opinion that breaks its layer's rule is compared as one that may overlap.
    """
    return all(before.offset <= after.onset for before, after in pairwise(segments))


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


def _content(segment: Segment) -> tuple[int, int, str]:
    return segment.onset, segment.offset, segment.label


def _order(segments: Sequence[Segment]) -> list[int]:
    contents = [_content(segment) for segment in segments]
    return sorted(range(len(segments)), key=contents.__getitem__)


def _comes_first(one: Sequence[Segment], other: Sequence[Segment]) -> bool:
    """Whether one opinion stands before the other in an order that knows contents only."""
    for mine, theirs in zip(one, other, strict=False):
        if _content(mine) != _content(theirs):
            return _content(mine) < _content(theirs)
    return len(one) < len(other)


def _assign(
    a: Sequence[Segment], b: Sequence[Segment], *, tolerances: Tolerances, window: int
) -> list[Group]:
    edges = _edges(a, b, tolerances=tolerances, window=window)
    pairs = heaviest_assignment(edges, n_columns=len(b))
    return [((row,), (column,)) for row, column in pairs]


def _edges(
    a: Sequence[Segment], b: Sequence[Segment], *, tolerances: Tolerances, window: int
) -> list[Edge]:
    """Weigh all eligible pairs: the lexicographic order of the notes, as one integer each."""
    related = [
        (i, j, relate(a[i], b[j], tolerances=tolerances)) for i, j in _eligible(a, b, window)
    ]
    most = min(len(a), len(b)) + 1
    farthest = most * max((relation.distance for *_, relation in related), default=0) + 1
    edges = []
    for i, j, relation in related:
        weight = 0
        for rank in (relation.agrees, relation.same_label, relation.is_near, 1):
            weight = weight * most + rank
        weight = weight * 2 * most - relation.n_outside
        edges.append((i, j, weight * farthest - relation.distance))
    return edges


def _eligible(a: Sequence[Segment], b: Sequence[Segment], window: int) -> Iterator[tuple[int, int]]:
    """Sweep over time and yield the eligible pairs; costs what it yields, not n times n."""
    arrivals = sorted(
        [(segment.onset, 0, i, segment) for i, segment in enumerate(a)]
        + [(segment.onset, 1, j, segment) for j, segment in enumerate(b)],
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
