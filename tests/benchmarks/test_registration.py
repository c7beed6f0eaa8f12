"""Registering clips over REST against Label Studio's own import of as many tasks.

A bare task says as much as a registered clip does; a task with a draft is what a clip comes to
in a lane.

Label Studio's PostgreSQL is the tests' throw-away one, which does not wait for the disk, while
the tracker's does: the comparison is the harder for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.benchmarks.figures import Figure, scaled, show, times
from tests.benchmarks.services import Services, running
from tests.live_ls.server import LabelStudio, running_label_studio

pytestmark = [pytest.mark.benchmark, pytest.mark.live_ls, pytest.mark.timeout(1800)]
N = scaled(10_000, least=100)
BATCHES = (1_000, 5_000)
LABEL_STUDIO_CHUNK = 1_000
N_SEGMENTS = 8
AIM = 10.0
LABEL_CONFIG = """
<View>
  <Header value="$title"/>
  <TimelineLabels name="main" toName="video"><Label value="pour"/></TimelineLabels>
  <Video name="video" value="$video"/>
</View>
"""
Json = dict[str, Any]


def bare(n: int) -> Json:
    return {"data": {"video": f"/videos/clip-{n}.mp4", "title": f"clip-{n}.mp4"}}


def with_draft(n: int) -> Json:
    regions = [
        {
            "id": f"r{region}",
            "type": "timelinelabels",
            "from_name": "main",
            "to_name": "video",
            "value": {
                "ranges": [{"start": 50 * region + 1, "end": 50 * region + 40}],
                "timelinelabels": ["pour"],
            },
        }
        for region in range(N_SEGMENTS)
    ]
    return {**bare(n), "predictions": [{"model_version": "draft", "result": regions}]}


TASKS = {"bare tasks": bare, f"tasks with {N_SEGMENTS}-segment drafts": with_draft}


def test_registration_is_faster_than_label_studios_import() -> None:
    with running("postgres", "tracker") as services, running_label_studio() as label_studio:
        before = {size: _register(services, size) for size in BATCHES}
        theirs = {kind: _import(label_studio, kind, make) for kind, make in TASKS.items()}
        # Half before and half after, as a shared machine drifts.
        ours = {size: (took + _register(services, size)) / 2 for size, took in before.items()}
    show(
        f"Registration of {N} clips",
        [
            *(_took(f"Label Studio, {kind}, 1000 a request", s) for kind, s in theirs.items()),
            *(_took(f"tracker, {size} a request", s) for size, s in ours.items()),
            *(
                times(f"tracker, {size} a request, against {kind}", slow / fast, least=AIM)
                for kind, slow in theirs.items()
                for size, fast in ours.items()
            ),
        ],
    )


def _took(name: str, took_s: float) -> Figure:
    return Figure(name=name, value=f"{took_s:.2f} s ({N / took_s:.0f}/s)")


def _register(services: Services, size: int) -> float:
    """Register all clips in a project of their own; return the seconds."""
    slug = f"by-{size}-{time.monotonic_ns()}"
    services.make_project(slug)
    clips = [
        {"name": f"clip-{n}.mp4", "source_uri": f"file:///videos/{slug}/clip-{n}.mp4"}
        for n in range(N)
    ]
    headers = {"Authorization": f"Bearer {services.worker_token}"}
    made: list[int] = []
    with httpx.Client(
        base_url=services.settings.tracker_url, headers=headers, timeout=120
    ) as tracker:

        def send(chunk: list[Json]) -> None:
            answer = tracker.post(f"/api/v1/projects/{slug}/clips", json={"clips": chunk})
            assert answer.status_code == 200, answer.text[:500]
            made.append(answer.json()["n_created"])

        took = _seconds(clips, size, send)
    assert sum(made) == N
    with services.worker() as worker:
        assert worker.project_status(slug).states == {"registered": N}
    return took


def _import(label_studio: LabelStudio, kind: str, make: Callable[[int], Json]) -> float:
    """Import as many tasks as the service account; return the seconds."""
    tasks = [make(n) for n in range(N)]
    with label_studio.admin() as admin:
        admin.timeout = httpx.Timeout(300)
        made = admin.post("/api/projects", json={"title": kind, "label_config": LABEL_CONFIG})
        made.raise_for_status()
        project = f"/api/projects/{made.json()['id']}"

        def send(chunk: list[Json]) -> None:
            answer = admin.post(f"{project}/import", json=chunk)
            assert answer.status_code == 201, answer.text[:500]

        took = _seconds(tasks, LABEL_STUDIO_CHUNK, send)
        assert admin.get(project).json()["task_number"] == N
    return took


def _seconds(things: list[Json], size: int, send: Callable[[list[Json]], None]) -> float:
    began = time.perf_counter()
    for first in range(0, len(things), size):
        send(things[first : first + size])
    return time.perf_counter() - began
