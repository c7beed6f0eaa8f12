"""Reports that arrive twice count once, whichever stage sends them."""

from __future__ import annotations

import pytest

from orchestration.flows.arbitrate import arbitrate
from orchestration.flows.check import check
from orchestration.flows.collect import collect
from orchestration.flows.dispatch import dispatch
from orchestration.flows.ingest import ingest
from orchestration.flows.prelabel import prelabel
from orchestration.flows.release import ReleaseParams, release
from services.domain.errors import TransientError
from services.tracker.work.models import Lease
from tests import videos
from tests.orchestration.flows.faults import IMPORT
from tests.orchestration.flows.house import ONCE, House, seg

pytestmark = [pytest.mark.db, pytest.mark.harness]

REPEATABLE = (
    r"tracker (PUT .*|POST /api/v1/("
    r"work/[^/]+/report|assignments/.*|lanes/.*|inbox/done|releases/.*|projects/.*))"
)
UNDISTURBED = [
    "registered", "ingested", "prelabelled", "dispatched", "submitted", "submitted", "returned",
    "dispatched", "submitted", "disputed", "arbitration_opened", "submitted", "arbitrated",
]  # fmt: skip


def whole_way(house: House):
    """Take a clip through every kind of report there is; return it."""
    house.labels(min_frames=5)
    (clip,) = house.register(videos.clip(house.videos))
    ingest()
    prelabel()
    dispatch()
    house.answer("ana", clip, seg("pour", 30, 33))
    house.answer("ben", clip, seg("pour", 30, 55))
    house.take_in()
    dispatch()
    house.answer("ana", clip, seg("pour", 40, 55))
    house.take_in()
    arbitrate()
    house.arbiter_says(clip, "accept", seg("pour", 31, 55))
    house.take_in()
    release(ReleaseParams(project="kitchen", version="1.0.0"))
    return clip


def assert_as_if_undisturbed(house: House, clip) -> None:
    assert house.steps(clip) == UNDISTURBED
    assert [len(house.tasks(name)) for name in ("ana", "ben", "sam")] == [1, 1, 1]
    assert len(list(house.play["lea"].annotations(clip))) == 4
    assert len(list(house.play["lea"].decisions(clip))) == 1
    assert [one.state for one in house.play["lea"].releases()] == ["published"]


def test_every_report_twice_is_every_report_once(house: House, monkeypatch):
    tracker, once = house.parts.tracker, house.parts.tracker.work_report
    sent, answers = [], []

    def twice(lease, report):
        sent.append(report.outcome)
        first, again = once(lease, report), once(lease, report)
        answers.append((first, again))
        return again

    monkeypatch.setattr(tracker, "work_report", twice)
    house.register(house.videos / "gone.mp4")
    clip = whole_way(house)
    for _ in range(2):  # the batch's import, then the clip's own
        house.faults.fail("before", IMPORT, TransientError("busy"))
    (later,) = house.dispatched()
    assert set(sent) == {"ingested", "refused", "prelabelled", "pushed", "checked", "failed"}
    assert len(answers) == len(sent), "a repeat was not answered"
    for first, again in answers:
        assert (first.repeated, again.repeated) == (False, True)
        assert again.model_copy(update={"repeated": False}) == first
    assert house.steps(clip) == UNDISTURBED
    assert house.steps(later)[-1] == "failed"


def test_lines_that_break_after_every_request_change_nothing(house: House, monkeypatch):
    tracker, report = house.parts.tracker, house.parts.tracker.work_report
    answers = []

    def heard(*arguments):
        answers.append(report(*arguments))
        return answers[-1]

    monkeypatch.setattr(tracker, "work_report", heard)
    house.faults.lose_first_answers(REPEATABLE)
    clip = whole_way(house)
    assert_as_if_undisturbed(house, clip)
    n_reports = Lease.objects.filter(clip__uid=clip).count()
    assert [answer.repeated for answer in answers] == [True] * n_reports


def test_an_import_whose_answer_is_lost_makes_no_second_task(house: House):
    house.faults.lose_first_answers(IMPORT)
    (clip,) = house.dispatched()
    house.back_off_is_over()
    dispatch()
    assert house.state(clip) == "in_annotation"
    assert [len(house.tasks(name)) for name in ("ana", "ben")] == [1, 1]


def test_a_second_run_of_every_stage_finds_nothing_to_do(house: House):
    clip = whole_way(house)
    for flow in (ingest, prelabel, dispatch, check, arbitrate):
        assert flow().endswith("nothing was due")
    assert collect(ONCE) == "collect: 0 new answers"
    assert_as_if_undisturbed(house, clip)
