"""All pairs of segments that may answer each other, and how each of them stands, as arrays.

Conventions
-----------
Where n segments lie over n others there are n times n candidates: one Python object for each
would take longer than to choose among them. The arrays are as narrow as their contents, since
there are as many entries as pairs: while the best of a crowd are chosen (``crowds``) some 200
bytes a pair are held, so a thousand segments over a thousand others take 200 MB. Nothing here
bounds how many segments may lie over each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.domain.comparison.tolerances import Tolerances
from services.domain.segments import Segment

Ints = NDArray[np.int64]
Places = NDArray[np.int32]
"""Where something stands among the segments of one opinion."""
Flags = NDArray[np.int8]
Bools = NDArray[np.bool_]


class Candidates(NamedTuple):
    """Eligible pairs, in order of rows and then columns; all arrays have one entry a pair.

    Parameters
    ----------
    rows, columns : array of int
        Indices into the two opinions.
    agrees, same_label, is_near : array of bool
        As in :class:`services.domain.comparison.relations.Relation`.
    n_outside, distance : array of int
        As there too.
    """

    rows: Places
    columns: Places
    agrees: Bools
    same_label: Bools
    is_near: Bools
    n_outside: Flags
    distance: Ints

    def only(self, wanted: Ints | Bools) -> Candidates:
        """Return some of the pairs."""
        return Candidates(
            rows=self.rows[wanted],
            columns=self.columns[wanted],
            agrees=self.agrees[wanted],
            same_label=self.same_label[wanted],
            is_near=self.is_near[wanted],
            n_outside=self.n_outside[wanted],
            distance=self.distance[wanted],
        )


def candidates(
    a: Sequence[Segment], b: Sequence[Segment], *, tolerances: Tolerances, window: int
) -> Candidates:
    """Find the eligible pairs of two opinions on one layer and relate each of them.

    Parameters
    ----------
    a, b : sequence of Segment
        Each in order of time.
    tolerances : Tolerances
        Which boundaries count as the same.
    window : int
        Pairing window in frames, for segments that share no frame.
    """
    onsets_a, offsets_a = _boundaries(a)
    onsets_b, offsets_b = _boundaries(b)
    rows, columns = _eligible((onsets_a, offsets_a), (onsets_b, offsets_b), window)
    kinds: dict[str, int] = {}
    kinds_a, kinds_b = (
        np.array([kinds.setdefault(segment.label, len(kinds)) for segment in side], dtype=np.int64)
        for side in (a, b)
    )
    frames = np.array(
        [[tolerances.of_labels(one, other) for other in kinds] for one in kinds], dtype=np.int64
    )
    allowed = frames[kinds_a[rows], kinds_b[columns]] if kinds else np.zeros((0, 2), dtype=np.int64)
    onset_within = tolerances.within_each(onsets_a[rows], onsets_b[columns], allowed[:, 0])
    offset_within = tolerances.within_each(offsets_a[rows], offsets_b[columns], allowed[:, 1])
    same_label = kinds_a[rows] == kinds_b[columns]
    is_near = same_label & _share(onsets_a[rows], offsets_a[rows], onsets_b, offsets_b, columns)
    return Candidates(
        rows=rows,
        columns=columns,
        agrees=is_near & onset_within & offset_within,
        same_label=same_label,
        is_near=is_near,
        n_outside=np.int8(2) - onset_within.astype(np.int8) - offset_within,
        distance=abs(onsets_b[columns] - onsets_a[rows])
        + abs(offsets_b[columns] - offsets_a[rows]),
    )


def _boundaries(segments: Sequence[Segment]) -> tuple[Ints, Ints]:
    return (
        np.array([segment.onset for segment in segments], dtype=np.int64),
        np.array([segment.offset for segment in segments], dtype=np.int64),
    )


def _share(
    onsets: Ints, offsets: Ints, other_onsets: Ints, other_offsets: Ints, others: Places
) -> Bools:
    """Whether each segment shares a frame with the other that is named for it."""
    return (onsets < other_offsets[others]) & (other_onsets[others] < offsets)


def _eligible(a: tuple[Ints, Ints], b: tuple[Ints, Ints], window: int) -> tuple[Places, Places]:
    """Return the eligible pairs; costs what it finds, but for onsets within one window.

    Of two segments that share a frame one begins while the other lasts: a look at what
    begins within each, from both sides, finds every such pair once.
    """
    (onsets_a, offsets_a), (onsets_b, offsets_b) = a, b
    rows, columns = _stretches(onsets_b.searchsorted(onsets_a), onsets_b.searchsorted(offsets_a))
    late_columns, late_rows = _stretches(
        onsets_a.searchsorted(onsets_b, side="right"), onsets_a.searchsorted(offsets_b)
    )
    near_rows, near_columns = _stretches(
        onsets_b.searchsorted(onsets_a - window),
        onsets_b.searchsorted(onsets_a + window, side="right"),
    )
    apart = (abs(offsets_a[near_rows] - offsets_b[near_columns]) <= window) & ~_share(
        onsets_a[near_rows], offsets_a[near_rows], onsets_b, offsets_b, near_columns
    )
    rows = np.concatenate([rows, late_rows, near_rows[apart]])
    columns = np.concatenate([columns, late_columns, near_columns[apart]])
    order = np.lexsort((columns, rows))
    return rows[order], columns[order]


def _stretches(first: Ints, last: Ints) -> tuple[Places, Places]:
    """Pair each index ``i`` with every number of ``first[i]..last[i] - 1``."""
    lengths = np.maximum(last - first, 0)
    numbers = np.repeat(np.arange(len(first), dtype=np.int32), lengths)
    before = np.cumsum(lengths) - lengths
    others = np.arange(len(numbers)) - np.repeat(before - first, lengths)
    return numbers, others.astype(np.int32)
