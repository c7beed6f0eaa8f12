"""Workers that die after any of their effects: the next one finishes, and nothing is doubled."""

from __future__ import annotations

import pytest

from orchestration.flows.arbitrate import arbitrate
from orchestration.flows.check import check
from orchestration.flows.collect import collect
from orchestration.flows.dispatch import dispatch
from orchestration.flows.ingest import ingest
from orchestration.flows.prelabel import prelabel
from services.domain.workflow import AssignmentState
from tests import videos
from tests.orchestration.flows import faults
from tests.orchestration.flows.house import LATER_POUR, ONCE, POUR, House, seg

pytestmark = [pytest.mark.db, pytest.mark.harness]


def without_deaths(steps: list[str]) -> list[str]:
    return [step for step in steps if step != "lease_expired"]


@pytest.mark.parametrize(
    ("when", "effect"),
    [("after", faults.PUT), ("after", faults.REPORT)],
)
def test_ingest_is_finished_by_the_next_run(house: House, storage_root, when, effect):
    (clip,) = house.register(videos.clip(house.videos))
    house.faults.kill(when, effect)
    house.die_in(ingest)
    proxies = {path: path.read_bytes() for path in storage_root.rglob("*.mp4")}
    assert len(proxies) == 1
    ingest()
    assert without_deaths(house.steps(clip)) == ["registered", "ingested"]
    stored = {path: path.read_bytes() for path in storage_root.rglob("*") if path.is_file()}
    assert proxies.items() <= stored.items()
    assert [path.suffix for path in stored.keys() - proxies.keys()] == [".svg"], "one strip"


def test_a_draft_that_was_not_reported_is_made_again_once(house: House):
    (clip,) = house.register(videos.clip(house.videos))
    ingest()
    house.faults.kill("before", faults.REPORT)
    house.die_in(prelabel)
    assert list(house.play["lea"].prelabels(clip)) == []
    prelabel()
    house.faults.kill("before", faults.CLAIM)
    house.die_in(prelabel)
    assert len(list(house.play["lea"].prelabels(clip))) == 1
    assert house.steps(clip) == ["registered", "ingested", "lease_expired", "prelabelled"]


DISPATCH = [
    ("after", faults.CLAIM, 0),
    ("after", r"studio POST /api/projects", 0),
    ("after", r"studio POST /segue/members", 0),
    ("after", r"tracker PUT /api/v1/lanes", 1),
    ("after", faults.IMPORT, 0),
    ("before", faults.REPORT, 0),
    ("after", faults.REPORT, 0),
]


@pytest.mark.parametrize(("when", "effect", "skip"), DISPATCH)
def test_nobody_ever_gets_a_task_twice(house: House, when, effect, skip):
    clips = house.prelabelled(2)
    house.faults.kill(when, effect, skip=skip)
    house.die_in(dispatch)
    dispatch()
    assert len(house.studio.projects) == len(house.studio.members) == 2
    assert len(house.studio.webhooks) == 2
    for name in ("ana", "ben"):
        tasks = house.tasks(name)
        assert sorted(task["data"]["title"] for task in tasks) == sorted(
            house.clip(clip).name for clip in clips
        )
        assert all(len(task["predictions"]) == 1 for task in tasks)
    for clip in clips:
        assert {seat.state for seat in house.seats(clip)} == {AssignmentState.OPEN}
        assert without_deaths(house.steps(clip))[3:] == ["dispatched"]


@pytest.mark.parametrize(
    ("when", "effect"), [("after", faults.SHOW_FINDINGS), ("before", faults.REPORT)]
)
def test_findings_stand_on_the_task_once(house: House, when, effect):
    house.labels(min_frames=5)
    (clip,) = house.dispatched()
    house.answer("ana", clip, seg("pour", 10, 13))
    house.take_in()
    house.faults.kill(when, effect)
    house.die_in(dispatch)
    dispatch()
    (task,) = house.tasks("ana")
    assert task["data"]["brief"].count("is 3 frames long") == 1
    assert without_deaths(house.steps(clip))[4:] == ["submitted", "returned", "dispatched"]
    assert {seat.state for seat in house.seats(clip)} == {AssignmentState.OPEN}


@pytest.mark.parametrize(
    ("when", "effect"),
    [
        ("after", faults.SUBMIT),
        ("before", faults.WATERMARK),
        ("after", faults.WATERMARK),
    ],
)
def test_an_answer_is_taken_once(house: House, when, effect):
    (clip,) = house.dispatched()
    house.both_answer(clip, POUR)
    house.faults.kill(when, effect)
    house.die_in(collect, ONCE)
    collect(ONCE)
    assert house.steps(clip)[4:] == ["submitted", "submitted"]
    assert len(list(house.play["lea"].annotations(clip))) == 2
    assert all(lane.watermark for lane in house.parts.tracker.lanes())
    assert collect(ONCE) == "collect: 0 new answers"
    check()
    assert house.state(clip) == "accepted"


@pytest.mark.parametrize(("when", "effect"), [("before", faults.REPORT), ("after", faults.REPORT)])
def test_a_check_is_decided_once(house: House, when, effect):
    (clip,) = house.dispatched()
    house.both_answer(clip, POUR)
    collect(ONCE)
    house.faults.kill(when, effect)
    house.die_in(check)
    check()
    assert house.state(clip) == "accepted"
    assert without_deaths(house.steps(clip))[4:] == ["submitted", "submitted", "agreed"]
    assert len(list(house.play["lea"].decisions(clip))) == 1


@pytest.mark.parametrize(("when", "effect"), [("after", faults.IMPORT), ("before", faults.REPORT)])
def test_the_arbiter_gets_one_task(house: House, when, effect):
    (clip,) = house.dispatched()
    house.answer("ana", clip, POUR)
    house.answer("ben", clip, LATER_POUR)
    house.take_in()
    house.faults.kill(when, effect)
    house.die_in(arbitrate)
    arbitrate()
    assert len(house.tasks("sam")) == 1
    house.arbiter_says(clip, "accept", POUR)
    house.take_in()
    assert house.state(clip) == "accepted"
    assert without_deaths(house.steps(clip))[6:] == [
        "disputed", "arbitration_opened", "submitted", "arbitrated",
    ]  # fmt: skip


def test_an_answer_to_a_task_whose_dispatch_died_waits_and_holds_nobody_up(house: House):
    (clip,) = house.dispatched()
    (unreported,) = house.prelabelled(1)
    house.faults.kill("before", faults.REPORT)
    house.die_in(dispatch)
    house.answer("ana", unreported, POUR)
    house.days_pass_in_the_studio()
    house.answer("ana", clip, POUR)
    assert collect(ONCE) == "collect: 1 new answers"
    dispatch()
    assert collect(ONCE) == "collect: 1 new answers"
    assert house.steps(unreported)[3:] == ["lease_expired", "dispatched", "submitted"]


def test_work_that_kills_every_worker_is_held_until_a_manager_says_so(house: House):
    (clip,) = house.prelabelled(1)
    for _ in range(3):
        house.faults.kill("before", faults.REPORT)
        house.die_in(dispatch)
    assert dispatch() == "dispatch: nothing was due"
    assert house.clip(clip).reason["code"] == "lease_expired"
    house.play["lea"].clip_retry(clip)
    dispatch()
    assert house.state(clip) == "in_annotation"
    assert [len(house.tasks(name)) for name in ("ana", "ben")] == [1, 1]


def test_a_worker_that_wakes_up_too_late_changes_nothing(house: House):
    (clip,) = house.prelabelled(1)

    def slept() -> None:
        house.leases_run_out()
        dispatch()

    house.faults.meanwhile("before", faults.REPORT, slept)
    assert dispatch() == "dispatch: 1 failed"
    assert house.steps(clip)[3:] == ["lease_expired", "dispatched"]
    assert [len(house.tasks(name)) for name in ("ana", "ben")] == [1, 1]


def test_an_answer_that_comes_during_the_check_is_checked_too(house: House):
    (clip,) = house.dispatched()
    house.both_answer(clip, POUR)
    collect(ONCE)

    def changed_her_mind() -> None:
        house.answer("ana", clip, LATER_POUR)
        collect(ONCE)

    house.faults.meanwhile("before", faults.REPORT, changed_her_mind)
    check()
    assert house.state(clip) == "in_arbitration"
    assert house.steps(clip)[4:] == [
        "submitted", "submitted", "submitted", "passed", "disputed",
    ]  # fmt: skip


def test_a_claim_whose_answer_is_lost_is_claimed_again_later(house: House):
    (clip,) = house.prelabelled(1)
    house.faults.lose_first_answers(faults.CLAIM)
    with pytest.raises(Exception, match="does not answer"):
        dispatch()
    assert dispatch() == "dispatch: nothing was due"
    house.new_worker()
    dispatch()
    assert house.steps(clip)[3:] == ["lease_expired", "dispatched"]
