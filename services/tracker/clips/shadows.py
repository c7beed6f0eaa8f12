"""Shadow clips: a decided clip's likeness for one person, from the pre-label on."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from services.domain.workflow import ClipPurpose, ClipState, Facts, due_stage
from services.tracker.clips.history import FIRST, event_make
from services.tracker.clips.models import Clip, Media

PLANTED = "planted"
STATE = ClipState.PRELABELLED


def shadow_create(
    *,
    source: Clip,
    taxonomy_id: int,
    gold_id: int,
    purpose: ClipPurpose,
    wait: timedelta,
    actor: str,
) -> Clip:
    """Make a clip that looks like another one wherever people can look.

    Its task is made no sooner than after the wait. The caller opens the transaction and gives
    the clip its draft and its seat.
    """
    now = timezone.now()
    clip = Clip(
        project_id=source.project_id,
        name=source.name,
        source_uri=source.source_uri,
        sha256=source.sha256,
        n_frames=source.n_frames,
        rate=source.rate,
        taxonomy_id=taxonomy_id,
        purpose=str(purpose),
        gold_id=gold_id,
        state=str(STATE),
        version=1,
        due=str(due_stage(STATE, step=None, facts=Facts())),
        due_at=now + wait,
        created_at=now,
        changed_at=now,
    )
    event = event_make(
        clip=clip,
        seq=1,
        at=now,
        actor=actor,
        step=PLANTED,
        before=None,
        after=clip.state,
        round_=1,
        payload={"purpose": clip.purpose, "source": str(source.uid)},
        previous_hash=FIRST,
    )
    clip.head = event.hash
    clip.save(force_insert=True)
    event.save(force_insert=True)
    _media_copy(source, clip)
    return clip


def _media_copy(source: Clip, clip: Clip) -> None:
    media = Media.objects.get(clip=source)
    media.pk, media.clip = None, clip
    media._state.adding = True
    media.save(force_insert=True)
