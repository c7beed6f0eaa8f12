"""The hash chain: each event names the one before, so that no link can be changed unseen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.domain.canonical import content_hash
from services.domain.errors import ConflictError
from services.tracker.clips.models import Clip, ClipEvent

FIRST = "0" * 64
REGISTERED = "registered"


def event_make(
    *,
    clip: Clip,
    seq: int,
    at: datetime,
    actor: str,
    step: str,
    before: str | None,
    after: str,
    round_: int,
    payload: dict[str, Any],
    previous_hash: str,
) -> ClipEvent:
    """Return an event with its hash, not saved yet."""
    event = ClipEvent(
        clip=clip,
        seq=seq,
        at=at,
        actor=actor,
        step=step,
        before=before,
        after=after,
        round=round_,
        payload=payload,
        previous_hash=previous_hash,
    )
    event.hash = event_hash(event, clip_uid=clip.uid)
    return event


def event_hash(event: ClipEvent, *, clip_uid: UUID) -> str:
    """Return the hash over all that the event says."""
    return link_hash(
        clip_uid=clip_uid,
        seq=event.seq,
        at=event.at,
        actor=event.actor,
        step=event.step,
        before=event.before,
        after=event.after,
        round_=event.round,
        payload=event.payload,
        previous_hash=event.previous_hash,
    )


def link_hash(
    *,
    clip_uid: UUID,
    seq: int,
    at: datetime,
    actor: str,
    step: str,
    before: str | None,
    after: str,
    round_: int,
    payload: dict[str, Any],
    previous_hash: str,
) -> str:
    """Return an event's hash from what it says, for events that are never objects here."""
    return content_hash(
        {
            "clip": str(clip_uid),
            "seq": seq,
            "at": at.astimezone(UTC).isoformat(),
            "actor": actor,
            "step": step,
            "before": before,
            "after": after,
            "round": round_,
            "payload": payload,
            "previous_hash": previous_hash,
        }
    )


def history_verify(*, clip_uid: UUID, events: Iterable[ClipEvent]) -> tuple[str, int, str]:
    """Replay a clip's events; return the state and round they lead to and the last hash.

    Raises
    ------
    ConflictError
        If a link is missing, was changed or does not follow from the one before.
    """
    state, round_, head = None, 1, FIRST
    for number, event in enumerate(events, start=1):
        sound = (
            event.seq == number
            and event.previous_hash == head
            and event.before == state
            and event.hash == event_hash(event, clip_uid=clip_uid)
        )
        if not sound:
            raise ConflictError(
                f"Event {event.seq} of clip {clip_uid} breaks the chain.", code="broken_history"
            )
        state, round_, head = event.after, event.round, event.hash
    if state is None:
        raise ConflictError(f"Clip {clip_uid} has no history.", code="broken_history")
    return state, round_, head
