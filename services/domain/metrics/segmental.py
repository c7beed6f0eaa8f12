"""Runs against runs: segmental edit score, F1 at an overlap, and temporal IoU.

Conventions
-----------
Opinion ``a`` is the reference, ``b`` the prediction. Compared are the runs of the partition
that have a label; frames without a segment are the literature's background and count for
nothing. Scores lie in 0..1 (published code prints them times 100) and are None where
neither opinion has a run.

Edit score
    One minus the Levenshtein distance of the two sequences of labels, over the longer one's
    length. Boundaries do not matter, order does.
F1 at k
    In order of time, each run of ``b`` is held against the run of ``a`` of its label that it
    overlaps with the greatest IoU, the earliest on ties. It is a hit when that IoU is at
    least k and the run of ``a`` was not hit before. Not symmetric, by definition.
Mean tIoU
    Runs of one label are paired one to one so that the sum of their IoUs is greatest; a run
    that stays alone counts as an IoU of 0. The sum over pairs and runs alone. Symmetric.

References
----------
Lea, Reiter, Vidal and Hager, "Segmental spatiotemporal CNNs for fine-grained action
segmentation", ECCV 2016 (edit score); Lea, Flynn, Vidal, Reiter and Hager, "Temporal
convolutional networks for action segmentation and detection", CVPR 2017 (F1); as computed by
Abu Farha and Gall, "MS-TCN", CVPR 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from services.domain.metrics.framewise import Indices, Overlay
from services.domain.metrics.ratio import Ratio

OVERLAPS = ((1, 10), (1, 4), (1, 2))
"""The thresholds of F1 as fractions: 10, 25 and 50 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """Sums over the labelled runs of two partitions.

    Parameters
    ----------
    n_a, n_b : int
        Labelled runs of each opinion.
    n_edits, n_longer : int
        Levenshtein distance of the sequences, and the length of the longer.
    n_hits : tuple of int
        Hits at an IoU of 10, 25 and 50 %.
    tiou_sum : float
        Greatest sum of IoUs over one-to-one pairs of one label.
    n_paired : int
        Pairs in that sum.
    """

    n_a: int = 0
    n_b: int = 0
    n_edits: int = 0
    n_longer: int = 0
    n_hits: tuple[int, ...] = (0,) * len(OVERLAPS)
    tiou_sum: float = 0.0
    n_paired: int = 0

    def __add__(self, other: RunCounts) -> RunCounts:
        return RunCounts(
            n_a=self.n_a + other.n_a,
            n_b=self.n_b + other.n_b,
            n_edits=self.n_edits + other.n_edits,
            n_longer=self.n_longer + other.n_longer,
            n_hits=tuple(map(sum, zip(self.n_hits, other.n_hits, strict=True))),
            tiou_sum=self.tiou_sum + other.tiou_sum,
            n_paired=self.n_paired + other.n_paired,
        )

    @property
    def edit(self) -> Ratio:
        """Segmental edit score."""
        return Ratio(self.n_longer - self.n_edits, self.n_longer)

    @property
    def f1s(self) -> tuple[Ratio, ...]:
        """F1 at each threshold of ``OVERLAPS``."""
        return tuple(Ratio(2 * n_hits, self.n_a + self.n_b) for n_hits in self.n_hits)

    @property
    def tiou_mean(self) -> Ratio:
        """Mean IoU over pairs and over runs that stay alone."""
        return Ratio(self.tiou_sum, self.n_a + self.n_b - self.n_paired)


def count_runs(laid: Overlay) -> RunCounts:
    """Count edits, hits and IoUs."""
    labels_a, labels_b = (classes[classes > 0] for classes in (laid.classes_a, laid.classes_b))
    classes = laid.classes_a[laid.runs_a]
    shared = np.flatnonzero((classes == laid.classes_b[laid.runs_b]) & (classes > 0))
    runs_a, runs_b = laid.runs_a[shared], laid.runs_b[shared]
    common = laid.n_frames[shared]
    together = laid.lengths_a[runs_a] + laid.lengths_b[runs_b] - common
    cells = list(
        zip(runs_a.tolist(), runs_b.tolist(), common.tolist(), together.tolist(), strict=True)
    )
    tiou_sum, n_paired = _greatest_sum(cells)
    return RunCounts(
        n_a=len(labels_a),
        n_b=len(labels_b),
        n_edits=_n_edits(labels_a, labels_b),
        n_longer=max(len(labels_a), len(labels_b)),
        n_hits=_n_hits(cells),
        tiou_sum=tiou_sum,
        n_paired=n_paired,
    )


_Cell = tuple[int, int, int, int]
"""Run of a, run of b, frames in both, frames in either; in order of time."""


def _n_edits(a: Indices, b: Indices) -> int:
    """Return the Levenshtein distance, as of two texts with a character for each label.

    RapidFuzz is compiled and handles 64 cells of the table in one step. The hint makes it
    look along a narrow band first and widen it only if the distance asks for that: the cost
    is then n times the distance over 64, and n squared over 64 at worst. No exact method is
    known to do better in general, and any in Python is a hundred times slower at 100,000 runs.
    """
    one, other = ("".join(map(chr, labels.tolist())) for labels in (a, b))
    return Levenshtein.distance(one, other, score_hint=max(len(one), len(other)) // 64)


def _n_hits(cells: list[_Cell]) -> tuple[int, ...]:
    best: dict[int, _Cell] = {}
    for cell in cells:
        _, run, common, together = cell
        held = best.get(run)
        if held is None or common * held[3] > held[2] * together:
            best[run] = cell
    hits: tuple[set[int], ...] = tuple(set() for _ in OVERLAPS)
    for run_a, _, common, together in best.values():
        for (part, whole), hit in zip(OVERLAPS, hits, strict=True):
            if common * whole >= together * part:
                hit.add(run_a)
    return tuple(map(len, hits))


def _greatest_sum(cells: list[_Cell]) -> tuple[float, int]:
    """Choose cells of the greatest total IoU, no run in two of them.

    Runs of one opinion are disjoint, so in order of time each cell shares a run with the
    cells just before it or with none: one pass over "with this cell" and "without" is exact.
    """
    best, n_best = 0.0, 0  # over the cells so far
    row = column = -1
    row_base = column_base = (0.0, 0)
    for run_a, run_b, common, together in cells:
        before = (best, n_best)
        if run_a != row:
            row, row_base = run_a, before
        if run_b != column:
            column, column_base = run_b, before
        free, n_free = min(row_base, column_base)
        best, n_best = max(before, (free + common / together, n_free + 1))
    return best, n_best
