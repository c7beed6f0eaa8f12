"""Runs a stage with trivial work as the stack's worker does, and the same work without Prefect.

A process of its own, so that it has a flow run's environment, threads and logs and nothing
else. Arguments: how many batches a run, how many repeats, where to write the seconds as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from prefect import flow

from orchestration.runtime import Runtime, runtime
from orchestration.stage import StageParams, run_stage, threads, work_one
from services.client.payloads import WorkItem, WorkReport
from services.domain.workflow import Stage
from tests.factories import ingest_done

BATCH_SIZE = 50
N_THREADS = 4  # as the stages that wait for others have


def trivial(item: WorkItem, parts: Runtime) -> WorkReport:
    """Find every file sound without looking."""
    return ingest_done(str(item.clip_uid))


@flow(name="benchmark", timeout_seconds=7200, task_runner=threads(N_THREADS))
def with_prefect(params: StageParams) -> float:
    """Run a stage; return its seconds without what the flow run around it costs."""
    return seconds(lambda: run_stage(Stage.INGEST, trivial, params))


def without_prefect(params: StageParams) -> int:
    """Claim, work and report as the stage does, with as many threads."""
    parts, n_done = runtime(), 0
    for _ in range(params.max_batches):
        items = parts.tracker.work_claim(
            stage=Stage.INGEST, limit=params.batch_size, worker=parts.worker
        )
        with ThreadPoolExecutor(N_THREADS) as pool:
            n_done += len(list(pool.map(partial(work_one, work=trivial), items)))
    return n_done


def seconds(deed: Callable[[], object]) -> float:
    """Time a deed."""
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def main(n_batches: int, n_repeats: int, out: Path) -> None:
    """Measure in turn, as a shared machine drifts."""
    full = StageParams(batch_size=BATCH_SIZE, max_batches=n_batches)
    nothing = StageParams(project="empty")  # which has no clips
    took: dict[str, list[float]] = {"first": [seconds(lambda: with_prefect(nothing))]}
    took |= {"nothing_due": [], "run": [], "stage": [], "without_prefect": []}
    for _ in range(n_repeats):
        took["nothing_due"].append(seconds(lambda: with_prefect(nothing)))
        took["run"].append(seconds(lambda: took["stage"].append(with_prefect(full))))
        took["without_prefect"].append(seconds(lambda: without_prefect(full)))
    out.write_text(json.dumps(took))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
