"""Finding people's answers by polling: the truth, whatever became of the webhooks.

Conventions
-----------
A *watermark* is the update time of the newest task that a sweep has seen. The next sweep
looks again from a little before it, because a request that was stamped earlier may have been
committed later. So answers come more than once; the tracker knows them by annotation and
update time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import structlog

from labeling_bridge.client import ChangedTask, TaskPage
from labeling_bridge.lanes import Kind
from labeling_bridge.results import Verdict, parse
from labeling_bridge.tasks import ASSIGNMENT
from services.domain.errors import LabelStudioError
from services.domain.segments import SubmittedSegment
from services.domain.taxonomy import Taxonomy

OVERLAP: Final = timedelta(seconds=60)
LONGEST_LEAD_TIME_S: Final = 1e9
LONGEST_NOTE: Final = 20_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One person's latest answer to one task."""

    assignment: str
    task_id: int
    label_studio_annotation: int
    label_studio_updated_at: datetime
    segments: tuple[SubmittedSegment, ...]
    verdict: Verdict | None
    note: str
    lead_time_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a lane held that was new, and where the next sweep begins."""

    submissions: tuple[Submission, ...]
    watermark: datetime | None


class AnsweredTasks(Protocol):
    """Reads pages of a lane's answered tasks."""

    def __call__(self, *, since: datetime | None, newest_first: bool, page: int) -> TaskPage:
        """Return one page of tasks that changed at ``since`` or after it."""


def sweep_lane(
    answered: AnsweredTasks,
    *,
    person_id: int,
    since: datetime | None,
    taxonomy: Taxonomy,
    kind: Kind,
) -> Sweep:
    """Read the answers of a lane's own person that changed since the watermark."""
    begin = None if since is None else since - OVERLAP
    first = answered(since=begin, newest_first=True, page=1)
    if not first.tasks:
        return Sweep(submissions=(), watermark=since)
    # What changes while we read is newer than this, and so found by the next sweep.
    watermark = first.tasks[0].updated_at
    tasks = first.tasks if first.total <= len(first.tasks) else _all(answered, begin)
    found = (_submission(task, person_id, taxonomy=taxonomy, kind=kind) for task in tasks)
    return Sweep(
        submissions=tuple(submission for submission in found if submission is not None),
        watermark=watermark if since is None else max(since, watermark),
    )


def _all(answered: AnsweredTasks, begin: datetime | None) -> Iterator[ChangedTask]:
    """Walk all pages by id: a task that changes meanwhile may come twice but is never skipped.

    By time it would move to the end and push its followers onto a page already read.
    """
    page, seen = 1, 0
    while True:
        found = answered(since=begin, newest_first=False, page=page)
        yield from found.tasks
        seen += len(found.tasks)
        if not found.tasks or seen >= found.total:
            return
        page += 1


def _submission(
    task: ChangedTask, person_id: int, *, taxonomy: Taxonomy, kind: Kind
) -> Submission | None:
    assignment = task.data.get(ASSIGNMENT)
    if not isinstance(assignment, str) or not assignment:
        log.warning("label_studio_task_is_not_ours", task_id=task.id)
        return None
    latest = _latest(task, person_id)
    if latest is None:
        return None
    answer = parse(latest.get("result"), taxonomy=taxonomy, kind=kind)
    lead_time = latest.get("lead_time")
    return Submission(
        assignment=assignment,
        task_id=task.id,
        label_studio_annotation=int(latest["id"]),
        label_studio_updated_at=_updated_at(latest),
        segments=answer.segments,
        verdict=answer.verdict,
        note=answer.note[:LONGEST_NOTE],
        lead_time_s=_plausible(lead_time),
    )


def _plausible(lead_time: object) -> float | None:
    """Return seconds, or None for what a browser with a moved clock sends."""
    if isinstance(lead_time, bool) or not isinstance(lead_time, int | float):
        return None
    return float(lead_time) if 0 <= lead_time <= LONGEST_LEAD_TIME_S else None


def _latest(task: ChangedTask, person_id: int) -> dict[str, Any] | None:
    """Return the person's newest answer that was not cancelled; nobody else's ever counts."""
    own = []
    for annotation in task.annotations:
        if annotation.get("completed_by") != person_id:
            log.warning("label_studio_answer_of_a_stranger", task_id=task.id)
        elif not annotation.get("was_cancelled"):
            own.append(annotation)
    return max(own, key=lambda one: (_updated_at(one), int(one["id"])), default=None)


def _updated_at(annotation: dict[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(annotation["updated_at"])
    except (KeyError, TypeError, ValueError) as error:
        raise LabelStudioError(
            f"Annotation {annotation.get('id')} of Label Studio has no readable update time."
        ) from error
