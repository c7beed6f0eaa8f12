"""The one loop that every machine stage runs: claim, work, report, until nothing is due.

A run may be killed anywhere. Its leases run out, the clips are claimed again by the next
run, and a report that comes too late is refused by the tracker and changes nothing.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import structlog
from prefect import task, unmapped
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import BaseModel, Field

from orchestration.runtime import Runtime, runtime
from services.client.payloads import StageFailed, WorkItem, WorkReport, WorkReported
from services.domain.errors import (
    ConflictError,
    InputError,
    LeaseLostError,
    NotFoundError,
    SegueError,
    TransientError,
    TransitionError,
)
from services.domain.workflow import Stage

log = structlog.get_logger(__name__)

BEATS_A_LEASE = 3
"""How often a lease is renewed in its life: two lost heartbeats do not lose it."""

LONGEST_DETAIL = 2000
"""Characters of an error's sentence that are reported; the whole stands in the run's log."""

StageWork = Callable[[WorkItem, Runtime], WorkReport]
Prepare = Callable[[list[WorkItem], Runtime], None]


def threads(n: int) -> TaskRunner[PrefectFuture[Any]]:
    """Return a task runner that works on ``n`` clips at a time."""
    # Prefect types its runners by their own kind of future, and flows by futures at large.
    return cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=n))


class StageParams(BaseModel):
    """What a project manager may set when starting a stage by hand."""

    project: str | None = Field(None, title="Project", description="Only this project's clips.")
    batch_size: int = Field(50, ge=1, le=1000, description="Clips claimed at a time.")
    max_batches: int = Field(
        20,
        ge=1,
        le=1000,
        description="Batches before the run ends; what is left waits for the next.",
    )


class DecodingParams(StageParams):
    """The same for stages that decode: small claims, so that other machines find work too."""

    batch_size: int = Field(4, ge=1, le=1000, description="Clips claimed at a time.")


@dataclass(frozen=True, slots=True)
class StageSummary:
    """What one run of a stage came to."""

    stage: Stage
    outcomes: Counter[str] = field(default_factory=Counter)
    due: frozenset[Stage] = frozenset()
    """Stages that the reports made due."""

    def __str__(self) -> str:
        counts = ", ".join(f"{n} {name}" for name, n in sorted(self.outcomes.items()))
        return f"{self.stage}: {counts or 'nothing was due'}"


def run_stage(
    stage: Stage,
    work: StageWork,
    params: StageParams,
    *,
    prepare: Prepare | None = None,
) -> StageSummary:
    """Claim and work batches of one stage, then nudge the stages that became due.

    Parameters
    ----------
    stage : Stage
        What to claim.
    work : callable
        Does one clip's work and returns its report; runs as one Prefect task run a clip.
    params : StageParams
        Limits of this run.
    prepare : callable, optional
        Does for a whole batch at once what would be slow one by one. It may only save time:
        the work must come out right when nothing was prepared.
    """
    parts = runtime()
    outcomes: Counter[str] = Counter()
    due: set[Stage] = set()
    one = one_clip.with_options(name=f"{stage} clip")
    has_more = True
    for _ in range(params.max_batches):
        items = parts.tracker.work_claim(
            stage=stage, project=params.project, limit=params.batch_size, worker=parts.worker
        )
        if not items:
            has_more = False
            break
        with leases_kept(parts, items):
            if prepare is not None:
                prepare(items, parts)
            for future in one.map(items, unmapped(work)):
                reported = future.result(raise_on_failure=False)
                if isinstance(reported, WorkReported):
                    outcomes[str(reported.state)] += 1
                    if reported.due is not None:
                        due.add(reported.due)
                else:
                    outcomes["failed"] += 1
    for next_stage in sorted((due - {stage}) | ({stage} if has_more else set())):
        parts.nudge(next_stage)
    summary = StageSummary(stage, outcomes, frozenset(due))
    log.info("stage_done", stage=stage, outcomes=dict(outcomes), due=sorted(due))
    return summary


# No timeout here: Prefect cannot interrupt a thread. The flow has one, decoding has its own
# fence, and every request its own limit.
@task(task_run_name="{item.clip_uid}", cache_policy=NO_CACHE, persist_result=False)
def one_clip(item: WorkItem, work: StageWork) -> WorkReported | None:
    """Work one claimed clip."""
    return work_one(item, work)


def work_one(item: WorkItem, work: StageWork) -> WorkReported | None:
    """Do one clip's work and report it, whatever comes of it.

    Returns None when the lease was lost on the way: somebody else has the clip now.

    Raises
    ------
    Exception
        What the work raised unexpectedly, after it was reported; Prefect shows it.
    """
    parts = runtime()
    unexpected: Exception | None = None
    report: WorkReport
    try:
        report = work(item, parts)
    except SegueError as error:
        report = _failure(error.code, error.detail, transient=isinstance(error, TransientError))
    except Exception as error:  # the top of a clip's work: report it, then raise it
        unexpected = error
        report = _failure("unexpected", f"{type(error).__name__}: {error}", transient=True)
    try:
        reported = _take_to_tracker(item, report, parts)
    except LeaseLostError:
        log.warning("lease_lost", clip_uid=str(item.clip_uid), stage=item.stage)
        return None
    if unexpected is not None:
        raise unexpected
    return reported


def _failure(code: str, detail: str, *, transient: bool) -> StageFailed:
    """Say what went wrong in a form the tracker takes, whatever library wrote the sentence."""
    sentence = detail.replace("\0", "?").strip()[:LONGEST_DETAIL] or "It gave no reason."
    return StageFailed(code=code, detail=sentence, transient=transient)


def _take_to_tracker(item: WorkItem, report: WorkReport, parts: Runtime) -> WorkReported:
    """Report; what the tracker refuses to take becomes the failure that a person sees."""
    try:
        return parts.tracker.work_report(item.lease_uid, report)
    except InputError as error:
        # Left at that, the lease would run out, and the clip be held for silence instead.
        log.exception("report_refused", clip_uid=str(item.clip_uid), stage=item.stage)
        fault = _failure(error.code, error.detail, transient=False)
    except TransitionError as error:
        # The clip moved on meanwhile. That ends this try and the lease, and no other clip's.
        log.warning("clip_moved_on", clip_uid=str(item.clip_uid), stage=item.stage)
        fault = _failure(error.code, error.detail, transient=True)
    return parts.tracker.work_report(item.lease_uid, fault)


@contextmanager
def leases_kept(parts: Runtime, items: list[WorkItem]) -> Iterator[None]:
    """Renew the leases of a batch until the block ends."""
    stop = threading.Event()
    every_s = min(item.policy["lease_s"] for item in items) / BEATS_A_LEASE

    def beat() -> None:
        alive = {item.lease_uid for item in items}
        while alive and not stop.wait(every_s):
            for lease in sorted(alive):
                if not _renew(parts, lease):
                    alive.discard(lease)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _renew(parts: Runtime, lease: UUID) -> bool:
    """Renew one lease; False when it is over (reported, or lost to another worker)."""
    try:
        parts.tracker.work_heartbeat(lease)
    except (ConflictError, NotFoundError):
        return False
    except SegueError as error:
        # One stumble must not cost the other clips of the batch their leases.
        log.warning("heartbeat_failed", lease=str(lease), code=error.code)
    return True
