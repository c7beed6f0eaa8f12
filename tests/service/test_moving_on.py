"""Whatever people do while a machine works, a clip never waits for work that is not there."""

from __future__ import annotations

from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from services.client.payloads import CheckDone, StageFailed, TasksPushed, WorkItem
from services.domain.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
    TransientError,
)
from services.domain.workflow import AssignmentState, ClipState, Stage
from services.tracker.clips.history import history_verify
from services.tracker.clips.models import Clip, ClipEvent
from services.tracker.work import items
from services.tracker.work.models import Lease
from tests import factories
from tests.service.play import Play

pytestmark = pytest.mark.db

HOPELESS = StageFailed(code="no_lane", detail="There is no lane.", transient=False)
FLEETING = StageFailed(code="away", detail="Label Studio is away.", transient=True)


def corrected_while_dispatched(play: Play) -> tuple[UUID, WorkItem]:
    """Let ana correct her returned answer while its findings are being dispatched."""
    clip = play.in_annotation()
    play.answer(clip, "ana")
    item = play.claim_one(Stage.CHECK)
    (uid,) = play.answers(item)
    play.report(item, CheckDone(verdicts=[factories.verdict(uid, passed=False)]))
    dispatch = play.claim_one(Stage.DISPATCH)
    assert [seat.state for seat in dispatch.seats] == [AssignmentState.RETURNED]
    play.answer(clip, "ana", after_s=60)
    return clip, dispatch


def sound(clip: UUID) -> None:
    """Assert that the clip's history is whole and tells where it stands."""
    row = Clip.objects.get(uid=clip)
    told = history_verify(clip_uid=clip, events=ClipEvent.objects.filter(clip=row).order_by("seq"))
    assert told == (row.state, row.round, row.head)
    assert row.version == row.events.count()


# --- failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [HOPELESS, FLEETING])
def test_a_failed_push_of_what_was_corrected_meanwhile_holds_nothing(
    play: Play, failure: StageFailed
) -> None:
    clip, dispatch = corrected_while_dispatched(play)
    reported = play.report(dispatch, failure)
    assert (reported.due, play.clip(clip).held) == (Stage.CHECK, False)
    assert play.claim(Stage.DISPATCH) == []
    (opinion,) = play.claim_one(Stage.CHECK).opinions
    assert opinion.state == AssignmentState.SUBMITTED
    sound(clip)


def test_a_failed_push_of_what_is_still_to_push_is_held_and_retried(play: Play) -> None:
    clip = play.prelabelled()
    play.report(play.claim_one(Stage.DISPATCH), HOPELESS)
    assert play.clip(clip).held
    assert play["lea"].clip_retry(clip).due is Stage.DISPATCH
    assert len(play.claim_one(Stage.DISPATCH).seats) == 2


def test_a_retry_goes_on_with_what_is_due_now(play: Play) -> None:
    clip, dispatch = corrected_while_dispatched(play)
    play.report(dispatch, FLEETING)
    # As clips stand that were held before their due stage was worked out anew.
    reason = {"code": "x", "detail": "x", "stage": "dispatch"}
    Clip.objects.filter(uid=clip).update(held=True, due="dispatch", reason=reason)
    retried = play["lea"].clip_retry(clip)
    assert (retried.held, retried.due) == (False, Stage.CHECK)
    assert len(play.claim_one(Stage.CHECK).opinions) == 1
    sound(clip)


def test_an_arbiters_correction_outlives_a_failed_push(play: Play) -> None:
    clip = play.in_arbitration()
    play.answer(clip, "sam")  # no verdict, so it comes back
    item = play.claim_one(Stage.CHECK)
    play.report(item, CheckDone(verdicts=[factories.verdict(play.answers(item)[-1])]))
    push = play.claim_one(Stage.ARBITRATE)
    play.answer(clip, "sam", verdict="reject", note="blurred", after_s=60)
    assert play.report(push, HOPELESS).due is Stage.CHECK
    item = play.claim_one(Stage.CHECK)
    reported = play.report(item, CheckDone(verdicts=[factories.verdict(play.answers(item)[-1])]))
    assert reported.state is ClipState.REJECTED


# --- nothing to push ---------------------------------------------------------------------------


def test_nothing_pushed_is_a_report_when_nothing_waits(play: Play) -> None:
    clip, dispatch = corrected_while_dispatched(play)
    reported = play.report(dispatch, TasksPushed(tasks=[]))
    assert (reported.state, reported.due) == (ClipState.IN_ANNOTATION, Stage.CHECK)
    assert not play.clip(clip).held
    assert len(play.claim_one(Stage.CHECK).opinions) == 1
    sound(clip)


def test_nothing_pushed_is_no_report_while_seats_wait(play: Play) -> None:
    clip = play.prelabelled()
    item = play.claim_one(Stage.DISPATCH)
    with pytest.raises(InputError) as caught:
        play.report(item, TasksPushed(tasks=[]))
    assert caught.value.errors[0]["pointer"] == "/tasks"
    assert play.clip(clip).state is ClipState.PRELABELLED
    assert play.push(item).state is ClipState.IN_ANNOTATION


def test_a_claim_that_cannot_be_handed_out_was_never_made(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease and what is told of it are one transaction, so nothing changes in between."""
    (clip,) = play.register()

    def broken(**_: object) -> list[object]:
        raise TransientError("The database went away.")

    with monkeypatch.context() as patch:
        patch.setattr(items, "work_items", broken)
        with pytest.raises(TransientError):
            play.claim(Stage.INGEST)
    assert not Lease.objects.exists()
    assert play.claim_one(Stage.INGEST).clip_uid == clip


# --- people come -------------------------------------------------------------------------------

FEW = {"ana": "annotator", "sam": "arbiter"}


def waiting(play: Play, n_clips: int) -> list[UUID]:
    """Bring clips to where they are held because ana is alone."""
    play["lea"].project_apply("kitchen", factories.project_in(FEW))
    return [play.prelabelled() for _ in range(n_clips)]


def join_cost(play: Play, members: dict[str, str]) -> int:
    with CaptureQueriesContext(connection) as queries:
        play["lea"].project_apply("kitchen", factories.project_in(members))
    return len(queries)


def test_clips_that_waited_for_people_go_on_in_few_queries(play: Play) -> None:
    few = waiting(play, 1)
    cost = join_cost(play, {**FEW, "ben": "annotator"})
    assert not play.clip(few[0]).held
    play.push(play.claim_one(Stage.DISPATCH))
    play["lea"].user_update("ben", password="another-password")
    for name in ("ana", "ben"):
        play.answer(few[0], name)
    item = play.claim_one(Stage.CHECK)
    play.report(item, factories.agreed(*play.answers(item)))
    many = waiting(play, 12)
    assert join_cost(play, {**FEW, "ben": "annotator"}) <= cost + 1
    claimed = play.claim(Stage.DISPATCH)
    assert {item.clip_uid for item in claimed} == set(many)
    assert {seat.username for item in claimed for seat in item.seats} == {"ana", "ben"}
    assert all(len(item.seats) == 2 for item in claimed)
    for clip in many:
        sound(clip)


def test_clips_wait_on_while_people_are_too_few(play: Play) -> None:
    (clip,) = waiting(play, 1)
    version = Clip.objects.get(uid=clip).version
    play["lea"].project_apply("kitchen", factories.project_in({**FEW, "cleo": "client"}))
    row = Clip.objects.get(uid=clip)
    assert (row.held, row.version) == (True, version)


def test_a_clip_that_waited_for_an_arbiter_goes_on(play: Play) -> None:
    members = {"ana": "annotator", "ben": "annotator"}
    play["lea"].project_apply("kitchen", factories.project_in(members))
    clip = play.in_annotation()
    play.answer_all(clip)
    item = play.claim_one(Stage.CHECK)
    play.report(item, factories.disputed(*play.answers(item)))
    assert play.clip(clip).held
    play["lea"].project_apply("kitchen", factories.project_in({**members, "cleo": "client"}))
    assert play.clip(clip).held
    play["lea"].project_apply("kitchen", factories.project_in({**members, "sam": "arbiter"}))
    assert not play.clip(clip).held
    (seat,) = play.claim_one(Stage.ARBITRATE).seats
    assert seat.username == "sam"
    sound(clip)


def test_people_who_left_before_the_claim_hold_the_clip_again(play: Play) -> None:
    (clip,) = waiting(play, 1)
    play["lea"].project_apply("kitchen", factories.project_in({**FEW, "ben": "annotator"}))
    play["lea"].project_apply("kitchen", factories.project_in(FEW))
    assert play.claim(Stage.DISPATCH) == []
    held = play.clip(clip)
    assert held.held
    assert held.reason is not None
    assert held.reason["code"] == "too_few_annotators"
    sound(clip)


# --- what can be claimed -----------------------------------------------------------------------


def test_the_status_tells_what_a_worker_would_get_now(play: Play) -> None:
    play.register(*(f"{n}.mp4" for n in range(4)))
    first, second = play.claim(Stage.INGEST, limit=2)
    play.report(first, FLEETING)
    play.report(play.claim(Stage.INGEST, limit=1)[0], HOPELESS)
    status = play["lea"].project_status("kitchen")
    assert (status.due, status.claimable, status.held) == ({"ingest": 3}, {"ingest": 1}, 1)
    with time_machine.travel(second.expires_at):
        assert play["lea"].project_status("kitchen").claimable == {"ingest": 3}
        assert len(play.claim(Stage.INGEST)) == 3


def test_what_is_leased_is_not_claimable(play: Play) -> None:
    play.register()
    play.claim_one(Stage.INGEST)
    status = play["lea"].project_status("kitchen")
    assert (status.due, status.claimable) == ({"ingest": 1}, {})


# --- another round -----------------------------------------------------------------------------


def test_a_manager_opens_another_round(play: Play) -> None:
    clip = play.accepted()
    reopened = play["lea"].clip_reopen(clip)
    assert (reopened.state, reopened.round) == (ClipState.IN_ANNOTATION, 2)
    assert reopened.due is Stage.DISPATCH
    assert ClipEvent.objects.filter(clip__uid=clip).latest("seq").actor == "lea"
    play.push(play.claim_one(Stage.DISPATCH))
    play.answer_all(clip)
    item = play.claim_one(Stage.CHECK)
    assert play.report(item, factories.agreed(*play.answers(item))).state is ClipState.ACCEPTED
    assert [decision.round for decision in play["lea"].decisions(clip)] == [1, 2]
    with pytest.raises(ConflictError) as caught:
        play["lea"].clip_reopen(clip)
    assert caught.value.code == "rounds_used_up"
    sound(clip)


def test_only_decided_clips_are_reopened(play: Play) -> None:
    for clip in (play.in_arbitration(), *play.register()):
        with pytest.raises(ConflictError) as caught:
            play["lea"].clip_reopen(clip)
        assert caught.value.code == "not_decided"


def test_a_reopened_clip_without_people_waits_for_them(play: Play) -> None:
    clip = play.accepted()
    play["lea"].project_apply("kitchen", factories.project_in(FEW))
    assert play["lea"].clip_reopen(clip).held
    play["lea"].project_apply("kitchen", factories.project_in({**FEW, "ben": "annotator"}))
    assert len(play.claim_one(Stage.DISPATCH).seats) == 2


@pytest.mark.parametrize("name", ["ana", "sam", "cleo", "wren"])
def test_only_managers_reopen(play: Play, name: str) -> None:
    with pytest.raises(NotAllowedError):
        play[name].clip_reopen(play.accepted())


def test_another_managers_clip_is_not_there_to_reopen(play: Play) -> None:
    with pytest.raises(NotFoundError):
        play["kim"].clip_reopen(play.accepted())
