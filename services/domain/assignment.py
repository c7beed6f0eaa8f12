"""Who gets a seat: the least loaded people, drawn by a lot that can be repeated."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from services.domain.canonical import unit_interval
from services.domain.errors import InputError


def choose_seats(
    *,
    clip_uid: UUID | str,
    round_: int,
    annotators: Mapping[str, int],
    earlier: Collection[str],
    seats: int,
    excluded: Collection[str] = (),
) -> tuple[str, ...]:
    """Choose the blind annotators of a clip's round.

    Parameters
    ----------
    clip_uid, round_
        Seed of the lot.
    annotators : mapping of str to int
        Everyone who may be chosen, with the number of seats they hold open now.
    earlier : collection of str
        Annotators of earlier rounds; chosen again only when nobody else is left.
    seats : int
        How many different people are needed.
    excluded : collection of str
        Who has been shown the clip's known answer; never chosen.

    Returns
    -------
    tuple of str
        Fresh people before earlier ones, then the least loaded, then by lot.

    Raises
    ------
    InputError
        ``too_few_annotators``.
    """
    candidates = [name for name in annotators if name not in excluded]
    if len(candidates) < seats:
        n_met = len(annotators) - len(candidates)
        met = f", {n_met} of whom met this clip as a known one" if n_met else ""
        raise InputError(
            f"A clip needs {seats} annotators, but the project has {len(annotators)} active{met}; "
            "add members with the role annotator, or activate those it has.",
            code="too_few_annotators",
        )
    ranked = sorted(
        candidates,
        key=lambda name: (
            name in earlier,
            annotators[name],
            unit_interval(clip_uid, round_, "seat", name),
            name,
        ),
    )
    return tuple(ranked[:seats])


def choose_arbiter(
    *,
    clip_uid: UUID | str,
    round_: int,
    arbiters: Mapping[str, int],
    excluded: Collection[str],
) -> str:
    """Choose who decides a clip's disputes.

    Parameters
    ----------
    clip_uid, round_
        Seed of the lot.
    arbiters : mapping of str to int
        Everyone who may be chosen, with the number of seats they hold open now.
    excluded : collection of str
        Who has annotated the clip in any round; never chosen.

    Raises
    ------
    InputError
        ``too_few_arbiters``.
    """
    candidates = [name for name in arbiters if name not in excluded]
    if not candidates:
        raise InputError(
            f"None of the project's {len(arbiters)} arbiters is free of a part in this clip; "
            "add a member with the role arbiter who has not annotated it.",
            code="too_few_arbiters",
        )
    return min(
        candidates,
        key=lambda name: (
            arbiters[name],
            unit_interval(clip_uid, round_, "arbiter", name),
            name,
        ),
    )
