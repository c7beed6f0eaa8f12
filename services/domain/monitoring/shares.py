"""How each person's shares on gold stand against everybody else's.

Conventions
-----------
The common rate of a figure is what all *other* people show on gold: nobody is measured
against a pool they helped to fill. It is an estimate, so a person's count is compared with
its predictive distribution: beta-binomial, the closer to the binomial the more the others
have answered (Jeffreys' prior: half a case of either kind).

Two more things make sound people's counts vary more than the binomial says, and both are
measured on the others:

- cases of one clip go together (a hard clip, a whole event overlooked): the design effect,
  from the scatter of clips about each person's own rate;
- people differ, though none is at fault: from the scatter of people about the common rate,
  robustly (:mod:`.habit`), so that a faulty few do not widen the limits that shall find them. With
  fewer than ``FEW_PEOPLE`` others this cannot be measured, and a sound person's rate is
  taken to vary by half of itself.

References
----------
Jeffreys, H. (1946). An invariant form for the prior probability in estimation problems.
    Proc. Royal Society A 186, 453-461.
Kish, L. (1965). Survey Sampling. Wiley: the design effect of clusters.
Williams, D. A. (1982). Extra-binomial variation in logistic linear models. Applied
    Statistics 31, 144-148.
Spiegelhalter, D. J. (2005). Handling over-dispersion of performance indicators. Quality and
    Safety in Health Care 14, 347-351.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from services.domain.monitoring.funnel import funnel_limits, tail_above
from services.domain.monitoring.habit import FEW_PEOPLE, robust_variance
from services.domain.monitoring.intervals import Interval, Share

USUAL_VARIATION: Final = 0.5
"""Coefficient of variation of sound people's rates, where it cannot be measured."""

_RARE: Final = 3.0
"""With fewer expected faults a person than this, chance hides how people differ."""

_TAILS: Final = np.array([0.1, 0.3, 0.5, 0.7, 0.9])

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """One person's cases of one figure.

    Parameters
    ----------
    parts, wholes : ndarray, shape (n_clips,)
        Clip by clip, ``0 <= parts <= wholes``.
    part, whole : int
        Their sums.
    scatter, chance : float
        Squared deviations of clips from the person's own rate, and what they would be by
        chance; both 0 for fewer than two clips with cases.
    """

    parts: Counts
    wholes: Counts
    part: int
    whole: int
    scatter: float
    chance: float

    @classmethod
    def of(cls, parts: Counts, wholes: Counts) -> Self:
        """Sum the cases up."""
        part, whole = int(parts.sum()), int(wholes.sum())
        n_clips = int(np.count_nonzero(wholes))
        scatter = chance = 0.0
        if n_clips > 1 and 0 < part < whole:
            own = part / whole
            scatter = float(((parts - wholes * own) ** 2).sum()) * n_clips / (n_clips - 1)
            chance = whole * own * (1 - own)
        return cls(
            parts=parts, wholes=wholes, part=part, whole=whole, scatter=scatter, chance=chance
        )

    @classmethod
    def of_sums(cls, share: Share) -> Self:
        """Take what is known in sums only, as if it were one clip; its scatter is not known."""
        return cls.of(np.array([share.part]), np.array([share.whole]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """What a sound person's count is compared with.

    Parameters
    ----------
    rate : float
        The common rate, in (0, 1).
    correlations : tuple of float
        Of two of the person's cases, each in [0, 1); see :mod:`.funnel`. Equally likely
        ones, for how much people differ is itself an estimate.
    """

    rate: float
    correlations: tuple[float, ...]

    def tail(self, part: int, whole: int) -> float:
        """Return how often a sound person shows this count or a higher one."""
        tails = [tail_above(part, whole, self.rate, correlation=c) for c in self.correlations]
        return sum(tails) / len(tails)

    def limits(self, whole: int, *, coverage: float) -> Interval:
        """Return between which shares a sound person keeps; ``whole`` is at least 1."""
        # Of equally likely correlations the mean has the variance of them all together.
        correlation = sum(self.correlations) / len(self.correlations)
        return funnel_limits(whole, self.rate, coverage=coverage, correlation=correlation)


def common_rate(others: Sequence[Cases]) -> float:
    """Return the others' rate, by Jeffreys' prior."""
    part, whole = sum(each.part for each in others), sum(each.whole for each in others)
    return (part + 0.5) / (whole + 1)


def standard(n_cases: int, others: Sequence[Cases], *, rate: float | None = None) -> Standard:
    """Say what a sound person's count of so many cases is compared with.

    Parameters
    ----------
    n_cases : int
        The person's cases, at least 1.
    others : sequence of Cases
        Everybody else's, of whom at least one has cases; those without tell nothing.
    rate : float, optional
        The rate expected of this person, where their mix of labels is accounted for.
    """
    telling = [each for each in others if each.whole]
    common = common_rate(telling)
    n_others = sum(each.whole for each in telling)
    clustering = _design_effect(telling)
    correlations = []
    for between in _between_people(telling, common, clustering):
        inflation = min(float(n_cases), clustering + (n_cases - 1) * between)
        own = (inflation - 1) / (n_cases - 1) if n_cases > 1 else 0.0
        of_pool = clustering / (n_others + 2) + between / len(telling)
        correlations.append(min(0.999, own + of_pool))
    return Standard(rate=common if rate is None else rate, correlations=tuple(correlations))


def expected_rate(mine: Mapping[str, Cases], others: Mapping[str, Sequence[Cases]]) -> float:
    """Return the rate expected of a person's own mix of labels.

    Notes
    -----
    Indirect standardisation: each label's common rate, weighted by the person's cases. Who
    was given more of the hard labels is not blamed for it. Needs at least one case.
    """
    whole = sum(cases.whole for cases in mine.values())
    return sum(cases.whole * common_rate(others[label]) for label, cases in mine.items()) / whole


def _design_effect(people: Sequence[Cases]) -> float:
    """Return how much more clips scatter than cases drawn one by one; at least 1."""
    chance = sum(cases.chance for cases in people)
    return max(1.0, sum(cases.scatter for cases in people) / chance) if chance else 1.0


def _between_people(people: Sequence[Cases], rate: float, clustering: float) -> tuple[float, ...]:
    """Return the correlation of one person's cases that is due to people's differences.

    Notes
    -----
    What is observed has a chi-square distribution about the truth, nearly; its quantiles
    give the values returned.
    """
    mean_cases = sum(cases.whole for cases in people) / len(people)
    if len(people) < FEW_PEOPLE or mean_cases * rate < _RARE:
        return (min(0.5, USUAL_VARIATION**2 * rate / (1 - rate)),)
    parts = np.array([cases.part for cases in people], dtype=np.float64)
    wholes = np.array([cases.whole for cases in people], dtype=np.float64)
    deviations = (parts - wholes * rate) / np.sqrt(wholes * rate * (1 - rate))
    observed, freedom = robust_variance(deviations)
    return tuple(
        min(0.5, max(0.0, inflation - clustering) / (mean_cases - 1))
        for inflation in observed * freedom / chdtri(freedom, _TAILS)
    )
