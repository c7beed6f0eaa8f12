"""Clips are registered and moved here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from services.domain.errors import StaleStateError
from services.domain.workflow import ClipState, Facts, Stage, Step, decide
from services.tracker.clips.history import event_make
from services.tracker.clips.models import Clip, ClipEvent

FAILED, HELD, RETRIED, EXPIRED, SUPERSEDED = (
    "failed",
    "held",
    "retried",
    "lease_expired",
    "superseded",
)
BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an event leaves on its clip.

    ``columns`` are further columns of the clip, such as what ingest found out.
    """

    state: ClipState
    round: int
    due: Stage | None
    due_at: datetime
    held: bool = False
    attempts: int = 0
    reason: Mapping[str, Any] | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)


def clip_write(
    *,
    clip: Clip,
    step: str,
    actor: str,
    standing: Standing,
    payload: Mapping[str, Any],
    ends_lease: bool,
) -> None:
    """Change a clip: with :func:`clips_release` the only place that does.

    Compare-and-swap on (state, version), and the event in the same transaction; the caller
    opens it.

    Raises
    ------
    StaleStateError
        If somebody else changed the clip since it was read.
    """
    now = timezone.now()
    event = event_make(
        clip=clip,
        seq=clip.version + 1,
        at=now,
        actor=actor,
        step=str(step),
        before=clip.state,
        after=str(standing.state),
        round_=standing.round,
        payload=dict(payload),
        previous_hash=clip.head,
    )
    changes: dict[str, Any] = {
        "state": str(standing.state),
        "version": event.seq,
        "head": event.hash,
        "round": standing.round,
        "due": None if standing.due is None else str(standing.due),
        "due_at": standing.due_at,
        "held": standing.held,
        "attempts": standing.attempts,
        "reason": standing.reason,
        "changed_at": now,
        **standing.columns,
    }
    if ends_lease:
        changes["leased_until"] = None
    before = {"pk": clip.pk, "state": clip.state, "version": clip.version}
    if Clip.objects.filter(**before).update(**changes) != 1:
        raise StaleStateError(f"Clip {clip.name!r} was changed by somebody else; read it again.")
    event.save(force_insert=True)
    for name, value in changes.items():
        setattr(clip, name, value)


def clip_advance(
    *,
    clip: Clip,
    step: Step,
    actor: str,
    facts: Facts,
    payload: Mapping[str, Any],
    columns: Mapping[str, Any] | None = None,
    reason: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
    ends_lease: bool = True,
) -> None:
    """Apply a step of the workflow to a clip; what is due next is due now, or as given.

    Raises
    ------
    TransitionError
        If the workflow has no such step from the clip's state.
    StaleStateError
        If somebody else changed the clip since it was read.
    """
    decision = decide(ClipState(clip.state), step, facts)
    standing = Standing(
        state=decision.state,
        round=decision.round,
        due=decision.due,
        due_at=due_at or timezone.now(),
        reason=reason,
        columns=columns or {},
    )
    clip_write(
        clip=clip,
        step=step,
        actor=actor,
        standing=standing,
        payload=payload,
        ends_lease=ends_lease,
    )


# The rows are locked by the caller; what is no longer held as it was read is not counted.
RELEASE = """
UPDATE clips_clip SET
    version = version + 1, head = given.head, held = false, reason = NULL, attempts = 0,
    due_at = %(now)s, changed_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(versions)s::integer[], %(heads)s::text[])
    AS given (id, read, head)
WHERE clips_clip.id = given.id AND version = read AND held
"""


def clips_release(*, clips: list[Clip], actor: str) -> None:
    """Let many held clips go on with the stage that each was held in.

    As one statement and one list of events; the caller has locked the clips.

    Raises
    ------
    StaleStateError
        If somebody else changed one since it was read.
    """
    if not clips:
        return
    now = timezone.now()
    events = [
        event_make(
            clip=clip,
            seq=clip.version + 1,
            at=now,
            actor=actor,
            step=RETRIED,
            before=clip.state,
            after=clip.state,
            round_=clip.round,
            payload={"held_for": clip.reason},
            previous_hash=clip.head,
        )
        for clip in clips
    ]
    values: dict[str, Any] = {
        "ids": [clip.pk for clip in clips],
        "versions": [clip.version for clip in clips],
        "heads": [event.hash for event in events],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(RELEASE, values)
        if cursor.rowcount != len(clips):
            raise StaleStateError("A clip was changed by somebody else; try again.")
    ClipEvent.objects.bulk_create(events, batch_size=BATCH)


def clip_hold(
    *,
    clip: Clip,
    actor: str,
    stage: Stage,
    code: str,
    detail: str,
    attempts: int = 0,
    step: str = HELD,
    ends_lease: bool = True,
) -> None:
    """Set a clip aside until a person has looked at the reason."""
    standing = Standing(
        state=ClipState(clip.state),
        round=clip.round,
        due=stage,
        due_at=timezone.now(),
        held=True,
        attempts=attempts,
        reason={"code": code, "detail": detail, "stage": str(stage)},
    )
    clip_write(
        clip=clip,
        step=step,
        actor=actor,
        standing=standing,
        payload={"code": code, "detail": detail, "stage": str(stage), "attempt": attempts},
        ends_lease=ends_lease,
    )
