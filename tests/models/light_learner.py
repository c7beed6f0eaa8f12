"""A learner for curves that need hundreds of trainings: a hidden Markov model in closed form.

Gaussian looks a label with one variance a feature, and counted transitions. It learns in
milliseconds what models.temporal takes seconds for, and stands for no model of Segue's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.temporal.dataset import LabelledClip
from models.temporal.infer import Proposal
from models.temporal.tracks import Grid, Track, class_targets, tracks_of
from services.domain.segments import Segment
from services.domain.taxonomy import Taxonomy

Floats = NDArray[np.float64]
STRIDE = 5
# So that one wrong step does not end a segment, and nothing is impossible.
PRIOR_STEPS, PRIOR_FOLLOWERS = 20.0, 0.1
# Neighbouring steps are far from independent: their evidence counts for less.
TEMPER = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class LightModel:
    """Looks, variance and transitions of one track's classes; class 0 is "nothing"."""

    track: Track
    means: Floats
    variance: Floats
    log_moves: Floats
    is_known: NDArray[np.bool_]

    def draft(self, clip: LabelledClip) -> Proposal:
        """Return the likeliest segments, and how unsure each step is."""
        rows, grid = _steps(clip), Grid(n_frames=clip.truth.n_frames, stride=STRIDE)
        away = ((rows[:, None, :] - self.means) ** 2 / self.variance).sum(axis=2)
        seen = np.where(self.is_known, -0.5 * TEMPER * away, -1e3)
        posterior = _posterior(seen, self.log_moves)
        entropy = -(posterior * np.log(np.maximum(posterior, 1e-12))).sum(axis=1)
        occupied = posterior.mean(axis=0)
        return Proposal(
            segments=tuple(self._segments(_viterbi(seen, self.log_moves), grid)),
            uncertainty=float(np.clip(entropy.mean() / np.log(self.track.n_classes), 0, 1)),
            embedding=(*rows.mean(axis=0).tolist(), *(4 * occupied).tolist()),
            ignored=(),
        )

    def _segments(self, path: list[int], grid: Grid) -> list[Segment]:
        edges = [0, *(k for k in range(1, len(path)) if path[k] != path[k - 1]), len(path)]
        return [
            Segment(
                label=self.track.labels[path[low] - 1],
                onset=grid.frame(low),
                offset=grid.frame(high),
                layer=self.track.layer,
            )
            for low, high in pairwise(edges)
            if path[low]
        ]


def learn_lightly(clips: Sequence[LabelledClip], taxonomy: Taxonomy) -> LightModel:
    """Learn from all clips, of a taxonomy of one exclusive layer."""
    (track,) = tracks_of(taxonomy)
    n_classes = track.n_classes
    rows, classes = [], []
    moves = np.full((n_classes, n_classes), PRIOR_FOLLOWERS)
    moves[np.diag_indices(n_classes)] += PRIOR_STEPS
    for clip in clips:
        grid = Grid(n_frames=clip.truth.n_frames, stride=STRIDE)
        marked = class_targets(clip.truth, track, grid)
        np.add.at(moves, (marked[:-1], marked[1:]), 1)
        rows.append(_steps(clip))
        classes.append(marked)
    looks, numbers = np.concatenate(rows), np.concatenate(classes)
    counts = np.bincount(numbers, minlength=n_classes)
    sums = np.zeros((n_classes, looks.shape[1]))
    np.add.at(sums, numbers, looks)
    # Few steps of a label are drawn towards the mean of all.
    means = (sums + 5 * looks.mean(axis=0)) / (counts + 5)[:, None]
    return LightModel(
        track=track,
        means=means,
        variance=((looks - means[numbers]) ** 2).mean(axis=0) + 1e-3,
        log_moves=np.log(moves / moves.sum(axis=1, keepdims=True)),
        is_known=counts > 0,
    )


def _steps(clip: LabelledClip) -> Floats:
    rows = clip.features.read(0, clip.features.n_frames).astype(np.float64)
    starts = np.arange(0, len(rows), STRIDE)
    counts = np.diff(np.append(starts, len(rows)))
    means: Floats = np.add.reduceat(rows, starts, axis=0) / counts[:, None]
    return means


def _posterior(seen: Floats, log_moves: Floats) -> Floats:
    """Return each step's probabilities, forwards and backwards; shape (T, C)."""
    likely = np.exp(seen - seen.max(axis=1, keepdims=True))
    moves = np.exp(log_moves)
    ahead, behind = np.empty_like(likely), np.ones_like(likely)
    ahead[0] = likely[0] / likely[0].sum()
    for step in range(1, len(seen)):
        mixed = ahead[step - 1] @ moves * likely[step]
        ahead[step] = mixed / mixed.sum()
    for step in range(len(seen) - 2, -1, -1):
        mixed = moves @ (likely[step + 1] * behind[step + 1])
        behind[step] = mixed / mixed.sum()
    both = ahead * behind
    found: Floats = both / both.sum(axis=1, keepdims=True)
    return found


def _viterbi(seen: Floats, log_moves: Floats) -> list[int]:
    best, came_from = seen[0], np.zeros(seen.shape, dtype=np.intp)
    for step in range(1, len(seen)):
        ways = best[:, None] + log_moves
        came_from[step] = ways.argmax(axis=0)
        best = ways.max(axis=0) + seen[step]
    path = [int(best.argmax())]
    for step in range(len(seen) - 1, 0, -1):
        path.append(int(came_from[step][path[-1]]))
    return path[::-1]
