"""What a check does to a shadow clip: it stays open to edits as work does, then it is scored."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from services.domain.workflow import AssignmentState, ClipPurpose, Step
from services.tracker.annotations.models import Assignment
from services.tracker.annotations.seats import seats_close
from services.tracker.clips.models import Clip
from services.tracker.gold.closing import closing_draw
from services.tracker.gold.scoring import answer_score
from services.tracker.projects.versions import policy_version
from services.tracker.work.models import Lease
from services.tracker.work.steps import step_take, superseded


def shadow_checked(
    *, clip: Clip, lease: Lease, report: dict[str, Any], actor: str, seat: Assignment
) -> None:
    """Let the clip close when its time has come; until then its answer may be changed.

    An edit that came while the answer was looked at is checked first, whatever the time. Who
    is on trial is told the outcome at once, by the answer that passed first; a honeypot's
    answer counts as it stands at the end.
    """
    if seat.state != AssignmentState.PASSED or seat.current is None:
        superseded(clip, lease, actor, report)
        return
    closes_at = clip.closes_at or closing_draw(clip=clip, seat=seat)
    is_over = closes_at <= timezone.now()
    if is_over:
        seats_close([seat])
    elif not report["verdicts"]:
        superseded(clip, lease, actor, report, due_at=closes_at)  # a manager's retry came early
        return
    # The step is taken with the time, by which it knows that something is due later.
    clip.closes_at = closes_at
    step_take(
        clip,
        lease,
        actor,
        Step.SCORED if is_over else Step.PASSED,
        report,
        columns={"closes_at": closes_at},
        due_at=closes_at,
        annotation=str(seat.current.uid),
        closes_at=closes_at.isoformat(),
    )
    if is_over or clip.purpose == ClipPurpose.CALIBRATION:
        answer_score(
            clip=clip,
            answer=seat.current,
            document=report["comparison"],
            policy=policy_version(lease.policy_id),
        )
