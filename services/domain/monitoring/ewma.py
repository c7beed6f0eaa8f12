"""Moving averages of scores: people who grow imprecise, whichever way.

Conventions
-----------
Scores come one a clip, in order of time, with mean 0 and standard deviation 1 while all is
well; high is bad. The average of clip i is ``weight * score + (1 - weight) * average``,
beginning at 0, and its standard deviation is the exact one of its own place, so that the
first clips have no easier limits than the later ones.

Notes
-----
``p_value`` is an upper bound, by Boole's inequality over the clips seen, and grants each
sound person a habit of their own as :mod:`.cusum` does. The same caution holds for scores
that are correlated from clip to clip.

References
----------
Roberts, S. W. (1959). Control chart tests based on geometric moving averages. Technometrics
    1, 239-250.
Lucas, J. M. and Saccucci, M. S. (1990). Exponentially weighted moving average control
    schemes: properties and enhancements. Technometrics 32, 1-12: weights and limits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from services.domain.monitoring.cusum import Scores
from services.domain.monitoring.habit import NO_HABIT, Habit


@dataclass(frozen=True, slots=True, kw_only=True)
class EwmaChart:
    """The moving average of a run of scores.

    Parameters
    ----------
    values, deviations : ndarray, shape (n,)
        The average after each clip, and its standard deviation while all is well.
    weight : float
        Of the newest clip.
    """

    values: Scores
    deviations: Scores
    weight: float

    @property
    def peak(self) -> float:
        """The highest the average has stood, in its standard deviations; needs a score."""
        return float((self.values / self.deviations).max())

    @property
    def peak_index(self) -> int:
        """The clip at which the peak stands; needs at least one."""
        return int(np.argmax(self.values / self.deviations))

    def first_above(self, limit: float) -> int | None:
        """Return the clip at which the average first passes the limit, or None."""
        beyond = np.flatnonzero(self.values > limit * self.deviations)
        return int(beyond[0]) if len(beyond) else None

    def p_value(self, habit: Habit = NO_HABIT) -> float:
        """Bound the chance that a sound person's average ever stood as high; needs a score.

        Parameters
        ----------
        habit : Habit
            How far sound people's own means lie apart, in scores.
        """
        lengths = np.arange(1, len(self.values) + 1, dtype=np.float64)
        pull = (1 - np.power(1 - self.weight, lengths)) / self.deviations

        def bound(means: Scores) -> Scores:
            bounds: Scores = ndtr(means[:, None] * pull - self.peak).sum(axis=1)
            return bounds

        return min(1.0, habit.average(bound, far=max(self.peak, 1e-9) / float(pull.max())))


def ewma(scores: Scores, *, weight: float) -> EwmaChart:
    """Average scores.

    Parameters
    ----------
    scores : ndarray, shape (n,)
        Standardised, one a clip, in order of time.
    weight : float
        Of the newest clip, in (0, 1].
    """
    values = np.empty_like(scores)
    average = 0.0
    for i, score in enumerate(scores):
        average = weight * float(score) + (1 - weight) * average
        values[i] = average
    fading = (1 - weight) ** (2 * np.arange(1, len(scores) + 1))
    return EwmaChart(
        values=values,
        deviations=np.sqrt(weight / (2 - weight) * (1 - fading)),
        weight=weight,
    )
