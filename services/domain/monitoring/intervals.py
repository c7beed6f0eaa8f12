"""Intervals around shares and means, and the sums they come from.

Conventions
-----------
A share of nothing is None, and so is its interval. All intervals are two-sided and hold
their level for independent cases. Segments of one clip are not independent (they share its
difficulty, its draft and the person's mood of the hour), so an interval over pooled segments
is somewhat too narrow; where an act follows, :mod:`.judge` takes the clip as the unit.

References
----------
Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    JASA 22, 209-212.
Clopper, C. J. and Pearson, E. S. (1934). The use of confidence or fiducial limits
    illustrated in the case of the binomial. Biometrika 26, 404-413.
Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval estimation for a binomial
    proportion. Statistical Science 16, 101-133: why Wilson's and not the textbook's.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.special import betaincinv, ndtri, stdtrit

LEVEL = 0.95

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a whole, as two counts that add up.

    Parameters
    ----------
    part, whole : int
        Counts, ``0 <= part <= whole``.
    """

    part: int
    whole: int

    def __add__(self, other: Share) -> Share:
        return Share(part=self.part + other.part, whole=self.whole + other.whole)

    @property
    def value(self) -> float | None:
        """The ratio in [0, 1]; None of nothing."""
        return self.part / self.whole if self.whole else None

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Return Wilson's score interval; None of nothing."""
        return wilson(self.part, self.whole, level=level) if self.whole else None

    def exact_interval(self, level: float = LEVEL) -> Interval | None:
        """Return Clopper and Pearson's interval, never too narrow; None of nothing."""
        return clopper_pearson(self.part, self.whole, level=level) if self.whole else None


def wilson(part: float, whole: float, *, level: float = LEVEL) -> Interval:
    """Return Wilson's score interval of a share.

    Parameters
    ----------
    part, whole : float
        Counts, ``0 <= part <= whole``, ``whole > 0``; an effective size need not be whole.
    level : float
        Coverage in (0, 1), held on average.
    """
    z = _normal_quantile(level)
    share = part / whole
    spread = z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    middle, scale = share + z * z / (2 * whole), 1 + z * z / whole
    low = (middle - spread) / scale if part else 0.0
    high = (middle + spread) / scale if part < whole else 1.0
    return low, high


def clopper_pearson(part: int, whole: int, *, level: float = LEVEL) -> Interval:
    """Return the exact interval of a share: at least ``level`` whatever the truth.

    Parameters
    ----------
    part, whole : int
        Counts, ``0 <= part <= whole``, ``whole >= 1``.
    level : float
        Coverage in (0, 1), held at the least.
    """
    tail = (1 - level) / 2
    low = float(betaincinv(part, whole - part + 1, tail)) if part else 0.0
    high = float(betaincinv(part + 1, whole - part, 1 - tail)) if part < whole else 1.0
    return low, high


def mean_interval(n: int, total: float, squares: float, *, level: float = LEVEL) -> Interval | None:
    """Return Student's interval of a mean, from sums.

    Parameters
    ----------
    n : int
        Number of values.
    total, squares : float
        Their sum and the sum of their squares.
    level : float
        Coverage in (0, 1), for independent values that are near to normal.

    Returns
    -------
    tuple of float or None
        None for fewer than two values: one value tells nothing about its spread.
    """
    if n < 2:
        return None
    mean = total / n
    # Integers summed exactly cannot cancel below zero, floats can by rounding.
    variance = max(0.0, (squares - total * total / n) / (n - 1))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * sqrt(variance / n)
    return mean - half, mean + half


def _normal_quantile(level: float) -> float:
    return float(ndtri((1 + level) / 2))
