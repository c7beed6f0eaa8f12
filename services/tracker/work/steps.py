"""What every check's report leads to: a step of the workflow, or nothing but another look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from services.domain.workflow import ClipState, Step
from services.tracker.annotations.seats import clip_facts, due_now
from services.tracker.clips.models import Clip
from services.tracker.clips.services import SUPERSEDED, Standing, clip_advance, clip_write
from services.tracker.projects.versions import policy_version
from services.tracker.work.models import Lease

Json = dict[str, Any]


def step_take(
    clip: Clip,
    lease: Lease,
    actor: str,
    step: Step,
    report: Json,
    *,
    columns: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
    **more: Any,
) -> None:
    """Take the step that follows from what the seats have become."""
    clip_advance(
        clip=clip,
        step=step,
        actor=actor,
        facts=clip_facts(clip=clip, policy=policy_version(lease.policy_id)),
        payload={**_summary(report), **more},
        columns=columns,
        due_at=due_at,
    )


def superseded(
    clip: Clip, lease: Lease, actor: str, report: Json, *, due_at: datetime | None = None
) -> None:
    """Look again, now or when it is time: newer answers came, or it is too early to decide."""
    standing = Standing(
        state=ClipState(clip.state),
        round=clip.round,
        due=due_now(clip=clip, policy=policy_version(lease.policy_id)),
        due_at=due_at or clip.due_at,
    )
    clip_write(
        clip=clip,
        step=SUPERSEDED,
        actor=actor,
        standing=standing,
        payload=_summary(report),
        ends_lease=True,
    )


def _summary(report: Json) -> Json:
    """Return what the history keeps of a check: who passed, never what anybody answered."""
    verdicts: Iterable[Json] = report["verdicts"]
    return {"verdicts": {item["annotation_uid"]: item["passed"] for item in verdicts}}
