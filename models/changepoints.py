"""Change points: the frames at which a feature sequence takes on another mean.

Method
------
Candidates are the local maxima of the difference between the means before and after a frame
(novelty; Foote, 2000). Among them an optimal partition under squared error with a penalty per
boundary is found exactly, by dynamic programming with pruning (PELT; Killick, Fearnhead and
Eckley, 2012). No step draws random numbers: equal input gives equal output.

Conventions
-----------
A boundary at ``t`` separates frames ``t - 1`` and ``t``; ``0 < t < n``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
N_COMPONENTS = 12
# Squared error of one frame that counts as none: below it are rounding and compression.
LEAST_ERROR = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """One boundary.

    Parameters
    ----------
    frame : int
        First frame of the new part.
    strength : float
        Squared error it saves over the penalty, as ``saved / (saved + penalty)``, in [0, 1].
    spread : int
        Frames to either side that explain the data almost as well.
    """

    frame: int
    strength: float
    spread: int


class Partition:
    """Squared errors of all stretches of a sequence, in constant time each.

    Parameters
    ----------
    features : array, shape (n, d)
        One row a frame, scaled so that equal distances mean equally much.
    """

    def __init__(self, features: Array) -> None:
        reduced = principal(features)
        self.n_frames = len(reduced)
        zero = np.zeros((1, reduced.shape[1]))
        self.sums = np.concatenate([zero, np.cumsum(reduced, axis=0)])
        squares = np.cumsum(np.einsum("nd,nd->n", reduced, reduced))
        self.squares = np.concatenate([[0.0], squares])

    def error(self, low: NDArray[np.int64] | int, high: NDArray[np.int64] | int) -> Array:
        """Return the squared error of ``[low, high)`` around its mean; broadcasts."""
        total = self.sums[high] - self.sums[low]
        length = np.maximum(np.asarray(high) - np.asarray(low), 1)
        spent = self.squares[high] - self.squares[low] - np.sum(total * total, axis=-1) / length
        errors: Array = np.maximum(spent, 0.0)
        return errors

    def novelty(self, window: int) -> Array:
        """Return the squared distance of the means before and after each frame, shape (n + 1,)."""
        t = np.arange(self.n_frames + 1)
        low, high = np.maximum(t - window, 0), np.minimum(t + window, self.n_frames)
        before, after = np.maximum(t - low, 1), np.maximum(high - t, 1)
        left = (self.sums[t] - self.sums[low]) / before[:, None]
        right = (self.sums[high] - self.sums[t]) / after[:, None]
        distance: Array = np.sum((left - right) ** 2, axis=1)
        # Means of few frames are noisy: near the clip's ends they count for less.
        faded: Array = distance * np.minimum(t - low, high - t) / window
        return faded


def principal(features: Array) -> Array:
    """Project on the at most 12 directions of greatest variance; centred, shape (n, <= 12)."""
    centred: Array = features - features.mean(axis=0)
    if centred.shape[1] <= N_COMPONENTS:
        return centred
    _, directions = np.linalg.eigh(centred.T @ centred)
    reduced: Array = centred @ directions[:, ::-1][:, :N_COMPONENTS]
    return reduced


def find_change_points(
    features: Array, *, window: int, min_frames: int, max_segments: int, penalty: float
) -> tuple[ChangePoint, ...]:
    """Find the boundaries of a feature sequence.

    Parameters
    ----------
    features : array, shape (n, d)
        One row a frame.
    window : int
        Frames on either side that a boundary is judged by.
    min_frames : int
        Least length of a part.
    max_segments : int
        Most parts; a stricter penalty is used until that holds.
    penalty : float
        Price of a boundary, in squared errors of a typical window (see Notes).

    Returns
    -------
    tuple of ChangePoint
        In order; empty for a clip without changes or shorter than two parts.

    Notes
    -----
    The unit is the median squared error within a window, so that drift and motion inside a part,
    which a piecewise-constant model must pay for, do not buy boundaries.
    """
    min_frames = max(1, min_frames)
    if len(features) < 2 * min_frames or max_segments < 2:
        return ()
    partition = Partition(features)
    unit = typical_error(partition, window)
    price = penalty * unit
    candidates = _candidates(partition, window)
    while True:
        cuts = optimal_cuts(partition, candidates, price=price, min_frames=min_frames)
        if len(cuts) < max_segments:
            break
        price *= 1.5
    edges = [0, *cuts, partition.n_frames]
    return tuple(
        _describe(partition, edges[i - 1 : i + 2], window=window, price=price, unit=unit)
        for i in range(1, len(edges) - 1)
    )


def typical_error(partition: Partition, window: int) -> float:
    """Return the median squared error of windows all over the clip, never quite zero."""
    width = min(window, partition.n_frames)
    starts = np.arange(0, partition.n_frames - width + 1, max(1, width // 2))
    return max(float(np.median(partition.error(starts, starts + width))), LEAST_ERROR * width)


def optimal_cuts(
    partition: Partition, candidates: NDArray[np.int64], *, price: float, min_frames: int
) -> list[int]:
    """Return the cuts among the candidates that minimise error plus price per cut."""
    n_frames = partition.n_frames
    inner = candidates[(candidates >= min_frames) & (candidates <= n_frames - min_frames)]
    points = np.concatenate([[0], inner, [n_frames]]).astype(np.int64)
    best = np.full(len(points), np.inf)
    best[0] = -price
    came_from = np.zeros(len(points), dtype=np.int64)
    dies_at = np.full(len(points), n_frames + 1, dtype=np.int64)
    alive: NDArray[np.int64] = np.zeros(1, dtype=np.int64)
    for j in range(1, len(points)):
        alive = alive[dies_at[alive] > points[j]]
        starts = alive[points[alive] + min_frames <= points[j]]
        if not len(starts):
            continue
        errors = partition.error(points[starts], int(points[j]))
        totals = best[starts] + errors + price
        chosen = int(np.argmin(totals))
        best[j], came_from[j] = totals[chosen], starts[chosen]
        # A start that is worse than the best by more than a price never wins again, once a
        # part may begin at j and end.
        hopeless = starts[best[starts] + errors > best[j] + price]
        dies_at[hopeless] = np.minimum(dies_at[hopeless], points[j] + min_frames)
        alive = np.append(alive, j)
    cuts: list[int] = []
    j = int(came_from[-1])
    while j > 0:
        cuts.append(int(points[j]))
        j = int(came_from[j])
    return cuts[::-1]


def _candidates(partition: Partition, window: int) -> NDArray[np.int64]:
    """Return the frames whose novelty is the greatest within a third of a window around them."""
    novelty = partition.novelty(window)
    reach = max(1, window // 3)
    padded = np.pad(novelty, reach, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    peaks = np.flatnonzero((novelty >= around.max(axis=1)) & (novelty > 0))
    return peaks.astype(np.int64)


def _describe(
    partition: Partition, edges: list[int], *, window: int, price: float, unit: float
) -> ChangePoint:
    """Judge the middle one of three successive edges."""
    low, cut, high = edges
    saved = float(
        partition.error(low, high) - partition.error(low, cut) - partition.error(cut, high)
    )
    near_low, near_high = max(low, cut - window), min(high, cut + window)
    places = np.arange(near_low + 1, near_high)
    rest = partition.error(near_low, places) + partition.error(places, near_high)
    # A jump loses 1 / window of what it saves with each frame that the boundary is off; a
    # place that loses less than a third of that, or than four frames' noise, is as good.
    near_saved = float(partition.error(near_low, near_high)) - float(rest.min())
    slack = near_saved / (3 * window) + 4 * unit / window
    as_good = places[rest <= float(rest.min()) + slack]
    spread = int(max(abs(int(as_good[0]) - cut), abs(int(as_good[-1]) - cut)))
    return ChangePoint(
        frame=cut, strength=round(max(0.0, saved / (saved + price)), 4), spread=spread
    )
