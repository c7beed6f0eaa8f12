"""Diversity: an order in which each clip covers most of what those before it leave uncovered.

The objective is facility location: every clip of a sample is as well covered as its nearest
chosen or labelled one is near. Unlike farthest-first it is not drawn to outliers, which cover
nobody but themselves.

References
----------
Minoux, M. (1978). Accelerated greedy algorithms for maximizing submodular set functions.
    Optimization Techniques, 234-243.
Wei, K., Iyer, R. and Bilmes, J. (2015). Submodularity in data subset selection and active
    learning. ICML.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CHUNK = 4096


def covering_order(points: Floats, *, labelled: Floats) -> list[int]:
    """Return all points, the one that covers most first.

    Parameters
    ----------
    points : ndarray, shape (m, d)
        The sample, in an order that decides ties.
    labelled : ndarray, shape (l, d)
        Of clips that cover already; may be empty.

    Notes
    -----
    Lazy greedy: what a point adds only shrinks, so that most are not looked at again. O(m^2 d) at
    least, O(m^3) at worst.
    """
    if not len(points):
        return []
    away = distances(points, points)
    nearest = np.full(len(points), away.max())
    if len(labelled):
        nearest = np.minimum(nearest, nearest_distances(points, labelled))
    added = np.maximum(nearest - away, 0).sum(axis=1)
    heap = [(-float(value), index, 0) for index, value in enumerate(added)]
    heapq.heapify(heap)
    order: list[int] = []
    while heap:
        value, index, looked_at = heapq.heappop(heap)
        if value < 0 and looked_at < len(order):
            fresh = float(np.maximum(nearest - away[index], 0).sum())
            heapq.heappush(heap, (-fresh, index, len(order)))
            continue
        order.append(index)
        np.minimum(nearest, away[index], out=nearest)
    return order


def distances(points: Floats, others: Floats) -> Floats:
    """Return Euclidean distances, shape (m, l)."""
    squares = (points**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None, :]
    away: Floats = np.sqrt(np.maximum(squares - 2 * points @ others.T, 0))
    return away


def nearest_distances(points: Floats, others: Floats) -> Floats:
    """Return the distance of each point to the nearest of the others, shape (m,)."""
    parts = [
        distances(points, others[low : low + CHUNK]).min(axis=1)
        for low in range(0, len(others), CHUNK)
    ]
    nearest: Floats = np.minimum.reduce(parts)
    return nearest
