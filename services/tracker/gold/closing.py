"""When a known clip closes: after as long as work stays open once a person's answer has passed.

A clip that is work closes to its annotators when the other one's answer passes. Until then an
edit is checked anew; afterwards it changes nothing. A person who could see that some clips close
otherwise would know them, so a known clip's wait is drawn from those of work.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from services.domain.canonical import unit_interval
from services.domain.workflow import ClipPurpose
from services.tracker.annotations.models import Assignment
from services.tracker.clips.models import Clip
from services.tracker.quality.models import Comparison, SanityCheck

RECENT = 500
"""Rounds that waits are drawn from, the newest of the project."""
ENOUGH = 20
"""Waits of a person's own, below which everybody's serve."""
LONGEST_WAIT = timedelta(days=7)
"""A known answer that is never scored measures nobody."""


def closing_draw(*, clip: Clip, seat: Assignment) -> datetime:
    """Draw when a known clip closes whose answer passes now: at once, or later."""
    found = _waits(project_id=clip.project_id)
    own = [wait for user_id, wait in found if user_id == seat.user_id]
    waits = sorted(own if len(own) >= ENOUGH else [wait for _, wait in found])
    # Gold comes of a round, so there are some; all the same, no check may fail for want of them.
    wait = waits[int(unit_interval(clip.uid, "closing") * len(waits))] if waits else timedelta()
    return timezone.now() + min(wait, LONGEST_WAIT)


def _waits(*, project_id: int) -> list[tuple[int, timedelta]]:
    """Return how long people's answers stood, once passed, until their rounds were compared.

    Each round has two: the second one's is nothing, because its own check ended the round.
    """
    rows = Comparison.objects.filter(
        clip__project=project_id, clip__purpose=str(ClipPurpose.WORK)
    ).order_by("-id")
    found = []
    for side in ("x", "y"):
        columns = rows.values_list(
            f"{side}__assignment__user",
            "compared_at",
            Subquery(_first_pass(f"{side}__assignment")),
        )
        for user_id, compared_at, passed_at in columns[:RECENT]:
            if passed_at is None:
                continue  # checked under a lease that was lost, and judged otherwise since
            # In whole seconds: the two times of one transaction are not quite equal.
            seconds = int((compared_at - passed_at).total_seconds())
            found.append((user_id, timedelta(seconds=max(0, seconds))))
    return found


def _first_pass(assignment: str) -> QuerySet[Any]:
    rows = SanityCheck.objects.filter(
        passed=True, annotation__assignment=OuterRef(assignment)
    ).order_by("checked_at")
    return rows.values("checked_at")[:1]
