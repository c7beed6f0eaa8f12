"""Pre-label: a machine's draft of the boundaries, so that nobody starts from nothing."""

from __future__ import annotations

from prefect import flow

from orchestration.runtime import Runtime
from orchestration.stage import DecodingParams, run_stage, threads
from services.client.payloads import PrelabelDone, WorkItem, WorkReport
from services.domain.errors import StorageError
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase
from services.domain.workflow import Stage


def prelabel_clip(item: WorkItem, parts: Runtime) -> WorkReport:
    """Propose segments from the proxy by change-point detection."""
    from models.prelabel import propose

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


@flow(name="prelabel", timeout_seconds=21600, task_runner=threads(2))
def prelabel(params: DecodingParams = DecodingParams()) -> str:  # noqa: B008 - an immutable default; Prefect's form shows it
    """Draft boundaries for every ingested clip."""
    return str(run_stage(Stage.PRELABEL, prelabel_clip, params))
