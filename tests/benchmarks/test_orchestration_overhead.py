"""What the orchestration itself costs a clip: Prefect on PostgreSQL and the real tracker."""

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

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1200)]
N_CLIPS = scaled(200, least=20)
N_REPEATS = 3
MOST_MS = 50.0


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
    arguments = [str(N_CLIPS), str(N_REPEATS), str(out)]
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
    whole, loop, nothing = (
        min(took[name]) * 1000 for name in ("with_prefect", "without_prefect", "nothing_due")
    )
    a_clip = whole / N_CLIPS
    show(
        f"Orchestration: {N_CLIPS} clips with trivial work, the best of {N_REPEATS} runs",
        [
            Figure(name="whole run", value=f"{whole:.0f} ms"),
            Figure(
                name="each clip",
                value=f"{a_clip:.1f} ms",
                aim=f"at most {MOST_MS:g} ms",
                met=a_clip <= MOST_MS,
            ),
            Figure(name="  of it the tracker (the same without Prefect)", value=_ms(loop)),
            Figure(name="  of it Prefect", value=_ms(whole - loop)),
            Figure(name="a run with nothing due", value=f"{nothing:.0f} ms"),
            Figure(name="the first run of a process", value=f"{took['first'][0] * 1000:.0f} ms"),
        ],
    )


def _ms(all_clips_ms: float) -> str:
    return f"{all_clips_ms / N_CLIPS:.1f} ms"
