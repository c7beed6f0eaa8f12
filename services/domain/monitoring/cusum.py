"""Cumulative sums: small lasting drifts, and since when they last.

Conventions
-----------
Scores come one a clip, in order of time, with mean 0 and standard deviation 1 while all is
well. The upper sum adds what a score exceeds the slack by and never falls below 0; the lower
one mirrors it. With a slack of 0.5 a drift of one standard deviation is found soonest.

Notes
-----
``p_value`` is an upper bound, by Boole's inequality over all runs of successive clips: the
chance that, among the clips seen, any run ends with a sum as high. It grants each sound
person a habit (:mod:`.habit`), a mean of their own, and averages the bound over habits.

Scores are taken as independent from clip to clip. Where neighbours are correlated by r
(fatigue, one film cut into clips), the variance of a long run grows by (1 + r) / (1 - r), and
sums run high more often than promised: for r = 0.25 about as if the limit stood at 0.6 of its
height. The habit takes up the lasting part of it; that gold is inserted by lot, many clips
apart, breaks most of the rest.

References
----------
Page, E. S. (1954). Continuous inspection schemes. Biometrika 41, 100-115.
Hinkley, D. V. (1970). Inference about the change-point in a sequence of random variables.
    Biometrika 57, 1-17: its maximum-likelihood estimate.
Johnson, R. A. and Bagshaw, M. (1974). The effect of serial correlation on the performance of
    CUSUM tests. Technometrics 16, 103-112.
Hawkins, D. M. and Olwell, D. H. (1998). Cumulative Sum Charts and Charting for Quality
    Improvement. Springer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from services.domain.monitoring.habit import NO_HABIT, Habit

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CusumChart:
    """Both sums of a run of scores.

    Parameters
    ----------
    upper, lower : ndarray, shape (n,)
        The sums after each clip, both at least 0.
    slack : float
        What each score must exceed to add to a sum.
    """

    upper: Scores
    lower: Scores
    slack: float

    @property
    def peak(self) -> float:
        """The highest that either sum has stood; 0 without scores."""
        return float(max(self.upper.max(initial=0.0), self.lower.max(initial=0.0)))

    @property
    def rises(self) -> bool:
        """Whether the peak is the upper sum's: the drift is upwards."""
        return bool(self.upper.max(initial=0.0) >= self.lower.max(initial=0.0))

    @property
    def peak_index(self) -> int:
        """The clip at which the peak stands; needs at least one."""
        return int(np.argmax(self.upper if self.rises else self.lower))

    def first_above(self, limit: float) -> int | None:
        """Return the clip at which either sum first passes the limit, or None."""
        beyond = np.flatnonzero(np.maximum(self.upper, self.lower) > limit)
        return int(beyond[0]) if len(beyond) else None

    def p_value(self, habit: Habit = NO_HABIT) -> float:
        """Bound the chance that a sound person's sums ever stood as high; needs a score.

        Parameters
        ----------
        habit : Habit
            How far sound people's own means lie apart, in scores.
        """
        run = np.arange(1, len(self.upper) + 1, dtype=np.float64)
        ends = run[::-1]  # so many runs of each length there are

        def bound(means: Scores) -> Scores:
            reach = (self.peak + (self.slack - means[:, None]) * run) / np.sqrt(run)
            bounds: Scores = ndtr(-reach) @ ends
            return bounds

        return min(1.0, 2 * habit.average(bound, far=self.slack + self.peak / len(run)))


def cusum(scores: Scores, *, slack: float) -> CusumChart:
    """Sum up scores.

    Parameters
    ----------
    scores : ndarray, shape (n,)
        Standardised, one a clip, in order of time.
    slack : float
        In standard deviations, at least 0.
    """
    return CusumChart(upper=_sums(scores, slack), lower=_sums(-scores, slack), slack=slack)


def change_point(scores: Scores, variances: Scores | None = None) -> int:
    """Estimate the clip from which on scores run high, to the end of those given.

    Parameters
    ----------
    scores : ndarray, shape (n,)
        With mean 0 while all is well; high is bad. At least one.
    variances : ndarray, shape (n,), optional
        Of each score while all is well; 1 when not given.

    Returns
    -------
    int
        Index of the first clip of the run that speaks most for a lasting change (maximum
        likelihood for a known level before and an unknown one after); the earliest of equal
        ones, and 0 where no run to the end is high at all.

    Notes
    -----
    The estimate has an error of a few clips for a change of one standard deviation, and is
    exact more often than not for one of three.
    """
    weights = np.ones_like(scores) if variances is None else variances
    sums = np.cumsum(scores[::-1])[::-1]
    spreads = np.cumsum(weights[::-1])[::-1]
    evidence = np.where(
        (sums > 0) & (spreads > 0), sums**2 / np.where(spreads > 0, spreads, 1.0), 0.0
    )
    return int(np.argmax(evidence))


def _sums(scores: Scores, slack: float) -> Scores:
    """Return ``s[i] = max(0, s[i-1] + scores[i] - slack)`` without a loop."""
    walk = np.cumsum(scores - slack)
    lowest: Scores = np.minimum(np.minimum.accumulate(walk), 0.0)
    return walk - lowest
