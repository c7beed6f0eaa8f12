"""A manager's "try again": for work that failed, and for clips that were decided."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from services.domain.errors import ConflictError
from services.domain.workflow import ClipState, Facts, Step
from services.tracker.annotations.planning import clip_release, seats_ensure
from services.tracker.annotations.seats import clip_facts
from services.tracker.clips.models import Clip
from services.tracker.clips.selectors import clip_get
from services.tracker.clips.services import clip_advance
from services.tracker.people.models import User
from services.tracker.projects.versions import rules_of


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
    clip = _locked(actor, uid)
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


@transaction.atomic
def clip_reopen(*, actor: User, uid: UUID) -> Clip:
    """Open another round of a clip that was decided.

    Raises
    ------
    NotFoundError
        If the actor may not see the clip.
    ConflictError
        If it is not decided.
    TransitionError
        If its rounds are used up.
    """
    clip = _locked(actor, uid)
    if clip.state not in {ClipState.ACCEPTED, ClipState.REJECTED}:
        raise ConflictError(
            f"Clip {clip.name!r} is {clip.state}; only an accepted or rejected clip is reopened.",
            code="not_decided",
        )
    clip_advance(
        clip=clip,
        step=Step.REOPENED,
        actor=actor.username,
        facts=clip_facts(clip=clip, policy=rules_of(clip.project)),
        payload={},
    )
    seats_ensure(clip=clip, actor=actor.username)
    return clip


def _locked(actor: User, uid: UUID) -> Clip:
    clip = clip_get(user=actor, uid=uid)
    Clip.objects.select_for_update(of=("self",), no_key=True).filter(pk=clip.pk).get()
    clip.refresh_from_db()
    return clip
