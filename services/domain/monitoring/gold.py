"""Which clip with a known answer goes to whom, and after which of their seats.

Conventions
-----------
A gold answer is known to whoever made it and stale to whoever has met it, so it is the
*clip*, not the entry, that nobody gets twice: a clip that is withdrawn and promoted again
stays seen. All lots come from hashes of what they are drawn for, so that they can be
repeated and audited, and tell a person nothing: neither the order of names nor the share of
honeypots so far can be read from them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from services.domain.canonical import unit_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """A known answer that may be shown.

    Parameters
    ----------
    uid, clip_uid : str
        The entry, and the clip whose answer it holds.
    n_shown : int
        How many people have met it; the least shown go first, so that no answer becomes
        common knowledge long before the others.
    barred : frozenset of str
        Who annotated or arbitrated the clip.
    """

    uid: str
    clip_uid: str
    n_shown: int = 0
    barred: frozenset[str] = frozenset()


def gold_follows(*, clip_uid: UUID | str, round_: int, person: str, gold_share: float) -> bool:
    """Tell whether this seat of a person is followed by a honeypot.

    Parameters
    ----------
    clip_uid, round_, person
        The seat; seed of the lot.
    gold_share : float
        Share of seats in [0, 1].
    """
    return unit_interval(clip_uid, round_, "gold", person) < gold_share


def choose_gold(
    *, seed: object, person: str, golds: Iterable[Gold], seen_clips: Collection[str]
) -> Gold | None:
    """Choose a known answer for a person.

    Parameters
    ----------
    seed
        What it is drawn for (the seat it follows); its text seeds the lot.
    person : str
        Who gets it.
    golds : iterable of Gold
        All that may be shown in the project now.
    seen_clips : collection of str
        Clips the person has met in any form: as work, as honeypot, in a calibration.

    Returns
    -------
    Gold or None
        The least shown of those that fit, then by lot; None when none fits.
    """
    fitting = [
        gold for gold in golds if gold.clip_uid not in seen_clips and person not in gold.barred
    ]
    return min(
        fitting,
        key=lambda gold: (
            gold.n_shown,
            unit_interval(seed, "gold", person, gold.uid),
            gold.uid,
        ),
        default=None,
    )


def choose_calibration(
    *,
    project: str,
    person: str,
    golds: Iterable[Gold],
    seen_clips: Collection[str],
    n_clips: int,
) -> tuple[Gold, ...]:
    """Choose the clips a new annotator is tried on, each a different one.

    Returns
    -------
    tuple of Gold
        ``n_clips`` of them, or as many as fit.
    """
    chosen: list[Gold] = []
    met = set(seen_clips)
    offered = tuple(golds)
    while len(chosen) < n_clips:
        gold = choose_gold(
            seed=f"{project}\x1fcalibration\x1f{len(chosen)}",
            person=person,
            golds=offered,
            seen_clips=met,
        )
        if gold is None:
            break
        chosen.append(gold)
        met.add(gold.clip_uid)
    return tuple(chosen)
