"""Claims: whoever asks gets clips that nobody else has, for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from services.domain.workflow import ClipState, Stage
from services.tracker.annotations.planning import seats_complete
from services.tracker.clips.models import Clip
from services.tracker.clips.selectors import claimable
from services.tracker.clips.services import EXPIRED, Standing, clip_hold, clip_write
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.projects.versions import labels_of, rules_of, taxonomy_version
from services.tracker.work.leases import leases_end
from services.tracker.work.models import Lease

WITH_SEATS = (Stage.DISPATCH, Stage.ARBITRATE)


@transaction.atomic(savepoint=False)  # the view's transaction goes on to read the items
def work_claim(
    *,
    user: User,
    worker: str,
    stage: Stage,
    limit: int,
    project: Project | None = None,
    lease_s: int | None = None,
) -> list[Lease]:
    """Lease up to ``limit`` clips on which a stage is due; empty when there is none."""
    now = timezone.now()
    clips = Clip.objects.filter(claimable(now=now), due=str(stage))
    if project is not None:
        clips = clips.filter(project=project)
    rows = (
        clips.select_related("project")
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by("due_at", "id")[:limit]
    )
    taken = [clip for clip in _leases_end(list(rows), stage=stage, now=now) if not clip.held]
    if stage in WITH_SEATS:
        seats_complete(clips=taken)
        taken = [clip for clip in taken if not clip.held]
    leases = [
        _lease(clip, stage=stage, user=user, worker=worker, now=now, lease_s=lease_s)
        for clip in taken
    ]
    if leases:
        Lease.objects.bulk_create(leases)
        _mark(leases)
    return leases


def _lease(
    clip: Clip, *, stage: Stage, user: User, worker: str, now: datetime, lease_s: int | None
) -> Lease:
    policy = rules_of(clip.project)
    # A clip keeps the labels it was pre-labelled under; the people's lanes are made for them.
    own = clip.taxonomy_id
    seconds = lease_s or policy.document["lease_s"]
    return Lease(
        clip=clip,
        stage=str(stage),
        user=user,
        worker=worker,
        attempt=clip.attempts + 1,
        lease_s=seconds,
        policy=policy,
        taxonomy=taxonomy_version(own) if own else labels_of(clip.project),
        claimed_at=now,
        expires_at=now + timedelta(seconds=seconds),
    )


def _mark(leases: list[Lease]) -> None:
    """Note on the clips until when they are taken: one update a length of lease."""
    by_end: dict[datetime, list[int]] = {}
    for lease in leases:
        by_end.setdefault(lease.expires_at, []).append(lease.clip_id)
    for expires_at, clips in by_end.items():
        Clip.objects.filter(pk__in=clips).update(leased_until=expires_at)


def _leases_end(clips: list[Clip], *, stage: Stage, now: datetime) -> list[Clip]:
    """End the leases of workers that fell silent; a clip that outlives too many is held.

    A lease that runs out is an attempt: work that kills its worker must not be handed out
    for ever.
    """
    silent = [clip for clip in clips if clip.leased_until is not None]
    if silent:
        leases_end(clips=silent, at=now)
        for clip in silent:
            _attempt_lost(clip, stage)
    return clips


def _attempt_lost(clip: Clip, stage: Stage) -> None:
    attempts = clip.attempts + 1
    policy = rules_of(clip.project).document
    if attempts >= policy["max_attempts"]:
        clip_hold(
            clip=clip,
            actor="leases",
            stage=stage,
            code=EXPIRED,
            detail=f"{attempts} workers in a row fell silent on the stage {stage}; see the "
            "worker's log for what this clip does to it, then retry the clip.",
            attempts=attempts,
        )
        return
    standing = Standing(
        state=ClipState(clip.state),
        round=clip.round,
        due=stage,
        due_at=clip.due_at,
        attempts=attempts,
    )
    clip_write(
        clip=clip,
        step=EXPIRED,
        actor="leases",
        standing=standing,
        payload={"stage": str(stage), "attempt": attempts},
        ends_lease=True,
    )
