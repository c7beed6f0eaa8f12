"""What the orchestration itself costs a clip: Prefect on PostgreSQL and the real tracker.

Prefect ends a flow run at a whole second of its heartbeat's sleep, so that a run's own length
is rounded up by as much as a second; what is measured inside the run is not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.local import environments
from orchestration.settings import ROOT
from tests import factories
from tests.benchmarks.figures import Figure, scaled, show
from tests.benchmarks.services import Services, running
from tests.benchmarks.stage_program import BATCH_SIZE

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1200)]
N_BATCHES = scaled(4)
N_CLIPS = N_BATCHES * BATCH_SIZE
N_REPEATS = 3


def test_a_trivial_clip_costs_little(tmp_path: Path) -> None:
    with running("postgres", "prefect-server", "tracker") as services:
        services.make_project("empty")
        services.make_project("full")
        n_all = N_CLIPS * N_REPEATS * 2
        with services.worker() as worker:
            worker.clips_register("full", (factories.clip_in() for _ in range(n_all)))
        took = _measure(services, tmp_path)
        with services.worker() as worker:
            states = worker.project_status("full").states
    _print(took)
    assert states == {"ingested": n_all}


def _measure(services: Services, folder: Path) -> dict[str, list[float]]:
    """Run the stage in a process like those that the worker starts."""
    out, log = folder / "took.json", folder / "flow.log"
    arguments = [str(N_BATCHES), str(N_REPEATS), str(out)]
    with log.open("wb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.stage_program", *arguments],
            cwd=ROOT,
            env=environments.worker(services.settings),
            stdout=stream,
            stderr=subprocess.STDOUT,
            timeout=900,
            check=False,
        )
    assert done.returncode == 0, log.read_text(errors="replace")[-3000:]
    took: dict[str, list[float]] = json.loads(out.read_text())
    return took


def _print(took: dict[str, list[float]]) -> None:
    first, nothing, run, stage, loop = (
        min(took[name]) * 1000
        for name in ("first", "nothing_due", "run", "stage", "without_prefect")
    )
    show(
        f"Orchestration: {N_CLIPS} clips with trivial work, the best of {N_REPEATS} runs",
        [
            Figure(name="flow run", value=f"{run:.0f} ms"),
            Figure(name="  a clip, of the whole run", value=f"{run / N_CLIPS:.1f} ms"),
            Figure(name="  a clip, inside the run", value=f"{stage / N_CLIPS:.1f} ms"),
            Figure(
                name="    of it the tracker (the same without Prefect)",
                value=f"{loop / N_CLIPS:.1f} ms",
            ),
            Figure(name="    of it Prefect", value=f"{(stage - loop) / N_CLIPS:.1f} ms"),
            Figure(name="flow run with nothing due", value=f"{nothing:.0f} ms"),
            Figure(name="first flow run of a process", value=f"{first:.0f} ms"),
        ],
    )
