"""Two runs of one flow at once: every clip is worked by one of them."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from orchestration.flows.check import check
from orchestration.flows.collect import collect
from orchestration.flows.dispatch import dispatch
from orchestration.flows.ingest import ingest
from orchestration.flows.release import ReleaseParams, release
from orchestration.stage import DecodingParams, StageParams
from services.tracker.work.models import Lease
from tests import videos
from tests.orchestration.flows.house import ONCE, POUR, House

pytestmark = [pytest.mark.db, pytest.mark.harness]

IN_TWOS = StageParams(batch_size=2)


def race(flow, *arguments) -> list[str]:
    """Run a flow twice, from the same moment on."""
    start = Barrier(2)

    def run(_: int) -> str:
        start.wait()
        return flow(*arguments)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))


def n_leases(stage: str) -> Counter[str]:
    return Counter(Lease.objects.filter(stage=stage).values_list("clip__uid", flat=True))


def test_two_ingests_share_the_clips(house: House):
    paths = []
    for n in range(3):
        path = videos.clip(house.videos, f"{n}.mp4", gop=10 + n)
        paths.append(path)
    clips = house.register(*paths)
    race(ingest, DecodingParams(batch_size=1))
    assert n_leases("ingest") == dict.fromkeys(clips, 1)
    for clip in clips:
        assert house.steps(clip) == ["registered", "ingested"]
    assert house.faults.count("store put proxies/.*") == 3
    assert house.faults.count("store put strips/.*") == 3


def test_two_dispatches_make_each_lane_and_each_task_once(house: House):
    clips = house.prelabelled(5)
    race(dispatch, IN_TWOS)
    assert n_leases("dispatch") == dict.fromkeys(clips, 1)
    names = sorted(house.clip(clip).name for clip in clips)
    for person in ("ana", "ben"):
        assert sorted(task["data"]["title"] for task in house.tasks(person)) == names
    for clip in clips:
        assert house.steps(clip)[3:] == ["dispatched"]


def test_two_sweeps_take_each_answer_once_and_two_checks_decide_once(house: House):
    clips = house.dispatched(5)
    for clip in clips:
        house.both_answer(clip, POUR)
    said = race(collect, ONCE)
    assert sum(int(text.split()[1]) for text in said) == 10
    race(check, IN_TWOS)
    assert n_leases("check") == dict.fromkeys(clips, 1)
    for clip in clips:
        assert house.steps(clip)[4:] == ["submitted", "submitted", "agreed"]


def test_two_builds_of_one_version_are_one_release(house: House):
    house.accepted()
    said = race(release, ReleaseParams(project="kitchen", version="1.0.0"))
    assert said[0] == said[1]
    assert [one.state for one in house.play["lea"].releases()] == ["published"]
