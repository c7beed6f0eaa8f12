"""Shares against a common rate: exact funnel limits and tail probabilities.

Conventions
-----------
Counts are binomial about the rate or, where people or clips differ by more than chance,
beta-binomial: each person's own rate is drawn from a beta distribution of that mean. Its
``correlation`` is that of two cases of one person, 0 for the binomial; a count of ``n``
cases varies ``1 + (n - 1) * correlation`` times as much.

Limits are exact and not normal approximations, which fail where it matters: at small counts
and rates near 0. A count has no exact 95 % limit, so limits are interpolated between
neighbouring counts as Spiegelhalter does; :func:`tail_above` is never interpolated and so
never promises more than it holds.

References
----------
Skellam, J. G. (1948). A probability distribution derived from the binomial distribution by
    regarding the probability of success as variable between the sets of trials. JRSS B 10,
    257-261.
Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics
    in Medicine 24, 1185-1202: exact limits (A.1.1), 95 and 99.8 %, over-dispersion.
Spiegelhalter, D. J. (2005). Handling over-dispersion of performance indicators. Quality and
    Safety in Health Care 14, 347-351: why limits must widen with real differences.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, betaln, gammaln, xlog1py, xlogy

from services.domain.monitoring.intervals import Interval

COVERAGES = (0.95, 0.998)
"""Warning and action limits of a funnel: two and three standard deviations, nearly."""

EXACT_CASES = 1000
"""Up to so many cases limits are summed exactly; beyond, a beta distribution comes near."""


def tail_above(part: int, whole: int, rate: float, *, correlation: float = 0.0) -> float:
    """Return the probability of this count or a higher one.

    Parameters
    ----------
    part, whole : int
        Counts, ``0 <= part <= whole``.
    rate : float
        The common rate, in [0, 1].
    correlation : float
        Of two cases of one person, in [0, 1).
    """
    if part == 0:
        return 1.0
    return min(1.0, float(_probabilities(whole, rate, correlation)[part:].sum()))


def funnel_limits(
    whole: int, rate: float, *, coverage: float, correlation: float = 0.0
) -> Interval:
    """Return the limits that a sound person's share keeps within.

    Parameters
    ----------
    whole : int
        Number of cases, at least 1.
    rate : float
        The common rate, in [0, 1].
    coverage : float
        In (0, 1); see ``COVERAGES``.
    correlation : float
        Of two cases of one person, in [0, 1).

    Returns
    -------
    tuple of float
        Shares in [0, 1].

    Notes
    -----
    Beyond ``EXACT_CASES`` of a rate in (0, 1) they are those of the beta distribution of the
    same mean and variance, half a case lower, and lie less than two cases from the exact ones:
    a page of limits then costs the same however many cases there are.
    """
    if whole > EXACT_CASES and 0 < rate < 1:
        strength = whole / (1 + (whole - 1) * correlation) - 1
        tails = np.array([(1 - coverage) / 2, (1 + coverage) / 2])
        shares = betaincinv(rate * strength, (1 - rate) * strength, tails) - 0.5 / whole
        low, high = np.clip(shares, 0, 1).tolist()
        return low, high
    below = np.cumsum(_probabilities(whole, rate, correlation))
    tail = (1 - coverage) / 2
    return _limit(below, tail) / whole, _limit(below, 1 - tail) / whole


def _limit(below: NDArray[np.float64], tail: float) -> float:
    """Interpolate the count at which the distribution passes ``tail``."""
    # The sum of all falls short of 1 by rounding, and a tail may ask for just that.
    count = min(int(np.searchsorted(below, tail)), len(below) - 1)
    before = float(below[count - 1]) if count else 0.0
    step = float(below[count]) - before
    beyond = (float(below[count]) - tail) / step if step > 0 else 0.0
    return max(0.0, count - beyond)


def _probabilities(whole: int, rate: float, correlation: float) -> NDArray[np.float64]:
    """Return the probability of each count from 0 to ``whole``."""
    k = np.arange(whole + 1, dtype=np.float64)
    ways = gammaln(whole + 1) - gammaln(k + 1) - gammaln(whole - k + 1)
    if correlation > 0 and 0 < rate < 1:
        strength = (1 - correlation) / correlation
        alpha, beta = rate * strength, (1 - rate) * strength
        logs = ways + betaln(k + alpha, whole - k + beta) - betaln(alpha, beta)
    else:
        logs = ways + xlogy(k, rate) + xlog1py(whole - k, -rate)
    probabilities: NDArray[np.float64] = np.exp(logs)
    return probabilities
