"""Between which shares everybody keeps who is as sound as the others, for a reader's eye.

Conventions
-----------
A funnel (:mod:`.funnel`) about what all *other* people show, a figure at a time. It is made of
running sums, so that a page of it costs the same after a million comparisons as after ten; the
judge looks clip by clip and over time, and holds all its questions together to one error rate
(:mod:`.judge`). Of 20 sound people one is expected beyond a warning limit. Nobody is acted on
by these limits.

How much clips scatter is not in sums. Where there are enough people it shows in how the
people scatter, which widens the limits by the same; else a sound person's rate is taken to vary
by half of itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from services.domain.monitoring.funnel import COVERAGES
from services.domain.monitoring.intervals import Interval, Share
from services.domain.monitoring.shares import Cases, standard

_Person = TypeVar("_Person", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLimits:
    """What is common, and how far a sound person may lie from it by chance.

    Parameters
    ----------
    expected : float
        The others' rate, in (0, 1).
    warning, action : tuple of float
        Shares in [0, 1] between which 95 and 99.8 % of sound people are.
    """

    expected: float
    warning: Interval
    action: Interval


def share_limits(shares: Mapping[_Person, Share]) -> dict[_Person, ShareLimits]:
    """Return each person's limits, for as many cases as the person has.

    Parameters
    ----------
    shares : mapping of person to Share
        One figure of everybody's.

    Returns
    -------
    dict
        Who has no cases, or nobody to be compared with, is not in it.
    """
    known = {person: Cases.of_sums(share) for person, share in shares.items() if share.whole}
    found = {}
    for person, mine in known.items():
        others = [cases for other, cases in known.items() if other != person]
        if others:
            common = standard(mine.whole, others)
            warning, action = (common.limits(mine.whole, coverage=part) for part in COVERAGES)
            found[person] = ShareLimits(expected=common.rate, warning=warning, action=action)
    return found
