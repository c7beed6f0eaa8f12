"""The lots that keep people blind: whose opinion comes first, who sees a draft, and which."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from services.domain.canonical import unit_interval

_Uid = TypeVar("_Uid", UUID, str)


def candidate_order(clip_uid: UUID | str, round_: int, uids: Iterable[_Uid]) -> tuple[_Uid, ...]:
    """Return the order in which opinions are shown: x first, then y.

    The lot falls anew for each clip and round and depends neither on the order given nor on
    who submitted first, so position tells the arbiter nothing about the person.
    """
    return tuple(
        sorted(uids, key=lambda uid: (unit_interval(clip_uid, round_, "opinion", uid), str(uid)))
    )


def shows_prelabel(clip_uid: UUID | str, control_share: float) -> bool:
    """Tell whether a clip's annotators see the machine's draft.

    Parameters
    ----------
    clip_uid
        Seed of the lot; all seats and rounds of a clip share it.
    control_share : float
        Share of clips in [0, 1] that go out bare, to measure how far drafts lead people.
    """
    return unit_interval(clip_uid, "control") >= control_share


def shows_probe(clip_uid: UUID | str, round_: int, probe_share: float) -> bool:
    """Tell whether one of a round's drafts goes out with a boundary moved on purpose.

    Parameters
    ----------
    clip_uid, round_
        Seed of the lot.
    probe_share : float
        Share of rounds in [0, 1].
    """
    return unit_interval(clip_uid, round_, "probe") < probe_share
