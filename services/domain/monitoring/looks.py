"""A second look: whether what stood out once stands out again, in later answers alone.

Conventions
-----------
The judge keeps its promise for one run. Over many runs a sound person's figures pass the limits
now and then, and stay beyond them for a while, because each run reads nearly the same answers
again: that a signal is still there says little. So the second look leaves out all that the
first one saw. Only the person's later gold answers are asked the first look's questions, about
the same others, as one question (Simes).

It is taken when there are 2, 4, 8 and 16 later answers, at an eighth of the policy's rate each;
the next 16 are looked at by themselves, so that a fault that comes late does not drown in sound
work, at half of that, and so on. All these parts add up to the rate (Boole): however often one
looks, an alarm over a sound person is borne out with a chance of at most that.

Notes
-----
What is promised is about chance. A person whose own habit lies far out, and stays there, stands
out at the second look as at the first; and a figure that lies within the habits that are granted
(:mod:`.habit`) at neither.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from services.domain.monitoring.multiplicity import simes
from services.domain.monitoring.records import History
from services.domain.monitoring.share_rows import share_rows
from services.domain.monitoring.signals import signal_key
from services.domain.monitoring.timing_rows import timing_rows
from services.domain.policy import Monitoring

LOOKS = (2, 4, 8, 16)
"""At how many later answers a second look is taken; after the last one it begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A second look.

    Parameters
    ----------
    first, last : int
        Which of the later answers it reads, from the ``first`` to before the ``last``.
    level : float
        The p-value at which it bears the alarm out.
    """

    first: int
    last: int
    level: float


def latest_look(n_later: int, *, rate: float) -> Look | None:
    """Return the latest look that so many later answers allow; None: there are too few."""
    window, n_fresh = divmod(n_later, LOOKS[-1])
    if n_fresh < LOOKS[0]:
        if not window:
            return None
        window, n_fresh = window - 1, LOOKS[-1]
    first = window * LOOKS[-1]
    last = first + max(n for n in LOOKS if n <= n_fresh)
    return Look(first=first, last=last, level=rate / len(LOOKS) / 2 ** (window + 1))


def stands_again(
    history: History, rules: Monitoring, *, person: str, keys: Collection[str], n_later: int
) -> bool:
    """Tell whether signals of one person are borne out by what the person answered since.

    Parameters
    ----------
    history : mapping of str to sequence of ClipRecord
        As the judge reads it now.
    rules : Monitoring
        The policy's limits. That a chart passes its limit is for the first look to say.
    person : str
        Whose signals.
    keys : collection of str
        The signals, by their key; at least one.
    n_later : int
        How many of the person's records, the newest, the first look did not see.
    """
    look = latest_look(n_later, rate=rules.false_discovery_rate)
    if look is None:
        return False
    fresh = history[person][-n_later:][look.first : look.last]
    known = {n: r for n, r in history.items() if n == person or len(r) >= rules.min_clips}
    known |= {person: fresh}
    of_few = {"cusum_limit": 0.0, "ewma_limit": 0.0}
    # Shares over all of these answers; charts as soon as there is anything to draw.
    whole = rules.model_copy(update=of_few | {"min_clips": len(fresh)})
    charts = rules.model_copy(update=of_few | {"min_clips": 1})
    rows = (*share_rows(known, rules=whole), *timing_rows(known, rules=charts))
    found = {
        signal_key(row.question, row.direction): row.p_value for row in rows if row.person == person
    }
    return simes([found.get(key, 1.0) for key in sorted(keys)]) <= look.level
