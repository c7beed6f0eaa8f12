"""A clip's whole way, by flows and people, and every turn it can take."""

from __future__ import annotations

import pytest

from orchestration.flows.arbitrate import arbitrate
from orchestration.flows.check import check
from orchestration.flows.collect import collect
from orchestration.flows.dispatch import dispatch
from orchestration.flows.ingest import ingest
from orchestration.flows.prelabel import prelabel
from services.domain.comparison.disputes import Comparison
from tests import videos
from tests.orchestration.flows.house import LATER_POUR, ONCE, POUR, House, seg

pytestmark = [pytest.mark.db, pytest.mark.harness]


def test_two_who_agree_take_a_video_to_acceptance(house: House):
    (clip,) = house.register(videos.clip(house.videos))
    ingest()
    assert house.clip(clip).n_frames == videos.N_FRAMES
    prelabel()
    (draft,) = house.play["lea"].prelabels(clip)
    assert draft.segments
    dispatch()
    for name in ("ana", "ben"):
        (task,) = house.tasks(name)
        assert task["predictions"][0]["result"]
        assert task["data"]["n_frames"] == videos.N_FRAMES
    house.answer("ana", clip, seg("pour", 30, 55))
    house.answer("ben", clip, seg("pour", 32, 55))
    assert collect(ONCE) == "collect: 2 new answers"
    assert house.nudged[-1] == "check"
    check()
    assert house.state(clip) == "accepted"
    (decision,) = house.play["lea"].decisions(clip)
    assert decision.status == "agreed"
    (segment,) = decision.segments
    assert segment["label"] == "pour"
    assert 30 <= segment["onset"] <= 32
    assert segment["offset"] == 55
    assert house.steps(clip) == [
        "registered", "ingested", "prelabelled", "dispatched", "submitted", "submitted", "agreed",
    ]  # fmt: skip
    assert house.nudged == ["prelabel", "dispatch", "check"]


def test_a_dispute_goes_to_the_arbiter_unnamed_and_is_decided(house: House):
    clip = house.disputed()
    assert house.state(clip) == "in_arbitration"
    (task,) = house.tasks("sam")
    assert not any(name in str(task) for name in ("ana", "ben", "lea"))
    drawn = {region["from_name"] for region in task["predictions"][0]["result"]}
    assert drawn == {"opinion_x", "opinion_y"}
    house.arbiter_says(clip, "accept", seg("pour", 14, 50))
    house.take_in()
    assert house.state(clip) == "accepted"
    (decision,) = house.play["lea"].decisions(clip)
    assert (decision.status, decision.round) == ("arbitrated", 1)
    assert [(s["onset"], s["offset"]) for s in decision.segments] == [(14, 50)]
    (dispute,) = Comparison.from_json(decision.comparison).disputes
    assert dispute.kind == "boundary_shift"
    assert house.steps(clip)[-5:] == [
        "submitted", "disputed", "arbitration_opened", "submitted", "arbitrated",
    ]  # fmt: skip


def test_three_frames_apart_is_agreement_and_four_is_not(house: House):
    near, far = house.dispatched(2)
    house.answer("ana", near, seg("pour", 10, 50))
    house.answer("ben", near, seg("pour", 13, 47))
    house.answer("ana", far, seg("pour", 10, 50))
    house.answer("ben", far, seg("pour", 10, 54))
    house.take_in()
    assert (house.state(near), house.state(far)) == ("accepted", "in_arbitration")


def test_a_reopened_clip_gets_a_second_round_with_new_people(house: House):
    clip = house.disputed()
    house.hire("cy", "dee")
    house.arbiter_says(clip, "reopen")
    house.take_in()
    assert (house.state(clip), house.clip(clip).round) == ("in_annotation", 2)
    dispatch()
    assert house.annotators(clip, round_=2) == ["cy", "dee"]
    # The first round's people change their minds too late.
    house.answer("ana", clip, seg("pour", 0, 300))
    house.both_answer(clip, POUR, round_=2)
    house.take_in()
    assert house.state(clip) == "accepted"
    (decision,) = house.play["lea"].decisions(clip)
    assert (decision.status, decision.round) == ("agreed", 2)
    late = [one for one in house.play["lea"].annotations(clip) if one.is_late]
    assert [(one.username, one.round) for one in late] == [("ana", 1)]


def test_the_last_round_cannot_be_reopened_and_the_arbiter_is_told(house: House):
    house.rules(max_rounds=1)
    clip = house.disputed()
    house.arbiter_says(clip, "reopen")
    house.take_in()
    assert (house.state(clip), house.clip(clip).due) == ("in_arbitration", "arbitrate")
    arbitrate()
    (task,) = house.tasks("sam")
    assert task["data"]["status"] == "returned"
    assert "rounds" in task["data"]["brief"]
    house.arbiter_says(clip, "accept", POUR)
    house.take_in()
    assert house.state(clip) == "accepted"


def test_a_rejected_clip_is_over(house: House):
    clip = house.disputed()
    house.arbiter_says(clip, "reject")
    house.take_in()
    assert (house.state(clip), house.clip(clip).due) == ("rejected", None)
    house.arbiter_says(clip, "accept", POUR)
    house.take_in()
    assert house.state(clip) == "rejected"


def test_an_arbiter_without_a_verdict_is_asked_again(house: House):
    clip = house.disputed()
    house.answer("sam", clip, POUR)
    house.take_in()
    arbitrate()
    (task,) = house.tasks("sam")
    assert task["data"]["status"] == "returned"
    assert "verdict" in task["data"]["brief"]
    house.arbiter_says(clip, "accept", POUR)
    house.take_in()
    assert house.state(clip) == "accepted"


def test_an_unsound_answer_comes_back_with_findings_and_passes_when_corrected(house: House):
    house.labels(min_frames=5)
    (clip,) = house.dispatched()
    house.answer("ana", clip, seg("pour", 10, 13))
    house.answer("ben", clip, POUR)
    house.take_in()
    assert house.state(clip) == "in_annotation"
    dispatch()
    (task,) = house.tasks("ana")
    assert task["data"]["status"] == "returned"
    assert "is 3 frames long" in task["data"]["brief"]
    assert len(task["annotations"]) == 1
    (untouched,) = house.tasks("ben")
    assert untouched["data"]["status"] == "new"
    house.answer("ana", clip, POUR)
    house.take_in()
    assert house.state(clip) == "accepted"
    (corrected,) = house.tasks("ana")
    assert corrected["data"]["status"] == "passed"
    assert "is 3 frames long" not in corrected["data"]["brief"]
    (untouched,) = house.tasks("ben")
    assert untouched["data"]["status"] == "new"
    assert house.steps(clip)[4:] == [
        "submitted", "submitted", "returned", "dispatched", "submitted", "agreed",
    ]  # fmt: skip


def test_a_remark_is_shown_and_sends_nothing_back(house: House):
    (clip,) = house.dispatched()
    house.answer("ana", clip, seg("pour", 10, 20), seg("pour", 20, 40))
    house.take_in()
    (task,) = house.tasks("ana")
    assert task["data"]["status"] == "passed"
    assert "Remark: " in task["data"]["brief"]
    assert "without a frame between" in task["data"]["brief"]
    assert house.steps(clip)[4:] == ["submitted", "passed"]


def test_a_second_thought_before_the_decision_is_what_counts(house: House):
    (clip,) = house.dispatched()
    house.answer("ana", clip, LATER_POUR)
    house.take_in()
    house.answer("ana", clip, POUR)
    house.answer("ben", clip, POUR)
    house.take_in()
    assert house.state(clip) == "accepted"


def test_a_control_is_shown_without_a_draft(house: House):
    house.rules(control_share=1)
    house.dispatched()
    for name in ("ana", "ben"):
        (task,) = house.tasks(name)
        assert task["predictions"] == []
        assert "no draft" in task["data"]["brief"]


def test_too_few_people_hold_the_clip_until_they_come(house: House):
    house.apply(members={"ana": "annotator", "sam": "arbiter"})
    (clip,) = house.prelabelled(1)
    assert dispatch() == "dispatch: nothing was due"
    assert house.clip(clip).reason["code"] == "too_few_annotators"
    house.hire("cy")
    dispatch()
    assert house.annotators(clip) == ["ana", "cy"]
