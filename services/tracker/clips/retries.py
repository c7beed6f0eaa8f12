"""A manager's "try again"."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from services.domain.errors import ConflictError
from services.domain.workflow import ClipState, Facts, Step
from services.tracker.annotations.planning import clip_release
from services.tracker.clips.models import Clip
from services.tracker.clips.selectors import clip_get
from services.tracker.clips.services import clip_advance
from services.tracker.people.models import User


@transaction.atomic
def clip_retry(*, actor: User, uid: UUID) -> Clip:
    """Let a held clip go on, or a quarantined one be ingested again.

    Raises
    ------
    NotFoundError
        If the actor may not see the clip.
    ConflictError
        If nothing holds it.
    """
    clip = clip_get(user=actor, uid=uid)
    Clip.objects.select_for_update(of=("self",)).filter(pk=clip.pk).get()
    clip.refresh_from_db()
    if clip.state == ClipState.QUARANTINED:
        clip_advance(clip=clip, step=Step.REQUEUED, actor=actor.username, facts=Facts(), payload={})
    elif clip.held:
        clip_release(clip=clip, actor=actor.username)
    else:
        raise ConflictError(
            f"Clip {clip.name!r} is {clip.state} and nothing holds it; there is nothing to retry.",
            code="nothing_to_retry",
        )
    return clip
