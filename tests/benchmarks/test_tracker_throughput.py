"""How many claims and reports the tracker takes from eight workers at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pytest

from tests import factories
from tests.benchmarks.claiming import Shift, work_together
from tests.benchmarks.figures import Figure, scaled, show, spread
from tests.benchmarks.services import Services, running

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1200)]
N_CLIENTS = 8
N_CLIPS = scaled(4000, least=80)


@pytest.fixture(scope="module")
def tracker() -> Iterator[Services]:
    with running("postgres", "tracker") as services:
        yield services


@pytest.mark.parametrize("limit", [1, 50])
def test_no_clip_goes_to_two_workers(tracker: Services, limit: int) -> None:
    project = f"by-{limit}"
    tracker.make_project(project)
    with tracker.worker() as worker:
        made = worker.clips_register(project, (factories.clip_in() for _ in range(N_CLIPS)))
    before = tracker.cpu_s()
    shifts = work_together(
        N_CLIENTS,
        url=tracker.settings.tracker_url,
        token=tracker.worker_token,
        project=project,
        limit=limit,
    )
    spent = {name: after - before[name] for name, after in tracker.cpu_s().items()}
    _print(shifts, limit, spent | {"the clients": sum(shift.cpu_s for shift in shifts)})
    claimed = list(chain.from_iterable(shift.claimed for shift in shifts))
    assert len(claimed) == N_CLIPS, "a clip was claimed twice or not at all"
    assert set(claimed) == {clip.uid for clip in made}
    assert sum(shift.n_repeated for shift in shifts) == 0
    with tracker.worker() as worker:
        status = worker.project_status(project)
        histories = [
            [event.step for event in worker.clip_events(uid)] for uid in claimed[:: N_CLIPS // 40]
        ]
    assert status.states == {"ingested": N_CLIPS}
    assert all(steps == ["registered", "ingested"] for steps in histories)


def _print(shifts: list[Shift], limit: int, cpu_s: dict[str, float]) -> None:
    took_s = max(shift.ended for shift in shifts) - min(shift.began for shift in shifts)
    claims = list(chain.from_iterable(shift.claim_s for shift in shifts))
    reports = list(chain.from_iterable(shift.report_s for shift in shifts))
    claimed = list(chain.from_iterable(shift.claimed for shift in shifts))
    n_twice = len(claimed) - len(set(claimed))
    show(
        f"Tracker: {N_CLIENTS} client processes claim {limit} and report, {N_CLIPS} clips",
        [
            Figure(name="requests", value=f"{(len(claims) + len(reports)) / took_s:.0f}/s"),
            Figure(name="clips claimed and reported", value=f"{N_CLIPS / took_s:.0f}/s"),
            spread(f"claim of {limit}", claims),
            spread("report", reports),
            *(
                Figure(
                    name=f"processor time of {name}",
                    value=f"{spent / N_CLIPS * 1000:.1f} ms a clip",
                )
                for name, spent in cpu_s.items()
            ),
            Figure(name="claimed twice", value=str(n_twice), aim="never", met=n_twice == 0),
        ],
    )
