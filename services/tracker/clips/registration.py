"""Many clips at once, in a handful of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from services.domain.workflow import ClipState, Facts, due_stage
from services.tracker.clips.history import FIRST, REGISTERED, event_make
from services.tracker.clips.models import Clip, ClipEvent
from services.tracker.clips.selectors import clip_identities
from services.tracker.projects.models import Project

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What became of one clip of a registration."""

    uid: UUID
    name: str
    created: bool


@transaction.atomic
def clips_register(
    *, project: Project, actor: str, clips: list[dict[str, Any]]
) -> list[Registered]:
    """Register clips by their source; those that are known already stay as they are."""
    wanted: dict[str, dict[str, Any]] = {}
    for item in clips:
        wanted.setdefault(item["source_uri"], item)
    known = clip_identities(project=project, source_uris=list(wanted))
    fresh = [_clip(project, item, actor) for uri, item in wanted.items() if uri not in known]
    made: set[UUID] = set()
    if fresh:
        Clip.objects.bulk_create([c for c, _ in fresh], batch_size=BATCH, ignore_conflicts=True)
        # A racing registration may have won some of them; theirs then carry another UID.
        known |= clip_identities(project=project, source_uris=[c.source_uri for c, _ in fresh])
        events: list[ClipEvent] = []
        for clip, event in fresh:
            pk, uid, _ = known[clip.source_uri]
            if uid == clip.uid:
                event.clip_id = pk
                events.append(event)
                made.add(uid)
        ClipEvent.objects.bulk_create(events, batch_size=BATCH)
    return _answer(clips, known, made)


def _clip(project: Project, item: dict[str, Any], actor: str) -> tuple[Clip, ClipEvent]:
    now = timezone.now()
    due = due_stage(ClipState.REGISTERED, step=None, facts=Facts())
    clip = Clip(
        project=project,
        name=item["name"],
        source_uri=item["source_uri"],
        state=str(ClipState.REGISTERED),
        version=1,
        due=str(due),
        due_at=now,
        created_at=now,
        changed_at=now,
    )
    event = event_make(
        clip=clip,
        seq=1,
        at=now,
        actor=actor,
        step=REGISTERED,
        before=None,
        after=clip.state,
        round_=1,
        payload={"name": clip.name, "source_uri": clip.source_uri},
        previous_hash=FIRST,
    )
    clip.head = event.hash
    return clip, event


def _answer(
    clips: list[dict[str, Any]], known: dict[str, tuple[int, UUID, str]], made: set[UUID]
) -> list[Registered]:
    """Answer in the order asked; a source named twice is created once."""
    answer = []
    for item in clips:
        _, uid, name = known[item["source_uri"]]
        answer.append(Registered(uid=uid, name=name, created=uid in made))
        made.discard(uid)
    return answer
