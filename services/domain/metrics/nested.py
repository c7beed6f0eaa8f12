"""How many segments can answer each other where some lie inside others.

Conventions are those of ``services.domain.metrics.events``. Neither sweep nor order helps
here: what a segment can answer is any subset of the other opinion, so ``bipartite`` matches
them. The pairs are found in stretches, so that none but those within the tolerance are ever
held, at four bytes each.

Tolerances go upwards, and each begins with the matching of the one before. A cluster of which
the smaller side is wholly matched is left out of all larger ones: the pairs that only a wide
tolerance admits are seldom looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.domain.metrics.bipartite import NONE, Columns, Pairs, extend_matching
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
    partners: Frames = np.full(len(a.ends), NONE)
    n_done = 0
    counts = {}
    for tolerance in sorted(set(tolerances)):
        counts[tolerance] = n_done
        if not len(a.ends):
            continue
        partners = extend_matching(_pairs(a, b, tolerance), partners, n_columns=len(b.ends))
        found = np.bincount(a.clusters[partners != NONE], minlength=len(limits))
        counts[tolerance] += int(found.sum())
        done = found == limits
        n_done += int(limits[done].sum())
        partners = _without(partners[~done[a.clusters]], done[b.clusters])
        a, b = a.without(done), b.without(done)
    return [counts[tolerance] for tolerance in tolerances]


def _without(partners: Frames, gone: npt.NDArray[np.bool_]) -> Frames:
    """Return the partners by their new numbers, once others are gone."""
    n_gone = np.append(gone.cumsum(), 0)  # the last is of NONE, which stays as it is
    left: Frames = partners - n_gone[partners]
    return left


def _pairs(a: Side, b: Side, tolerance: int) -> Pairs:
    """Return who answers whom."""
    counts, columns = zip(*_stretches(a.ends, b.ends, tolerance), strict=True)
    starts = np.concatenate(([0], *counts)).cumsum()
    return Pairs(starts.tolist(), np.concatenate(columns))


def _stretches(a: Frames, b: Frames, tolerance: int) -> Iterator[tuple[Frames, Columns]]:
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
