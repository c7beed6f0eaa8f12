"""Pre-label: a machine's draft of the boundaries, so that nobody starts from nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow

from orchestration.drafting import load_stored
from orchestration.fan_out import fan_out
from orchestration.runtime import Runtime
from orchestration.stage import DecodingParams, run_stage
from services.client.payloads import PrelabelDone, WorkItem, WorkReport
from services.domain.errors import StorageError
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase
from services.domain.workflow import Stage

if TYPE_CHECKING:
    from models.temporal.view import TemporalModel


def prelabel_clip(item: WorkItem, parts: Runtime) -> WorkReport:
    """Draft a clip from its proxy: by the project's model, else by change points."""
    from models.prelabel import propose

    if item.proxy_key is None or item.timebase is None:
        raise StorageError(f"Clip {item.name} has no proxy on record; retry its ingest.")
    model, why = _drafter(item, parts)
    with parts.store.as_file(item.proxy_key) as proxy:
        draft = propose(
            proxy,
            n_frames=Timebase.from_json(item.timebase).n_frames,
            taxonomy=Taxonomy.parse(item.taxonomy),
            model=model,
        )
    return PrelabelDone(
        model=draft.model,
        segments=[segment.as_json() for segment in draft.segments],
        details=draft.details | why,
    )


def _drafter(item: WorkItem, parts: Runtime) -> tuple[TemporalModel | None, dict[str, Any]]:
    """Return the model in use, if it can still be used, and what the draft says of that."""
    from models.features import key_of
    from models.lowres import LowRes

    if item.model is None:
        return None, {"model_version": None}
    if item.model.extractor != key_of(LowRes()):
        # Software that sees otherwise came after the model; the next training mends it.
        cold = f"model {item.model.version} reads {item.model.extractor} features"
        return None, {"model_version": None, "cold_because": cold}
    return load_stored(item.model, parts.store), {"model_version": item.model.version}


@flow(name="prelabel", timeout_seconds=21600, task_runner=fan_out())
def prelabel(params: DecodingParams = DecodingParams()) -> str:  # noqa: B008 - an immutable default; Prefect's form shows it
    """Draft boundaries for every ingested clip."""
    return str(run_stage(Stage.PRELABEL, prelabel_clip, params))
