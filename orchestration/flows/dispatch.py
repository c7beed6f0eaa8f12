"""Dispatch: two blind tasks for each clip, each in its own person's lane."""

from __future__ import annotations

from prefect import flow

from labeling_bridge.tasks import Clip, SeatTask, annotation_task
from orchestration.seats import SeatPusher
from orchestration.stage import StageParams, run_stage, threads
from services.client.payloads import SeatWork, WorkItem
from services.domain.errors import StorageError
from services.domain.hints import Hints
from services.domain.segments import Segment
from services.domain.timebase import Timebase
from services.domain.workflow import Stage


def clip_of(item: WorkItem) -> Clip:
    """Return what people's tasks say about a claimed clip."""
    if item.proxy_key is None or item.timebase is None:
        raise StorageError(f"Clip {item.name} has no proxy on record; retry its ingest.")
    timebase = Timebase.from_json(item.timebase)
    return Clip(
        name=item.name,
        proxy_key=item.proxy_key,
        rate=timebase.rate,
        n_frames=timebase.n_frames,
        hints=None if item.hints is None else Hints.from_json(item.hints),
        strip_key=item.strip_key,
    )


def annotator_task(item: WorkItem, seat: SeatWork) -> SeatTask:
    """Make one annotator's task, with the machine's draft unless it is a control."""
    own = item.prelabel if seat.prelabel is None else seat.prelabel
    draft = [Segment.from_json(segment) for segment in own]
    return annotation_task(
        assignment=str(seat.assignment_uid),
        clip=clip_of(item),
        round_=item.round,
        prelabel=draft if seat.shows_prelabel else None,
    )


@flow(name="dispatch", timeout_seconds=7200, task_runner=threads(4))
def dispatch(params: StageParams = StageParams()) -> str:  # noqa: B008 - an immutable default; Prefect's form shows it
    """Put new tasks, and findings on those that came back, before the annotators."""
    pusher = SeatPusher(annotator_task)
    return str(run_stage(Stage.DISPATCH, pusher.push, params, prepare=pusher.prepare))
