"""Reports: what a worker found out, taken once, whatever the network repeats."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from services.domain.canonical import content_hash
from services.domain.errors import DuplicateError, InputError, LeaseLostError, NotFoundError
from services.domain.workflow import Stage
from services.tracker.clips.models import Clip
from services.tracker.core.views import plain
from services.tracker.people.models import User
from services.tracker.work import outcomes
from services.tracker.work.models import Lease, LeaseEnd
from services.tracker.work.outcomes_check import checked

Handler = Callable[..., None]

# What each stage may come to.
HANDLERS: dict[tuple[Stage, str], Handler] = {
    (Stage.INGEST, "ingested"): outcomes.ingested,
    (Stage.INGEST, "refused"): outcomes.refused,
    (Stage.PRELABEL, "prelabelled"): outcomes.prelabelled,
    (Stage.DISPATCH, "pushed"): outcomes.pushed,
    (Stage.ARBITRATE, "pushed"): outcomes.pushed,
    (Stage.CHECK, "checked"): checked,
}


@transaction.atomic
def work_heartbeat(*, user: User, lease_uid: UUID) -> datetime:
    """Extend a lease by its own length from now; return its new end.

    Raises
    ------
    NotFoundError
        If there is no such lease.
    LeaseLostError
        If it is over.
    """
    clip, lease = _locked(lease_uid)
    now = timezone.now()
    _require_live(lease, now)
    lease.expires_at = now + timedelta(seconds=lease.lease_s)
    Lease.objects.filter(pk=lease.pk).update(expires_at=lease.expires_at)
    Clip.objects.filter(pk=clip.pk).update(leased_until=lease.expires_at)
    return lease.expires_at


@transaction.atomic
def work_report(*, user: User, lease_uid: UUID, report: dict[str, Any]) -> dict[str, Any]:
    """Take a report; the same report again gets the same answer.

    Raises
    ------
    NotFoundError
        If there is no such lease.
    LeaseLostError
        If it ran out.
    DuplicateError
        If something else was reported under it before.
    InputError
        If the stage cannot come to this outcome.
    """
    report = plain(report)
    report_hash = content_hash(report)
    clip, lease = _locked(lease_uid)
    if lease.ended == LeaseEnd.REPORTED:
        if lease.report_hash != report_hash:
            raise DuplicateError(
                "Something else was reported under this lease already.", code="report_differs"
            )
        return {**(lease.answer or {}), "repeated": True}
    now = timezone.now()
    _require_live(lease, now)
    handler = _handler(Stage(lease.stage), report["outcome"])
    handler(clip=clip, lease=lease, report=report, actor=f"{user.username}@{lease.worker}")
    answer = {
        "clip_uid": str(clip.uid),
        "state": str(clip.state),
        "due": None if clip.held else clip.due,
        "round": clip.round,
    }
    Lease.objects.filter(pk=lease.pk).update(
        ended=LeaseEnd.REPORTED, ended_at=now, report_hash=report_hash, answer=answer
    )
    return {**answer, "repeated": False}


def _locked(lease_uid: UUID) -> tuple[Clip, Lease]:
    """Lock the clip first, always: then no two requests wait for each other."""
    # Without the key, here and wherever clips are locked: rows that only refer to a clip, such as
    # a known clip's next showing, are made meanwhile. (One clip a lease: no need to sort.)
    rows = Clip.objects.select_for_update(of=("self",), no_key=True).filter(leases__uid=lease_uid)
    clip = next(iter(rows), None)
    if clip is None:
        raise NotFoundError(f"There is no lease {lease_uid}.")
    return clip, Lease.objects.get(uid=lease_uid)


def _require_live(lease: Lease, now: datetime) -> None:
    if lease.ended is not None or lease.expires_at <= now:
        raise LeaseLostError(
            f"The lease ended at {lease.expires_at.isoformat(timespec='seconds')}; the clip is or "
            "will be somebody else's. Drop the work and claim again."
        )


def _handler(stage: Stage, outcome: str) -> Handler:
    if outcome == "failed":
        return outcomes.failed
    found = HANDLERS.get((stage, outcome))
    if found is None:
        possible = sorted(name for of, name in HANDLERS if of is stage)
        raise InputError(
            f"The stage {stage} comes to {', '.join(possible)} or failed, never to {outcome}.",
            errors=[{"pointer": "/outcome", "detail": "not an outcome of this stage"}],
        )
    return found
