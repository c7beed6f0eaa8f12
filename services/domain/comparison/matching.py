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
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from services.domain.comparison.alignment import Group, align
from services.domain.comparison.candidates import Candidates, Flags, Ints, candidates
from services.domain.comparison.crowds import best_pairs
from services.domain.comparison.pairing import Edge, heaviest_assignment
from services.domain.comparison.tolerances import Tolerances
from services.domain.segments import Segment

_CROWD: Final = 400
_CROWDED: Final = 1.2
"""Candidates, in all and per segment, from which on a crowd is matched by compiled code."""


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
    in frames. Which of several that are equal in all this is chosen depends on the contents
    alone.

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
    found = candidates(a, b, tolerances=tolerances, window=window)
    pairs: list[tuple[int, int]] = []
    is_left = np.ones(len(found.rows), dtype=np.bool_)
    for crowd in _crowds(found, n_rows=len(a), n_columns=len(b)):
        those = found.only(crowd)
        chosen = best_pairs(those.rows, those.columns, _ranks(those))
        if chosen is not None:
            pairs += chosen
            is_left[crowd] = False
    pairs += heaviest_assignment(_edges(found.only(is_left), a, b), n_columns=len(b))
    return [((row,), (column,)) for row, column in sorted(pairs)]


def _crowds(found: Candidates, *, n_rows: int, n_columns: int) -> Iterator[Ints]:
    """Yield the places of the candidates of each set of segments that nearly all meet.

    The search one by one is faster where segments have few candidates, and slower by far than
    compiled code where everything lies over everything.
    """
    if len(found.rows) < _CROWD:
        return
    size = n_rows + n_columns
    matrix = coo_array(
        (np.ones(len(found.rows), dtype=np.int8), (found.rows, n_rows + found.columns)),
        shape=(size, size),
    )
    _, names = connected_components(matrix, directed=False)
    n_segments = np.bincount(names)
    n_candidates = np.bincount(names[found.rows], minlength=len(n_segments))
    order = np.argsort(names[found.rows], kind="stable")
    last = np.cumsum(n_candidates)
    least = np.maximum(_CROWDED * n_segments, _CROWD)
    for crowd in np.flatnonzero(n_candidates >= least).tolist():
        yield order[last[crowd] - n_candidates[crowd] : last[crowd]]


def _ranks(found: Candidates) -> tuple[Ints | Flags, ...]:
    """Return the ranks of the notes, the first being the most important; less is better."""
    return (
        -found.agrees.astype(np.int8),
        -found.same_label.astype(np.int8),
        -found.is_near.astype(np.int8),
        np.full(len(found.rows), -1, dtype=np.int8),
        found.n_outside,
        found.distance,
    )


def _edges(found: Candidates, a: Sequence[Segment], b: Sequence[Segment]) -> Iterator[Edge]:
    """Weigh the candidates: the ranks of the notes, as one integer each."""
    most = min(len(a), len(b)) + 1
    farthest = most * int(found.distance.max(initial=0)) + 1
    ranks = (rank.tolist() for rank in _ranks(found))
    for row, column, agrees, same, near, pair, outside, distance in zip(
        found.rows.tolist(), found.columns.tolist(), *ranks, strict=True
    ):
        cost = ((agrees * most + same) * most + near) * most + pair
        yield row, column, -((cost * 2 * most + outside) * farthest + distance)
