"""How each person's boundaries on gold stand against everybody else's, clip by clip.

Conventions
-----------
The clip is the unit: deltas within one are not independent. A clip's value is the mean of
its deltas (bias) or of their distances from the common place (spread), both clamped to
``tallies.CLAMP_FRAMES`` so that one lost segment is not a bias.

The common place of a boundary is the median of people's means, which a faulty minority
cannot move; with fewer than ``habit.FEW_PEOPLE`` people it is gold's own, 0.

A value becomes a *score*, standard normal for a sound person, by rank: the others' clips, each
about its own person's mean, are the measure, and a value that exceeds all but 2.5 % of them
scores 1.96. So no form of distribution is assumed, and one wild clip counts as no more than
the wildest of the others. Clips with more boundaries are surer of their mean; values are
weighted by the square root of their number before they are ranked.

Sound people have habits. How far their means lie apart is measured on the others
(:mod:`.habit`); with fewer than ``FEW_PEOPLE`` others ``USUAL_HABIT`` is granted.

References
----------
van der Waerden, B. L. (1952). Order tests for the two-sample problem and their power.
    Indagationes Mathematicae 14, 453-458: normal scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from services.domain.monitoring.habit import FEW_PEOPLE, Habit, measured_habit
from services.domain.monitoring.tallies import DeltaTally

USUAL_HABIT: Final = 0.5
"""Standard deviation of sound people's means in scores, where it cannot be measured."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One person's values on a run of clips.

    Parameters
    ----------
    clips : ndarray of int, shape (k,)
        Places in the person's history.
    counts, values : ndarray, shape (k,)
        Boundaries of each clip, and its value.
    """

    clips: NDArray[np.int64]
    counts: Values
    values: Values

    @property
    def mean(self) -> float:
        """Mean over all boundaries."""
        return float(self.counts @ self.values) / float(self.counts.sum())

    @property
    def weighted(self) -> Values:
        """Values as they are ranked."""
        weighted: Values = np.sqrt(self.counts) * self.values
        return weighted

    @property
    def residuals(self) -> Values:
        """Values as ranked, about the person's own mean.

        Notes
        -----
        Widened by what the own mean takes away from their scatter; a person with one clip
        has none.
        """
        if len(self.counts) < 2:
            return np.empty(0)
        total = self.counts.sum()
        weights = np.sqrt(self.counts * total / (total - self.counts))
        widened: Values = weights * (self.values - self.mean)
        return widened


def means(tallies: Mapping[int, DeltaTally]) -> Track:
    """Return the mean of each clip's deltas, in frames; late is positive.

    Parameters
    ----------
    tallies : mapping of int to DeltaTally
        By place in the person's history, ascending; none empty.
    """
    return _track(tallies, [_clamped_mean(tally) for tally in tallies.values()])


def distances(tallies: Mapping[int, DeltaTally], *, place: float) -> Track:
    """Return the mean distance of each clip's deltas from a place, in frames."""
    return _track(
        tallies,
        [sum(abs(d - place) * c for d, c in t.histogram) / t.n for t in tallies.values()],
    )


def common_place(people: Sequence[Track]) -> float:
    """Return where people put a boundary, against gold, in frames; late is positive."""
    if len(people) < FEW_PEOPLE:
        return 0.0
    return float(np.median([track.mean for track in people]))


def merge_tracks(tracks: Sequence[Track], scales: Sequence[float]) -> Track:
    """Join one person's tracks of several labels, each in units of its own scatter."""
    clips = np.concatenate([track.clips for track in tracks])
    counts = np.concatenate([track.counts for track in tracks])
    values = np.concatenate(
        [track.values / scale for track, scale in zip(tracks, scales, strict=True)]
    )
    places, where = np.unique(clips, return_inverse=True)
    joined = np.bincount(where, weights=counts, minlength=len(places)).astype(np.float64)
    summed = np.bincount(where, weights=counts * values, minlength=len(places))
    return Track(clips=places, counts=joined, values=summed / joined)


def scatter(tracks: Sequence[Track]) -> float:
    """Return the standard deviation of people's residuals; 1 where there is none to measure."""
    residuals = np.concatenate([track.residuals for track in tracks])
    found = float(np.sqrt(np.mean(residuals**2))) if len(residuals) else 0.0
    return found or 1.0


def normal_scores(mine: Values, pool: Values) -> Values:
    """Return the rank of each value among the pool's, as a normal quantile."""
    ordered = np.sort(pool)
    below = np.searchsorted(ordered, mine, side="left")
    not_above = np.searchsorted(ordered, mine, side="right")
    scores: Values = ndtri(((below + not_above) / 2 + 0.5) / (len(pool) + 1))
    return scores


def habit(others: Sequence[Track], pool: Values) -> Habit:
    """Measure how far sound people's own means lie apart, in scores.

    Parameters
    ----------
    others : sequence of Track
        Everybody else's; those of one clip tell nothing.
    pool : ndarray
        Their residuals, the unit of a score.
    """
    spread = float(np.sqrt(np.mean(pool**2)))
    telling = [track for track in others if len(track.counts) >= 2]
    if spread == 0:
        return Habit(deviations=(USUAL_HABIT,))
    own = np.array([track.weighted.sum() / len(track.counts) for track in telling]) / spread
    chance = float(np.mean([1 / len(track.counts) for track in telling]))
    return measured_habit(own, chance=chance, usual=USUAL_HABIT)


def _track(tallies: Mapping[int, DeltaTally], values: list[float]) -> Track:
    return Track(
        clips=np.array(list(tallies), dtype=np.int64),
        counts=np.array([tally.n for tally in tallies.values()], dtype=np.float64),
        values=np.array(values, dtype=np.float64),
    )


def _clamped_mean(tally: DeltaTally) -> float:
    return sum(delta * count for delta, count in tally.histogram) / tally.n
