"""Answers are found whatever the webhooks do, and whatever else lies in a lane."""

from __future__ import annotations

from uuid import uuid4

import pytest

from orchestration.flows import collect as collect_module
from orchestration.flows.check import check
from orchestration.flows.collect import CollectParams, collect
from services.domain.errors import InputError
from tests.orchestration.flows import faults
from tests.orchestration.flows.house import LATER_POUR, ONCE, POUR, House

pytestmark = [pytest.mark.db, pytest.mark.harness]

CREATED, UPDATED = "ANNOTATION_CREATED", "ANNOTATION_UPDATED"


class Clock:
    """Runs only while the flow waits."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch):
    monkeypatch.setattr(collect_module, "time", Clock())


@pytest.fixture
def clip(house: House):
    (clip,) = house.dispatched()
    return clip


WATCHING = CollectParams(watch_s=2)


def test_before_the_first_dispatch_there_is_nothing_to_sweep(house: House):
    assert collect(ONCE) == "collect: 0 new answers"


def test_a_lost_webhook_costs_nothing(house: House, clip):
    house.both_answer(clip, POUR)
    assert house.hints() == []
    assert collect(ONCE) == "collect: 2 new answers"


def test_a_hint_makes_a_watching_run_look_again(house: House, clip):
    def ana_submits() -> None:
        house.answer("ana", clip, POUR)
        house.hint_at("ana", CREATED)

    house.faults.meanwhile("before", faults.INBOX, ana_submits)
    assert collect(WATCHING) == "collect: 1 new answers"
    assert house.hints() == []
    assert house.nudged[-1] == "check"


def test_a_hint_at_one_lane_does_not_trouble_the_others(house: House, clip):
    def both_submit_and_one_webhook_is_lost() -> None:
        house.both_answer(clip, POUR)
        house.hint_at("ana", CREATED)

    house.faults.meanwhile("before", faults.INBOX, both_submit_and_one_webhook_is_lost)
    n_before = house.faults.count(faults.READ_TASKS)
    assert collect(WATCHING) == "collect: 1 new answers"
    assert house.faults.count(faults.READ_TASKS) == n_before + 3
    assert collect(ONCE) == "collect: 1 new answers"


def test_doubled_webhooks_are_one_answer(house: House, clip):
    house.answer("ana", clip, POUR)
    house.hint_at("ana", CREATED, times=3)
    assert collect(WATCHING) == "collect: 1 new answers"
    house.hint_at("ana", CREATED)
    assert collect(WATCHING) == "collect: 0 new answers"
    assert house.hints() == []
    assert house.steps(clip)[4:] == ["submitted"]


def test_webhooks_out_of_order_bring_the_newest_answer(house: House, clip):
    house.answer("ana", clip, LATER_POUR)
    house.answer("ana", clip, POUR)
    house.hint_at("ana", UPDATED)
    house.hint_at("ana", CREATED)
    assert collect(WATCHING) == "collect: 1 new answers"
    (answer,) = house.play["lea"].annotations(clip)
    assert [(s["onset"], s["offset"]) for s in answer.segments] == [(POUR.onset, POUR.offset)]


def test_a_webhook_after_the_decision_changes_nothing_and_loses_nothing(house: House, clip):
    house.both_answer(clip, POUR)
    house.take_in()
    before = house.steps(clip)
    house.answer("ana", clip, LATER_POUR)
    house.hint_at("ana", UPDATED)
    assert collect(WATCHING) == "collect: 0 new answers"
    assert house.steps(clip) == before
    late = [one for one in house.play["lea"].annotations(clip) if one.is_late]
    assert [one.username for one in late] == ["ana"]
    assert check() == "check: nothing was due"


@pytest.mark.parametrize("body", [b"\xff not JSON", b'[{"project": -1}]'])
def test_a_hint_that_says_nothing_still_makes_the_run_look(house: House, clip, body):
    def ana_submits() -> None:
        house.answer("ana", clip, POUR)
        house.hint(body)

    house.faults.meanwhile("before", faults.INBOX, ana_submits)
    assert collect(WATCHING) == "collect: 1 new answers"
    assert house.hints() == []


@pytest.mark.parametrize(
    ("when", "effect", "skip"),
    [
        ("before", faults.READ_TASKS, 2),
        ("before", faults.SUBMIT, 0),
        ("before", faults.INBOX_DONE, 0),
    ],
)
def test_a_hint_stands_until_its_sweep_is_through(house: House, clip, when, effect, skip):
    house.hint()

    def ana_submits() -> None:
        house.answer("ana", clip, POUR)

    house.faults.meanwhile("after", faults.INBOX, ana_submits)
    house.faults.kill(when, effect, skip=skip)
    house.die_in(collect, WATCHING)
    assert len(house.hints()) == 1
    collect(WATCHING)
    assert house.hints() == []
    assert house.steps(clip)[4:] == ["submitted"]


def test_what_others_put_into_a_lane_stops_nobody(house: House, clip):
    lane = house.task("ana", clip)["project"]
    ana = house.task("ana", clip)
    person = next(iter(house.studio.members[lane]))
    for data in ({"assignment": str(uuid4())}, {"assignment": "by hand"}, {}):
        made = house.put_by_hand(lane, {"title": "made by hand"} | data)
        house.studio.submit(made, person, [])
    house.studio.submit(ana["id"], 1, [])
    house.answer("ana", clip, POUR)
    assert collect(ONCE) == "collect: 1 new answers"
    (answer,) = house.play["lea"].annotations(clip)
    assert answer.username == "ana"
    assert all(lane.watermark for lane in house.parts.tracker.lanes(username="ana"))


def test_a_lane_with_a_stranger_in_it_is_not_read_and_the_others_are(house: House, clip):
    house.both_answer(clip, POUR)
    lane = house.task("ana", clip)["project"]
    house.studio.members[lane] |= house.studio.members[house.task("ben", clip)["project"]]
    assert collect(ONCE) == "collect: 1 new answers; 1 sweeps of a lane failed"
    (answer,) = house.play["lea"].annotations(clip)
    assert answer.username == "ben"


def test_one_answer_that_is_refused_stops_no_other_and_is_not_passed_over(house: House):
    first, second = house.dispatched(2)
    house.answer("ana", first, POUR)
    house.answer("ana", second, POUR)
    refusal = InputError("Not in this form.")
    house.faults.fail("before", faults.SUBMIT, refusal)
    assert collect(ONCE) == "collect: 1 new answers"
    assert [lane.watermark for lane in house.parts.tracker.lanes(username="ana")] == [None]
    assert collect(ONCE) == "collect: 1 new answers"
    assert house.steps(first)[4:] == house.steps(second)[4:] == ["submitted"]


def test_an_answer_that_reads_differently_now_stays_as_it_was_read_first(house: House):
    first, second = house.dispatched(2)
    house.answer("ana", first, POUR)
    collect(ONCE)
    task = house.task("ana", first)
    (annotation,) = task["annotations"]
    house.studio.annotations[annotation["id"]]["result"] = []
    house.answer("ana", second, POUR)
    assert collect(ONCE) == "collect: 1 new answers"
    (answer,) = house.play["lea"].annotations(first)
    assert len(answer.segments) == 1
