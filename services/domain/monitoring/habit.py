"""Habits: how far sound people's own means lie apart, and what that does to a tail.

References
----------
Rousseeuw, P. J. and Croux, C. (1993). Alternatives to the median absolute deviation. JASA
    88, 1273-1283: the scale Qn, which half of the people cannot spoil and which uses 82 %
    of what the standard deviation would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, ndtr

Values = NDArray[np.float64]

FEW_PEOPLE: Final = 10
"""With fewer others than this, how much people differ cannot be told from their figures."""

_QN_EFFICIENCY: Final = 0.82
_QN_NORMAL: Final = 2.2219
# For 5 to 9 values, as Croux and Rousseeuw (1992) tabulate it.
_QN_SMALL: Final = {5: 0.844, 6: 0.611, 7: 0.857, 8: 0.669, 9: 0.872}


_CELLS: Final = 48
_TAILS: Final = np.array([0.1, 0.3, 0.5, 0.7, 0.9])


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How far sound people's own means of a score lie apart.

    Parameters
    ----------
    deviations : tuple of float
        Equally likely standard deviations of people's true means: one where it is taken as
        known, several where it was measured and may be more or less.
    """

    deviations: tuple[float, ...] = (0.0,)

    def average(self, bound: Callable[[Values], Values], *, far: float) -> float:
        """Average over habits a bound on how often a person of that habit is this extreme.

        Parameters
        ----------
        bound : callable
            Takes means in scores, ascending from 0, and gives the bound for each; it does
            not fall as the mean rises, and counts as 1 where it is more.
        far : float
            A mean, above 0, beyond which the bound counts as 1.

        Returns
        -------
        float
            Never below the true average: each cell of the grid counts with its worse edge.
        """
        edges = far / _CELLS * np.arange(_CELLS + 1, dtype=np.float64)
        spread = [deviation for deviation in self.deviations if deviation > 0]
        above = np.zeros_like(edges)
        for deviation in spread:
            above += ndtr(-edges / deviation) / len(self.deviations)
        values = np.minimum(1.0, bound(edges))
        inside = float(np.sum((above[:-1] - above[1:]) * values[1:]))
        return float(1 - above[0]) * float(values[0]) + inside + float(above[-1])


NO_HABIT: Final = Habit()


def measured_habit(means: Values, *, chance: float, usual: float) -> Habit:
    """Measure how far people's true means lie apart.

    Parameters
    ----------
    means : ndarray, shape (n,)
        People's means, in scores.
    chance : float
        Variance that chance gives them.
    usual : float
        Standard deviation to be taken where there are fewer than ``FEW_PEOPLE``.

    Notes
    -----
    The variance of the means has a chi-square distribution about the truth, nearly; its
    quantiles, less what chance gives, are the habits returned. The error of the common
    place, of which all are measured, counts as habit: the variance of a median, pi / 2 over
    the number of people.
    """
    if len(means) < FEW_PEOPLE:
        return Habit(deviations=(usual,))
    observed, freedom = robust_variance(means)
    of_place = np.pi / 2 * observed / len(means)
    likely = observed * freedom / chdtri(freedom, _TAILS)
    return Habit(
        deviations=tuple(float(v) for v in np.sqrt(np.maximum(0.0, likely - chance) + of_place))
    )


def robust_variance(values: Values) -> tuple[float, float]:
    """Return the variance of most of the values, and its degrees of freedom.

    Parameters
    ----------
    values : ndarray, shape (n,)
        At least five.

    Notes
    -----
    The square of Qn: about the first quarter of all distances between two values, so that no
    centre is needed and a faulty minority hardly matters.
    """
    n = len(values)
    one, other = np.triu_indices(n, k=1)
    distances = np.sort(np.abs(values[one] - values[other]))
    half = n // 2 + 1
    factor = _QN_SMALL.get(n) or n / (n + (1.4 if n % 2 else 3.8))
    scale = _QN_NORMAL * factor * float(distances[half * (half - 1) // 2 - 1])
    return scale**2, _QN_EFFICIENCY * (n - 1)
