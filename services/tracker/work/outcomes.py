"""What each outcome of a stage does to its clip (but for the check's: outcomes_check)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from services.domain.errors import InputError
from services.domain.fingerprint import Fingerprint
from services.domain.hints import Hints
from services.domain.segments import Segmentation
from services.domain.timebase import Timebase
from services.domain.workflow import ClipState, Facts, Stage, Step
from services.tracker.annotations.models import Prelabel
from services.tracker.annotations.planning import seats_ensure
from services.tracker.annotations.seats import clip_facts, due_now, seats_push
from services.tracker.clips.groups import views_found
from services.tracker.clips.models import Clip, Media
from services.tracker.clips.selectors import clip_of_content
from services.tracker.clips.services import (
    FAILED,
    SUPERSEDED,
    Standing,
    clip_advance,
    clip_hold,
    clip_write,
)
from services.tracker.duplicates.services import footprint_keep
from services.tracker.projects.versions import policy_version
from services.tracker.work.models import Lease

BACKOFF_S = 5
LONGEST_BACKOFF_S = 3600

Json = dict[str, Any]


def ingested(*, clip: Clip, lease: Lease, report: Json, actor: str) -> None:
    """Take a sound file; a second copy of content the project has is refused."""
    timebase = Timebase.from_json(report["timebase"])
    _require_fitting(report["hints"], n_frames=timebase.n_frames)
    _lock_content(clip.project_id, report["sha256"])
    twin = clip_of_content(project_id=clip.project_id, sha256=report["sha256"])
    if twin is not None and twin.pk != clip.pk:
        detail = f"The file has the same content as clip {twin.name!r} ({twin.uid})."
        refused(
            clip=clip,
            lease=lease,
            report={"code": "duplicate", "detail": detail, "sha256": report["sha256"]},
            actor=actor,
        )
        return
    Media.objects.create(
        clip=clip,
        timebase=report["timebase"],
        **{name: report[name] for name in MEDIA_COLUMNS},
    )
    if report["fingerprint"] is not None:
        footprint_keep(clip=clip, fingerprint=Fingerprint.from_json(report["fingerprint"]))
    views = views_found(clip=clip, views=report["views"])
    columns = {
        "sha256": report["sha256"],
        "n_frames": timebase.n_frames,
        "rate": str(timebase.rate),
    }
    clip_advance(
        clip=clip,
        step=Step.INGESTED,
        actor=actor,
        facts=Facts(round=clip.round),
        payload={
            **columns,
            "proxy_sha256": report["proxy_sha256"],
            **({"views": views} if views else {}),
        },
        columns=columns,
    )


MEDIA_COLUMNS = (
    "width",
    "height",
    "proxy_key",
    "proxy_sha256",
    "proxy_bytes",
    "probe",
    "hints",
    "strip_key",
)


def refused(*, clip: Clip, lease: Lease, report: Json, actor: str) -> None:
    """Set a file aside that can never be labelled exactly."""
    reason = {"code": report["code"], "detail": report["detail"]}
    clip_advance(
        clip=clip,
        step=Step.REFUSED,
        actor=actor,
        facts=Facts(round=clip.round),
        payload=report,
        reason=reason,
    )


def prelabelled(*, clip: Clip, lease: Lease, report: Json, actor: str) -> None:
    """Keep a machine's draft and plan the round's seats."""
    segments = Segmentation.from_json(report["segments"], n_frames=clip.n_frames or 0).as_json()
    draft = Prelabel.objects.create(
        clip=clip,
        taxonomy_id=lease.taxonomy_id,
        model=report["model"],
        segments=segments,
        details=report["details"],
    )
    clip_advance(
        clip=clip,
        step=Step.PRELABELLED,
        actor=actor,
        facts=Facts(round=clip.round),
        payload={"prelabel": str(draft.uid), "model": draft.model},
        columns={"taxonomy_id": lease.taxonomy_id},
    )
    seats_ensure(clip=clip, actor=actor)


def pushed(*, clip: Clip, lease: Lease, report: Json, actor: str) -> None:
    """Open the seats whose tasks are in Label Studio."""
    if not report["tasks"]:
        _pushed_nothing(clip=clip, lease=lease, actor=actor)
        return
    seats_push(clip=clip, tasks=report["tasks"])
    step = Step.ARBITRATION_OPENED if clip.state == ClipState.IN_ARBITRATION else Step.DISPATCHED
    clip_advance(
        clip=clip,
        step=step,
        actor=actor,
        facts=clip_facts(clip=clip, policy=policy_version(lease.policy_id)),
        payload={"tasks": report["tasks"]},
    )


def _pushed_nothing(*, clip: Clip, lease: Lease, actor: str) -> None:
    """Go on with what is due when people answered before their findings were pushed."""
    due = due_now(clip=clip, policy=policy_version(lease.policy_id))
    if due == lease.stage:
        raise InputError(
            "Seats of this clip wait for their tasks: report those, or that the stage failed.",
            errors=[{"pointer": "/tasks", "detail": "empty while seats wait"}],
        )
    standing = Standing(
        state=ClipState(clip.state), round=clip.round, due=due, due_at=timezone.now()
    )
    clip_write(
        clip=clip,
        step=SUPERSEDED,
        actor=actor,
        standing=standing,
        payload={"stage": lease.stage},
        ends_lease=True,
    )


def failed(*, clip: Clip, lease: Lease, report: Json, actor: str) -> None:
    """Try again later, or hold the clip when that is hopeless.

    When people moved on meanwhile, so that other work is due, the failure changes nothing.
    """
    stage, policy = Stage(lease.stage), policy_version(lease.policy_id)
    due = due_now(clip=clip, policy=policy)
    attempts = clip.attempts + 1 if due is stage else 0
    is_last = not report["transient"] or attempts >= policy.document["max_attempts"]
    if due is stage and is_last:
        clip_hold(
            clip=clip,
            actor=actor,
            stage=stage,
            code=report["code"],
            detail=report["detail"],
            attempts=attempts,
        )
        return
    wait_s = min(BACKOFF_S * 2 ** (attempts - 1), LONGEST_BACKOFF_S) if attempts else 0
    standing = Standing(
        state=ClipState(clip.state),
        round=clip.round,
        due=due,
        due_at=timezone.now() + timedelta(seconds=wait_s),
        attempts=attempts,
    )
    clip_write(
        clip=clip,
        step=FAILED,
        actor=actor,
        standing=standing,
        payload={**report, "stage": str(stage), "attempt": attempts},
        ends_lease=True,
    )


def _require_fitting(hints: Json | None, *, n_frames: int) -> None:
    """Refuse hints that are none, or another clip's."""
    if hints is not None and (found := Hints.from_json(hints)).n_frames != n_frames:
        raise InputError(
            f"Hints on {found.n_frames} frames do not fit a clip of {n_frames}.",
            errors=[{"pointer": "/hints/n_frames", "detail": "not the clip's length"}],
        )


def _lock_content(project_id: int, sha256: str) -> None:
    """Make two clips of one content take their turns, so that the second sees the first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{project_id}:{sha256}"]
        )
