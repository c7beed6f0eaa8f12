"""Pre-label: a machine's draft of the boundaries, so that nobody starts from nothing."""

from __future__ import annotations

from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner

from orchestration.runtime import Runtime
from orchestration.stage import StageParams, run_stage, work_one
from services.client.payloads import PrelabelDone, WorkItem, WorkReport, WorkReported
from services.domain.errors import StorageError
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase
from services.domain.workflow import Stage


def prelabel_clip(item: WorkItem, parts: Runtime) -> WorkReport:
    """Propose segments from the proxy by change-point detection."""
    from models.changepoints import propose

    if item.proxy_key is None or item.timebase is None:
        raise StorageError(f"Clip {item.name} has no proxy on record; retry its ingest.")
    with parts.store.as_file(item.proxy_key) as proxy:
        draft = propose(
            proxy,
            n_frames=Timebase.from_json(item.timebase).n_frames,
            taxonomy=Taxonomy.parse(item.taxonomy),
        )
    return PrelabelDone(
        model=draft.model,
        segments=[segment.as_json() for segment in draft.segments],
        details=draft.details,
    )


@task(name="pre-label clip", task_run_name="{item.clip_uid}", timeout_seconds=3600)
def prelabel_one(item: WorkItem) -> WorkReported | None:
    """Pre-label one claimed clip."""
    return work_one(item, prelabel_clip)


@flow(name="prelabel", timeout_seconds=21600, task_runner=ThreadPoolTaskRunner(max_workers=2))
def prelabel(params: StageParams = StageParams()) -> str:  # noqa: B008 - an immutable default; Prefect's form shows it
    """Draft boundaries for every ingested clip."""
    return str(run_stage(Stage.PRELABEL, prelabel_one, params))
