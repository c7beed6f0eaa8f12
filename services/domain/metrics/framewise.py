"""Agreement frame by frame, counted over runs.

Conventions
-----------
Two partitions of one clip are laid over each other; a *cell* is a longest stretch in which
neither changes. Frames without a segment are a class like any other. Chance is what two
people would agree on who kept their own shares of each class and placed them at random.

References
----------
Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
Measurement 20(1), 1960.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.domain.metrics.partition import Partition
from services.domain.metrics.ratio import Ratio

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """Two partitions of one clip laid over each other.

    Parameters
    ----------
    runs_a, runs_b : array of int, shape (cells,)
        Which run of either partition each cell lies in.
    n_frames : array of int, shape (cells,)
        Its length.
    classes_a, classes_b : array of int, shapes (runs of a,) and (runs of b,)
        Class of each run; 0 stands for no segment.
    lengths_a, lengths_b : array of int, shapes as those
        Length of each run in frames.
    n_classes : int
        Classes are ``0..n_classes - 1``.
    """

    runs_a: Indices
    runs_b: Indices
    n_frames: Indices
    classes_a: Indices
    classes_b: Indices
    lengths_a: Indices
    lengths_b: Indices
    n_classes: int


def overlay(a: Partition, b: Partition, *, codes: dict[str | None, int] | None = None) -> Overlay:
    """Lay two partitions of the same length over each other.

    Parameters
    ----------
    a, b : Partition
        Of equal length.
    codes : dict, optional
        Codes of classes that are already given, None's 0 among them; more are added.
    """
    codes = {None: 0} if codes is None else codes
    classes_a, classes_b = (
        np.array([codes.setdefault(name, len(codes)) for name in side.classes], dtype=np.int64)
        for side in (a, b)
    )
    ends = [a.n_frames]
    onsets_a, onsets_b = (np.array(side.onsets, dtype=np.int64) for side in (a, b))
    cuts = np.concatenate((onsets_a, onsets_b))
    cuts.sort()
    if len(cuts):
        cuts = cuts[np.concatenate(([True], cuts[1:] != cuts[:-1]))]
    return Overlay(
        runs_a=onsets_a.searchsorted(cuts, side="right") - 1,
        runs_b=onsets_b.searchsorted(cuts, side="right") - 1,
        n_frames=_lengths(cuts, ends),
        classes_a=classes_a,
        classes_b=classes_b,
        lengths_a=_lengths(onsets_a, ends),
        lengths_b=_lengths(onsets_b, ends),
        n_classes=len(codes),
    )


def _lengths(onsets: Indices, end: list[int]) -> Indices:
    return np.concatenate((onsets[1:], end))[: len(onsets)] - onsets


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameCounts:
    """Frames on which two people agree, and on which chance would have them differ.

    Parameters
    ----------
    n_frames, n_agreed : int
        Frames in all, and of one class in both opinions.
    n_by_chance : float
        Frames that differ by chance, from each clip's own shares of the classes; exactly 0
        where both have one class only, the same. Pooled over clips it is a sum: chance is
        taken within a clip, so that clips whose people use different labels do not make
        each other look better.
    """

    n_frames: int = 0
    n_agreed: int = 0
    n_by_chance: float = 0.0

    def __add__(self, other: FrameCounts) -> FrameCounts:
        return FrameCounts(
            n_frames=self.n_frames + other.n_frames,
            n_agreed=self.n_agreed + other.n_agreed,
            n_by_chance=self.n_by_chance + other.n_by_chance,
        )

    @property
    def agreement(self) -> Ratio:
        """Share of frames of one class."""
        return Ratio(self.n_agreed, self.n_frames)

    @property
    def kappa(self) -> Ratio:
        """Cohen's kappa: one minus the frames that differ over those that do by chance."""
        n_differing = self.n_frames - self.n_agreed
        return Ratio(self.n_by_chance - n_differing, self.n_by_chance)


def count_frames(laid: Overlay) -> FrameCounts:
    """Count agreement by frames and by chance."""
    agreed = laid.classes_a[laid.runs_a] == laid.classes_b[laid.runs_b]
    shares_a, shares_b = (
        np.bincount(classes, weights=lengths, minlength=laid.n_classes).tolist()
        for classes, lengths in (
            (laid.classes_a, laid.lengths_a),
            (laid.classes_b, laid.lengths_b),
        )
    )
    n_frames = int(laid.n_frames.sum())
    # Python's integers: floats would find something left where chance explains everything.
    n_same = sum(int(a) * int(b) for a, b in zip(shares_a, shares_b, strict=True))
    return FrameCounts(
        n_frames=n_frames,
        n_agreed=int(laid.n_frames[agreed].sum()),
        n_by_chance=(n_frames**2 - n_same) / n_frames if n_frames else 0.0,
    )
