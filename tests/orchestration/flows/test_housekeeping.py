"""The net below the nudges: what is due is started, and nothing else."""

from __future__ import annotations

import pytest

from orchestration.flows.collect import collect
from orchestration.flows.housekeeping import housekeeping
from services.client.payloads import StageFailed
from services.domain.workflow import Stage
from tests.orchestration.flows.house import LATER_POUR, ONCE, POUR, House

pytestmark = [pytest.mark.db, pytest.mark.harness]


@pytest.fixture
def started(house: House):
    """Run housekeeping; return what it started and said."""

    def run() -> tuple[list[str], str]:
        house.nudged.clear()
        said = housekeeping()
        return sorted(house.nudged), said

    return run


def test_nothing_due_starts_nothing(house: House, started):
    assert started() == ([], "housekeeping: started nothing; 0 clips are held, 0 seats idle")
    house.dispatched()
    assert started()[0] == []
    house.accepted()
    assert started()[0] == []


def test_it_starts_exactly_what_a_lost_nudge_forgot(house: House, started):
    disputed, answered = house.dispatched(2)
    house.answer("ana", disputed, POUR)
    house.answer("ben", disputed, LATER_POUR)
    house.take_in()
    assert started()[0] == ["arbitrate"]
    house.answer("ana", answered, POUR)
    collect(ONCE)
    assert started()[0] == ["arbitrate", "check"]
    house.register(house.videos / "new.mp4")
    assert started()[0] == ["arbitrate", "check", "ingest"]


def test_each_stage_is_started_once_however_many_projects_wait(house: House, started):
    house.prelabelled(2)
    for manager, project in (("lea", "kitchen"), ("kim", "garage")):
        house.play[manager].clips_register(project, [house.source("new.mp4")])
    assert started()[0] == ["dispatch", "ingest"]


def test_a_held_clip_is_reported_and_not_started(house: House, started):
    house.register(house.videos / "new.mp4")
    broken = StageFailed(code="broken", detail="It broke.", transient=False)
    house.play.report(house.play.claim_one(Stage.INGEST), broken)
    assert started() == ([], "housekeeping: started nothing; 1 clips are held, 0 seats idle")


def test_a_clip_whose_worker_died_is_started_again(house: House, started):
    house.register(house.videos / "new.mp4")
    house.play.claim_one(Stage.INGEST)
    house.leases_run_out()
    assert started()[0] == ["ingest"]


def test_seats_that_nobody_comes_back_to_are_reported(house: House, started):
    house.rules(seat_timeout_h=1)
    house.dispatched()
    assert started()[1].endswith("0 seats idle")
    house.seats_lie_open(hours=2)
    assert started() == ([], "housekeeping: started nothing; 0 clips are held, 2 seats idle")
