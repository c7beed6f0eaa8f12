"""Answers, checks, disputes and arbitration: a clip's rounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from services.client.payloads import CheckDone
from services.domain.errors import (
    ConflictError,
    DuplicateError,
    InputError,
    NotAllowedError,
    NotFoundError,
)
from services.domain.workflow import AssignmentState, ClipState, Stage
from services.tracker.core.roles import Role
from services.tracker.quality.models import SanityCheck
from tests import factories
from tests.service.play import Play

pytestmark = pytest.mark.db

OPEN, SUBMITTED, RETURNED, PASSED, CLOSED = (
    AssignmentState.OPEN,
    AssignmentState.SUBMITTED,
    AssignmentState.RETURNED,
    AssignmentState.PASSED,
    AssignmentState.CLOSED,
)


def state_of(play: Play, clip: object, name: str) -> AssignmentState:
    return play["wren"].assignment(play.seat(clip, name)).state


def arbitrated(play: Play, verdict: str) -> tuple:
    """Let sam answer a disputed clip; return the clip and the claimed check."""
    clip = play.in_arbitration()
    play.answer(clip, "sam", verdict=verdict, note="because")
    return clip, play.claim_one(Stage.CHECK)


# --- answers -----------------------------------------------------------------------------------


def test_an_answer_makes_the_check_due(play: Play) -> None:
    clip = play.in_annotation()
    taken = play.answer(clip, "ana")
    assert taken.status == "recorded"
    assert state_of(play, clip, "ana") is SUBMITTED
    item = play.claim_one(Stage.CHECK)
    (opinion,) = item.opinions
    assert opinion.annotation_uid == taken.annotation_uid
    assert opinion.segments == [factories.submitted()]
    assert opinion.opinion in {"x", "y"}


def test_the_same_answer_again_changes_nothing(play: Play) -> None:
    clip = play.in_annotation()
    first = play.answer(clip, "ana")
    again = play.answer(clip, "ana")
    assert (again.annotation_uid, again.status) == (first.annotation_uid, "repeated")
    events = [event.step for event in play["lea"].clip_events(clip)]
    assert events.count("submitted") == 1


def test_other_content_under_the_same_id_and_time_is_refused(play: Play) -> None:
    clip = play.in_annotation()
    play.answer(clip, "ana")
    with pytest.raises(DuplicateError):
        play.answer(clip, "ana", factories.submitted(99, 120))


def test_a_newer_answer_takes_the_place_of_an_older_one(play: Play) -> None:
    clip = play.in_annotation()
    play.answer(clip, "ana", after_s=10)
    newer = play.answer(clip, "ana", factories.submitted(0, 9), after_s=20)
    older = play.answer(clip, "ana", factories.submitted(5, 9), after_s=5)
    assert (newer.status, older.status) == ("recorded", "late")
    (opinion,) = play.claim_one(Stage.CHECK).opinions
    assert opinion.annotation_uid == newer.annotation_uid


def test_an_unsound_answer_is_kept_as_it_is(play: Play) -> None:
    clip = play.in_annotation()
    odd = {**factories.submitted(), "label": None, "onset": None, "problem": "no range"}
    taken = play.answer(clip, "ana", odd)
    assert play["lea"].annotation(taken.annotation_uid).segments == [odd]


def test_an_answer_in_another_form_is_refused(play: Play) -> None:
    clip = play.in_annotation()
    with pytest.raises(InputError):
        play.answer(clip, "ana", {"start": 1.5, "end": 2.5})
    with pytest.raises(InputError):
        play.answer(clip, "ana", verdict="accept")


def test_an_answer_before_its_task_is_known_must_come_again(play: Play) -> None:
    clip = play.prelabelled()
    with pytest.raises(ConflictError) as caught:
        play.answer(clip, "ana")
    assert caught.value.code == "not_dispatched"


def test_only_the_worker_hands_answers_in(play: Play) -> None:
    clip = play.in_annotation()
    seat = play.seat(clip, "ana")
    for name in ("ana", "ben", "sam", "lea", "cleo", "kim"):
        with pytest.raises(NotAllowedError):
            play[name].annotation_submit(seat, factories.submission())
    with pytest.raises(NotFoundError):
        play["wren"].annotation_submit(uuid4(), factories.submission())


# --- tier 1 ------------------------------------------------------------------------------------


def test_a_faulty_answer_comes_back_with_its_findings(play: Play) -> None:
    clip = play.in_annotation()
    taken = play.answer(clip, "ana")
    item = play.claim_one(Stage.CHECK)
    report = CheckDone(verdicts=[factories.verdict(taken.annotation_uid, passed=False)])
    reported = play.report(item, report)
    assert (reported.state, reported.due) == (ClipState.IN_ANNOTATION, Stage.DISPATCH)
    assert state_of(play, clip, "ana") is RETURNED
    (seat,) = play.claim_one(Stage.DISPATCH).seats
    assert (seat.username, seat.findings) == ("ana", [factories.finding()])
    assert seat.task_id is not None


def test_a_corrected_answer_is_checked_again(play: Play) -> None:
    clip = play.in_annotation()
    first = play.answer(clip, "ana")
    report = CheckDone(verdicts=[factories.verdict(first.annotation_uid, passed=False)])
    play.report(play.claim_one(Stage.CHECK), report)
    play.push(play.claim_one(Stage.DISPATCH))
    assert state_of(play, clip, "ana") is OPEN
    second = play.answer(clip, "ana", factories.submitted(20, 60), after_s=60)
    (opinion,) = play.claim_one(Stage.CHECK).opinions
    assert opinion.annotation_uid == second.annotation_uid
    assert play["lea"].assignment(play.seat(clip, "ana")).findings == []


def test_one_sound_answer_waits_for_the_other(play: Play) -> None:
    clip = play.in_annotation()
    taken = play.answer(clip, "ana")
    report = CheckDone(verdicts=[factories.verdict(taken.annotation_uid)])
    reported = play.report(play.claim_one(Stage.CHECK), report)
    assert (reported.state, reported.due) == (ClipState.IN_ANNOTATION, None)
    assert state_of(play, clip, "ana") is PASSED
    play.answer(clip, "ben")
    opinions = {o.state for o in play.claim_one(Stage.CHECK).opinions}
    assert opinions == {PASSED, SUBMITTED}


def test_an_answer_during_the_check_is_checked_too(play: Play) -> None:
    clip = play.in_annotation()
    taken = play.answer(clip, "ana")
    item = play.claim_one(Stage.CHECK)
    play.answer(clip, "ben")
    assert play.claim(Stage.CHECK) == []
    report = CheckDone(verdicts=[factories.verdict(taken.annotation_uid)])
    assert play.report(item, report).due is Stage.CHECK
    assert len(play.claim_one(Stage.CHECK).opinions) == 2


def test_a_comparison_of_superseded_answers_is_ignored(play: Play) -> None:
    clip = play.in_annotation()
    play.answer_all(clip)
    item = play.claim_one(Stage.CHECK)
    newer = play.answer(clip, "ana", factories.submitted(90, 99), after_s=60)
    reported = play.report(item, factories.agreed(*play.answers(item)))
    assert (reported.state, reported.due) == (ClipState.IN_ANNOTATION, Stage.CHECK)
    assert state_of(play, clip, "ana") is SUBMITTED
    assert state_of(play, clip, "ben") is PASSED
    assert SanityCheck.objects.count() == 2
    item = play.claim_one(Stage.CHECK)
    assert newer.annotation_uid in play.answers(item)
    report = factories.agreed(*play.answers(item))
    report = report.model_copy(update={"verdicts": [factories.verdict(newer.annotation_uid)]})
    assert play.report(item, report).state is ClipState.ACCEPTED


def test_when_every_answer_was_superseded_nothing_moves(play: Play) -> None:
    clip = play.in_annotation()
    taken = play.answer(clip, "ana")
    item = play.claim_one(Stage.CHECK)
    play.answer(clip, "ana", factories.submitted(90, 99), after_s=60)
    report = CheckDone(verdicts=[factories.verdict(taken.annotation_uid)])
    assert play.report(item, report).due is Stage.CHECK
    assert [event.step for event in play["lea"].clip_events(clip)][-1] == "superseded"


def test_a_verdict_on_another_clips_answer_is_refused(play: Play) -> None:
    first = play.in_annotation()
    taken = play.answer(first, "ana")
    item = play.claim_one(Stage.CHECK)
    report = CheckDone(verdicts=[factories.verdict(uuid4())])
    with pytest.raises(InputError):
        play.report(item, report)
    play.report(item, CheckDone(verdicts=[factories.verdict(taken.annotation_uid)]))


# --- tier 2 ------------------------------------------------------------------------------------


def test_two_answers_that_agree_are_accepted(play: Play) -> None:
    clip = play.accepted()
    assert play.clip(clip).state is ClipState.ACCEPTED
    (decision,) = play["lea"].decisions(clip)
    assert (decision.status, decision.segments) == ("agreed", [factories.segment()])
    assert state_of(play, clip, "ana") is CLOSED


def test_agreement_needs_its_segments_and_comparison(play: Play) -> None:
    clip = play.in_annotation()
    play.answer_all(clip)
    item = play.claim_one(Stage.CHECK)
    report = factories.agreed(*play.answers(item))
    for missing in ("comparison", "accepted"):
        with pytest.raises(InputError):
            play.report(item, report.model_copy(update={missing: None}))
    assert play.report(item, report).state is ClipState.ACCEPTED


def test_two_answers_that_differ_go_to_the_arbiter_unnamed(play: Play) -> None:
    clip = play.in_annotation()
    play.answer_all(clip)
    item = play.claim_one(Stage.CHECK)
    reported = play.report(item, factories.disputed(*play.answers(item)))
    assert (reported.state, reported.due) == (ClipState.IN_ARBITRATION, Stage.ARBITRATE)
    item = play.claim_one(Stage.ARBITRATE)
    assert [seat.username for seat in item.seats] == ["sam"]
    assert [opinion.opinion for opinion in item.opinions] == ["x", "y"]
    assert item.comparison is not None
    assert len(item.comparison["disputes"]) == 2
    assert play.push(item).due is None


def test_a_late_edit_is_kept_and_changes_nothing(play: Play) -> None:
    clip = play.in_arbitration()
    before = play.clip(clip)
    late = play.answer(clip, "ana", factories.submitted(1, 2), after_s=600)
    assert late.status == "late"
    assert play.clip(clip) == before
    answers = {answer.uid: answer.is_late for answer in play["lea"].annotations(clip)}
    assert answers[late.annotation_uid]


def test_a_dispute_without_an_arbiter_waits_for_one(play: Play) -> None:
    members = {"ana": "annotator", "ben": "annotator"}
    play["lea"].project_apply("kitchen", factories.project_in(members))
    clip = play.in_annotation()
    play.answer_all(clip)
    item = play.claim_one(Stage.CHECK)
    play.report(item, factories.disputed(*play.answers(item)))
    assert play.clip(clip).held
    play["lea"].project_apply("kitchen", factories.project_in({**members, "sam": "arbiter"}))
    assert [seat.username for seat in play.claim_one(Stage.ARBITRATE).seats] == ["sam"]


# --- arbitration -------------------------------------------------------------------------------


def test_an_arbiter_accepts(play: Play) -> None:
    clip, item = arbitrated(play, "accept")
    assert [opinion.opinion for opinion in item.opinions] == ["x", "y", "arbiter"]
    arbiter = item.opinions[2]
    assert (arbiter.verdict, arbiter.note) == ("accept", "because")
    report = CheckDone(
        verdicts=[factories.verdict(arbiter.annotation_uid)], accepted=[factories.segment(5, 9)]
    )
    assert play.report(item, report).state is ClipState.ACCEPTED
    (decision,) = play["lea"].decisions(clip)
    assert (decision.status, decision.segments) == ("arbitrated", [factories.segment(5, 9)])


def test_an_arbiters_faulty_answer_comes_back(play: Play) -> None:
    clip, item = arbitrated(play, "accept")
    report = CheckDone(verdicts=[factories.verdict(item.opinions[2].annotation_uid, passed=False)])
    assert play.report(item, report).due is Stage.ARBITRATE
    (seat,) = play.claim_one(Stage.ARBITRATE).seats
    assert (seat.state, seat.findings) == (RETURNED, [factories.finding()])
    assert play.clip(clip).state is ClipState.IN_ARBITRATION


def test_an_arbiter_reopens_for_a_second_round_with_other_people(play: Play) -> None:
    play.join("dot", Role.ANNOTATOR)
    play.join("eve", Role.ANNOTATOR)
    clip = play.prelabelled()
    first = {seat.username for seat in play.claim_one(Stage.DISPATCH).seats}
    seats = {s.username for s in play["wren"].assignments() if s.clip_uid == clip}
    assert seats == first
    second = {"ana", "ben", "dot", "eve"} - first
    with_people = reopened(play, clip)
    assert {seat.username for seat in with_people.seats} == second
    assert with_people.round == 2


def reopened(play: Play, clip: object):
    """Bring a clip whose dispatch is claimed through arbitration to its second round."""
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        item = play.claim_one(Stage.DISPATCH)
        play.push(item)
        for seat in item.seats:
            play["wren"].annotation_submit(seat.assignment_uid, factories.submission())
        check = play.claim_one(Stage.CHECK)
        play.report(check, factories.disputed(*play.answers(check)))
        play.push(play.claim_one(Stage.ARBITRATE))
        play.answer(clip, "sam", verdict="reopen")
        check = play.claim_one(Stage.CHECK)
        arbiter = check.opinions[-1]
        reported = play.report(
            check, CheckDone(verdicts=[factories.verdict(arbiter.annotation_uid)])
        )
        assert (reported.state, reported.round) == (ClipState.IN_ANNOTATION, 2)
        return play.claim_one(Stage.DISPATCH)


def test_when_the_rounds_are_used_up_the_arbiter_is_asked_again(play: Play) -> None:
    policy = factories.policy_document(max_rounds=1)
    members = {"ana": "annotator", "ben": "annotator", "sam": "arbiter"}
    play["lea"].project_apply("kitchen", factories.project_in(members, policy=policy))
    clip, item = arbitrated(play, "reopen")
    report = CheckDone(verdicts=[factories.verdict(item.opinions[2].annotation_uid)])
    assert play.report(item, report).due is Stage.ARBITRATE
    (seat,) = play.claim_one(Stage.ARBITRATE).seats
    assert [finding["code"] for finding in seat.findings] == ["rounds_used_up"]
    assert play.clip(clip).round == 1


def test_an_arbiter_must_say_what_shall_become_of_the_clip(play: Play) -> None:
    clip = play.in_arbitration()
    play.answer(clip, "sam")
    item = play.claim_one(Stage.CHECK)
    report = CheckDone(
        verdicts=[factories.verdict(item.opinions[2].annotation_uid)],
        accepted=[factories.segment()],
    )
    play.report(item, report)
    (seat,) = play.claim_one(Stage.ARBITRATE).seats
    assert [finding["code"] for finding in seat.findings] == ["verdict_missing"]


def test_an_arbiter_rejects(play: Play) -> None:
    clip, item = arbitrated(play, "reject")
    report = CheckDone(verdicts=[factories.verdict(item.opinions[2].annotation_uid)])
    reported = play.report(item, report)
    assert (reported.state, reported.due) == (ClipState.REJECTED, None)
    (decision,) = play["lea"].decisions(clip)
    assert (decision.status, decision.segments) == ("rejected", [])


# --- lanes -------------------------------------------------------------------------------------


def test_a_lane_is_registered_once(play: Play) -> None:
    wanted = factories.lane_in("ana")
    first = play["wren"].lane_put(wanted)
    assert play["wren"].lane_put(wanted) == first
    assert [lane.uid for lane in play["lea"].lanes(project="kitchen")] == [first.uid]
    assert list(play["kim"].lanes()) == []


def test_two_people_never_share_a_lane(play: Play) -> None:
    lane = play.lane("ana")
    shared = factories.lane_in("ben", label_studio_project=lane.label_studio_project)
    with pytest.raises(DuplicateError):
        play["wren"].lane_put(shared)
    with pytest.raises(DuplicateError):
        play["wren"].lane_put(factories.lane_in("ana"))


def test_a_lane_belongs_to_a_member_of_the_right_role(play: Play) -> None:
    for name, kind in (("sam", "annotation"), ("ana", "arbitration"), ("zoe", "annotation")):
        with pytest.raises(InputError):
            play["wren"].lane_put(factories.lane_in(name, kind))
    with pytest.raises(NotFoundError):
        play["wren"].lane_put(factories.lane_in("ana", taxonomy_version=9))


@pytest.mark.parametrize("name", ["ana", "sam", "cleo"])
def test_people_see_no_lanes(play: Play, name: str) -> None:
    with pytest.raises(NotAllowedError):
        list(play[name].lanes())
    with pytest.raises(NotAllowedError):
        play[name].lane_put(factories.lane_in("ana"))


def test_a_watermark_never_goes_back(play: Play) -> None:
    lane, wren = play.lane("ana"), play["wren"]
    late, early = datetime(2026, 5, 2, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    assert wren.lane_watermark(lane.uid, late).watermark == late
    assert wren.lane_watermark(lane.uid, early).watermark == late
    with pytest.raises(NotFoundError):
        wren.lane_watermark(uuid4(), late)
    with pytest.raises(NotAllowedError):
        play["lea"].lane_watermark(lane.uid, late)


def test_a_lane_counts_who_waits_for_it(play: Play) -> None:
    clip = play.in_annotation()
    (lane,) = play["wren"].lanes(username="ana", kind="annotation")
    assert lane.n_open == 1
    assert [seat.uid for seat in play["wren"].assignments(lane=lane.uid, state=OPEN)] == [
        play.seat(clip, "ana")
    ]
    play.answer(clip, "ana")
    (lane,) = play["wren"].lanes(username="ana")
    assert lane.n_open == 0
