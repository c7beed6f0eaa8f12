"""How many segments can answer each other where some lie inside others.

Conventions are those of ``services.domain.metrics.events``. Neither sweep nor order helps
here: what a segment can answer is any subset of the other opinion. Hopcroft and Karp's
matching is SciPy's; it is compiled and takes four bytes a pair, and the pairs are found in
stretches, so that none but those within the tolerance are ever held.

Tolerances go upwards, and a cluster of which the smaller side is wholly matched is left out
of all larger ones: the pairs that only a wide tolerance admits are seldom looked at.

References
----------
Hopcroft and Karp, "An n^5/2 algorithm for maximum matchings in bipartite graphs", SIAM
Journal on Computing 2(4), 1973.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.domain.metrics.boundaries import Frames

STRETCH = 1 << 18
"""Pairs that are looked at together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One opinion's segments that lie in tangled clusters.

    Parameters
    ----------
    ends : array of int, shape (n, 2)
        Onset and offset, in order of onset.
    clusters : array of int, shape (n,)
        Which cluster each lies in, from 0; ascending.
    """

    ends: Frames
    clusters: Frames

    def without(self, done: Frames) -> Side:
        """Leave out the clusters for which ``done`` is true."""
        kept = ~done[self.clusters]
        return Side(ends=self.ends[kept], clusters=self.clusters[kept])


def match_nested_at(a: Side, b: Side, *, tolerances: Sequence[int]) -> list[int]:
    """Count a maximum matching at each tolerance; every cluster has segments of both sides."""
    limits = np.minimum(np.bincount(a.clusters), np.bincount(b.clusters))
    n_done = 0
    counts = {}
    for tolerance in sorted(set(tolerances)):
        counts[tolerance] = n_done
        if not len(a.ends):
            continue
        found = np.bincount(a.clusters[_matched(a, b, tolerance)], minlength=len(limits))
        counts[tolerance] += int(found.sum())
        done = found == limits
        n_done += int(limits[done].sum())
        a, b = a.without(done), b.without(done)
    return [counts[tolerance] for tolerance in tolerances]


def _matched(a: Side, b: Side, tolerance: int) -> npt.NDArray[np.bool_]:
    """Return which segments of ``a`` a maximum matching pairs."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    counts, columns = zip(*_stretches(a.ends, b.ends, tolerance), strict=True)
    indices = np.concatenate(columns)
    graph = csr_array(
        (np.ones(len(indices), dtype=np.int8), indices, np.concatenate(([0], *counts)).cumsum()),
        shape=(len(a.ends), len(b.ends)),
    )
    matched: npt.NDArray[np.bool_] = maximum_bipartite_matching(graph, perm_type="column") >= 0
    return matched


def _stretches(
    a: Frames, b: Frames, tolerance: int
) -> Iterator[tuple[Frames, npt.NDArray[np.int32]]]:
    """Yield for some rows at a time how many columns are near each, and which."""
    low = b[:, 0].searchsorted(a[:, 0] - tolerance)
    widths = b[:, 0].searchsorted(a[:, 0] + tolerance, side="right") - low
    before = np.concatenate(([0], widths.cumsum()))
    start = 0
    while start < len(a):
        stop = max(start + 1, int(before.searchsorted(before[start] + STRETCH, side="right")) - 1)
        rows = np.arange(start, stop).repeat(widths[start:stop])
        columns = np.arange(before[start], before[stop]) + (low - before[:-1])[rows]
        near = np.abs(a[rows, 1] - b[columns, 1]) <= tolerance
        yield (
            np.bincount(rows[near] - start, minlength=stop - start),
            columns[near].astype(np.int32),
        )
        start = stop
