"""Collect: people's answers from Label Studio into the tracker.

Polling each lane from an overlapping watermark is the truth. Webhooks are hints that make
a run look at once; one that is lost costs seconds, one that comes twice or late costs
nothing, because the tracker knows an answer by its id and update time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

import structlog
from prefect import flow, task, unmapped
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from pydantic import BaseModel, Field

from labeling_bridge.lanes import Lane
from labeling_bridge.sweep import Submission
from orchestration.runtime import Runtime, runtime
from orchestration.stage import threads
from services.client.payloads import LaneOut, SubmissionIn
from services.domain.errors import ConflictError, DuplicateError, InputError, NotFoundError
from services.domain.taxonomy import Taxonomy
from services.domain.workflow import Stage

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
HINTS_AT_ONCE = 1000
LATE = timedelta(seconds=30)


class CollectParams(BaseModel):
    """What a project manager may set when collecting by hand."""

    project: str | None = Field(None, title="Project", description="Only this project's lanes.")
    watch_s: int = Field(
        50, ge=0, le=600, description="Stay this long and look again whenever Label Studio hints."
    )


@dataclass(frozen=True, slots=True)
class Swept:
    """What sweeping lanes came to."""

    n_new: int
    n_failed: int
    """Lanes that could not be read whole; each one's task run says why."""

    def __add__(self, other: Swept) -> Swept:
        return Swept(self.n_new + other.n_new, self.n_failed + other.n_failed)

    def __str__(self) -> str:
        failed = f"; {self.n_failed} sweeps of a lane failed" if self.n_failed else ""
        return f"{self.n_new} new answers{failed}"


@flow(name="collect", timeout_seconds=1800, task_runner=threads(4))
def collect(params: CollectParams = CollectParams()) -> str:  # noqa: B008 - an immutable default; Prefect's form shows it
    """Bring new and corrected answers in, and start checking them."""
    parts = runtime()
    # A run that begins late has others at its heels: it looks once and makes room.
    deadline = time.monotonic() + (0 if is_late() else params.watch_s)
    swept = sweep_lanes(parts, params.project)
    while time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
        if hints := list(islice(parts.tracker.inbox(), HINTS_AT_ONCE)):
            hinted = {hint.label_studio_project for hint in hints}
            swept += sweep_lanes(parts, params.project, only=hinted)
            # Done only after the sweep: a run that is killed leaves the hint standing.
            parts.tracker.inbox_done([hint.id for hint in hints])
    return f"collect: {swept}"


def is_late() -> bool:
    """Whether this run begins well after the time it was scheduled for."""
    scheduled = flow_run.scheduled_start_time
    return bool(scheduled) and datetime.now(UTC) - scheduled > LATE


def sweep_lanes(
    parts: Runtime, project: str | None, *, only: Collection[int | None] = (None,)
) -> Swept:
    """Sweep lanes once, one task run a lane; one that fails leaves the others alone.

    ``only`` names the Label Studio projects that were hinted at; None among them, a hint
    that could not be read, means all.
    """
    lanes = [
        lane
        for lane in parts.tracker.lanes(project=project)
        if None in only or lane.label_studio_project in only
    ]
    taxonomies = _taxonomies(parts, lanes)
    futures = sweep_one.map(
        lanes, [taxonomies[lane.project, lane.taxonomy_version] for lane in lanes], unmapped(parts)
    )
    results = [future.result(raise_on_failure=False) for future in futures]
    n_new = [result for result in results if isinstance(result, int)]
    if sum(n_new):
        parts.nudge(Stage.CHECK)
    return Swept(n_new=sum(n_new), n_failed=len(results) - len(n_new))


@task(
    name="sweep lane",
    task_run_name="lane {lane.uid}",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def sweep_one(lane: LaneOut, taxonomy: Taxonomy, parts: Runtime) -> int:
    """Read one lane's news into the tracker, then move its watermark."""
    sweep = parts.label_studio().sweep(
        lane.label_studio_project,
        lane=Lane(
            project=lane.project,
            taxonomy_version=lane.taxonomy_version,
            username=lane.username,
            kind=lane.kind,
        ),
        taxonomy=taxonomy,
        since=lane.watermark,
    )
    fates = Counter(_submit(parts, lane, submission) for submission in sweep.submissions)
    is_past = not fates["too_early"] + fates["refused"]
    if is_past and sweep.watermark is not None and sweep.watermark != lane.watermark:
        # After the answers: a run that is killed in between reads them again.
        parts.tracker.lane_watermark(lane.uid, sweep.watermark)
    return fates["recorded"]


def _submit(parts: Runtime, lane: LaneOut, submission: Submission) -> str:
    """Hand one answer to the tracker; what became of it.

    Whatever is wrong with one answer must not stop the others of its lane.
    """
    where = {"lane": str(lane.uid), "task_id": submission.task_id}
    assignment = _uid(submission.assignment)
    if assignment is None:
        log.error("answer_without_assignment", **where)
        return "stray"
    try:
        taken = parts.tracker.annotation_submit(
            assignment,
            SubmissionIn(
                label_studio_annotation=submission.label_studio_annotation,
                label_studio_updated_at=submission.label_studio_updated_at,
                segments=[segment.as_json() for segment in submission.segments],
                lead_time_s=submission.lead_time_s,
                verdict=submission.verdict,
                note=submission.note,
            ),
        )
    except NotFoundError:
        # A task that somebody made by hand in the lane.
        log.exception("answer_without_assignment", **where)
        return "stray"
    except DuplicateError:
        # What was read from this answer first is on record, and records never change.
        log.exception("answer_reads_differently", **where)
        return "stray"
    except ConflictError as error:
        if error.code != "not_dispatched":
            raise
        # The task is in the lane but its dispatch was cut off before it reported: the next
        # dispatch will, and the watermark stays until then.
        log.warning("answer_before_dispatch", **where)
        return "too_early"
    except InputError:
        # A person's work must not be passed over: the watermark stays, and so does the error.
        log.exception("answer_refused", **where)
        return "refused"
    return taken.status


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _taxonomies(parts: Runtime, lanes: list[LaneOut]) -> dict[tuple[str, int], Taxonomy]:
    wanted = {(lane.project, lane.taxonomy_version) for lane in lanes}
    return {
        (project, version): Taxonomy.parse(parts.tracker.taxonomy(project, version).document)
        for project, version in wanted
    }
