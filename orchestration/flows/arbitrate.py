"""Arbitrate: a disputed clip before a senior who labelled it in no round."""

from __future__ import annotations

from prefect import flow

from labeling_bridge.tasks import SeatTask, arbitration_task
from orchestration.flows.dispatch import clip_of
from orchestration.seats import SeatPusher
from orchestration.stage import StageParams, run_stage, threads
from services.client.payloads import SeatWork, WorkItem
from services.domain.comparison.disputes import Comparison
from services.domain.errors import InputError
from services.domain.workflow import Stage


def arbiter_task(item: WorkItem, seat: SeatWork) -> SeatTask:
    """Make the arbiter's task: the agreed part as a draft, opinions X and Y unnamed."""
    if item.comparison is None:
        raise InputError(f"Clip {item.name} is in arbitration without a comparison on record.")
    return arbitration_task(
        assignment=str(seat.assignment_uid),
        clip=clip_of(item),
        round_=item.round,
        comparison=Comparison.from_json(item.comparison),
    )


@flow(name="arbitrate", timeout_seconds=7200, task_runner=threads(4))
def arbitrate(params: StageParams = StageParams()) -> str:  # noqa: B008 - an immutable default; Prefect's form shows it
    """Put disputed clips, and findings on those that came back, before the arbiters."""
    pusher = SeatPusher(arbiter_task)
    return str(run_stage(Stage.ARBITRATE, pusher.push, params, prepare=pusher.prepare))
