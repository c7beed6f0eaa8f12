"""Claims, leases and reports, stage by stage."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from services.client.payloads import IngestRefused, StageFailed
from services.domain.errors import (
    DuplicateError,
    InputError,
    LeaseLostError,
    NotAllowedError,
    NotFoundError,
)
from services.domain.workflow import AssignmentState, ClipState, Stage
from services.tracker.clips.models import Clip
from tests import factories
from tests.service.play import Play

pytestmark = pytest.mark.db

BROKEN = StageFailed(code="unexpected", detail="It broke.", transient=True)


def test_a_claim_gives_a_clip_with_its_rules(play: Play) -> None:
    (uid,) = play.register("a.mp4")
    item = play.claim_one(Stage.INGEST)
    assert (item.clip_uid, item.name, item.project) == (uid, "a.mp4", "kitchen")
    assert item.policy["tolerance_frames"] == 3
    assert item.taxonomy["version"] == 1
    assert (item.attempt, item.round, item.timebase) == (1, 1, None)


def test_a_claimed_clip_is_nobody_elses(play: Play) -> None:
    play.register("a.mp4", "b.mp4")
    first = play.claim(Stage.INGEST, limit=1)
    second = play.claim(Stage.INGEST, limit=5)
    assert [item.name for item in first + second] == ["a.mp4", "b.mp4"]
    assert play.claim(Stage.INGEST) == []


def test_a_claim_can_be_for_one_project(play: Play) -> None:
    play.register()
    play["kim"].clips_register("garage", [factories.clip_in("car.mp4")])
    assert [item.name for item in play.claim(Stage.INGEST, project="garage")] == ["car.mp4"]
    with pytest.raises(NotFoundError):
        play.claim(Stage.INGEST, project="attic")


@pytest.mark.parametrize("name", ["ana", "sam", "lea", "cleo", "kim"])
def test_only_workers_claim(play: Play, name: str) -> None:
    with pytest.raises(NotAllowedError):
        play[name].work_claim(stage=Stage.INGEST, worker="box")
    with pytest.raises(NotAllowedError):
        play[name].work_heartbeat(uuid4())
    with pytest.raises(NotAllowedError):
        play[name].work_report(uuid4(), BROKEN)


def test_an_unknown_lease_is_not_found(play: Play) -> None:
    with pytest.raises(NotFoundError):
        play["wren"].work_heartbeat(uuid4())
    with pytest.raises(NotFoundError):
        play["wren"].work_report(uuid4(), BROKEN)


def test_ingest_makes_the_clip_known(play: Play) -> None:
    (uid,) = play.register()
    done = factories.ingest_done()
    reported = play.report(play.claim_one(Stage.INGEST), done)
    assert (reported.state, reported.due) == (ClipState.INGESTED, Stage.PRELABEL)
    clip = play.clip(uid)
    assert (clip.sha256, clip.n_frames, clip.rate) == (done.sha256, 300, "30000/1001")
    item = play.claim_one(Stage.PRELABEL)
    assert (item.timebase, item.proxy_key) == (done.timebase, done.proxy_key)


def test_the_same_report_again_gets_the_same_answer(play: Play) -> None:
    (uid,) = play.register()
    item, done = play.claim_one(Stage.INGEST), factories.ingest_done()
    first = play.report(item, done)
    again = play.report(item, done)
    assert again.repeated
    assert again.model_copy(update={"repeated": False}) == first
    assert [event.step for event in play["lea"].clip_events(uid)] == ["registered", "ingested"]


def test_another_report_under_the_same_lease_is_refused(play: Play) -> None:
    play.register()
    item = play.claim_one(Stage.INGEST)
    play.report(item, factories.ingest_done())
    with pytest.raises(DuplicateError) as caught:
        play.report(item, IngestRefused(code="bad", detail="It is bad."))
    assert caught.value.code == "report_differs"


def test_a_second_copy_of_the_same_content_is_refused(play: Play) -> None:
    first, second = play.register("a.mp4", "copy.mp4")
    items = play.claim(Stage.INGEST)
    play.report(items[0], factories.ingest_done("same"))
    reported = play.report(items[1], factories.ingest_done("same"))
    assert reported.state is ClipState.QUARANTINED
    reason = play.clip(second).reason
    assert reason is not None
    assert reason["code"] == "duplicate"
    assert str(first) in reason["detail"]
    assert "a.mp4" in reason["detail"]


def test_the_same_content_may_be_in_two_projects(play: Play) -> None:
    play.register()
    play["kim"].clips_register("garage", [factories.clip_in()])
    states = {
        play.report(item, factories.ingest_done("same")).state for item in play.claim(Stage.INGEST)
    }
    assert states == {ClipState.INGESTED}


def test_a_lost_lease_changes_nothing(play: Play) -> None:
    (uid,) = play.register()
    item = play.claim_one(Stage.INGEST)
    with time_machine.travel(item.expires_at + timedelta(seconds=1)):
        with pytest.raises(LeaseLostError):
            play.report(item, factories.ingest_done())
        with pytest.raises(LeaseLostError):
            play["wren"].work_heartbeat(item.lease_uid)
        again = play.claim_one(Stage.INGEST)
        assert again.attempt == 2
        with pytest.raises(LeaseLostError):
            play.report(item, factories.ingest_done())
        assert play.report(again, factories.ingest_done()).state is ClipState.INGESTED
    steps = [event.step for event in play["lea"].clip_events(uid)]
    assert steps == ["registered", "lease_expired", "ingested"]


def test_a_heartbeat_keeps_the_lease(play: Play) -> None:
    play.register()
    item = play.claim_one(Stage.INGEST)
    with time_machine.travel(item.expires_at - timedelta(seconds=1), tick=False):
        extended = play["wren"].work_heartbeat(item.lease_uid)
        assert extended.expires_at == timezone.now() + timedelta(seconds=item.policy["lease_s"])
    with time_machine.travel(item.expires_at + timedelta(seconds=1)):
        assert play.claim(Stage.INGEST) == []
        assert play.report(item, factories.ingest_done()).state is ClipState.INGESTED


def test_work_that_kills_its_workers_is_held(play: Play) -> None:
    (uid,) = play.register()
    with time_machine.travel(timezone.now()) as clock:
        for _ in range(3):
            (item,) = play.claim(Stage.INGEST)
            clock.move_to(item.expires_at + timedelta(seconds=1))
        assert play.claim(Stage.INGEST) == []
    clip = play.clip(uid)
    assert clip.held
    assert clip.reason is not None
    assert clip.reason["code"] == "lease_expired"


def test_a_failure_is_tried_again_later_and_held_in_the_end(play: Play) -> None:
    (uid,) = play.register()
    with time_machine.travel(timezone.now()) as clock:
        for attempt in (1, 2, 3):
            item = play.claim_one(Stage.INGEST)
            assert item.attempt == attempt
            reported = play.report(item, BROKEN)
            assert play.claim(Stage.INGEST) == []
            clock.shift(timedelta(minutes=1))
    assert reported.due is None
    clip = play.clip(uid)
    assert (clip.held, clip.due, clip.state) == (True, Stage.INGEST, ClipState.REGISTERED)
    assert clip.reason == {"code": "unexpected", "detail": "It broke.", "stage": "ingest"}
    assert play["lea"].project_status("kitchen").held == 1
    assert play["lea"].clip_retry(uid).held is False
    assert play.claim_one(Stage.INGEST).attempt == 1


def test_a_hopeless_failure_is_held_at_once(play: Play) -> None:
    (uid,) = play.register()
    failed = StageFailed(code="bad_model", detail="There is no model.", transient=False)
    play.report(play.claim_one(Stage.INGEST), failed)
    assert play.clip(uid).held


def test_a_stage_takes_only_its_own_outcomes(play: Play) -> None:
    play.register()
    item = play.claim_one(Stage.INGEST)
    with pytest.raises(InputError):
        play.report(item, factories.prelabel_done())


def test_an_unsound_timebase_is_refused_and_the_lease_lives_on(play: Play) -> None:
    play.register()
    item, done = play.claim_one(Stage.INGEST), factories.ingest_done()
    with pytest.raises(InputError):
        play.report(item, done.model_copy(update={"timebase": {"rate": "0"}}))
    assert play.report(item, done).state is ClipState.INGESTED


def test_a_draft_beyond_the_clip_is_refused(play: Play) -> None:
    play.register()
    play.report(play.claim_one(Stage.INGEST), factories.ingest_done(n_frames=20))
    item = play.claim_one(Stage.PRELABEL)
    with pytest.raises(InputError):
        play.report(item, factories.prelabel_done(factories.segment(10, 21)))


def test_a_prelabelled_clip_has_two_blind_seats(play: Play) -> None:
    uid = play.prelabelled()
    item = play.claim_one(Stage.DISPATCH)
    assert {seat.username for seat in item.seats} == {"ana", "ben"}
    assert {seat.state for seat in item.seats} == {AssignmentState.PLANNED}
    assert item.prelabel == [factories.segment()]
    reported = play.push(item)
    assert (reported.state, reported.due) == (ClipState.IN_ANNOTATION, None)
    assert play.clip(uid).taxonomy_version == 1


def test_a_task_in_somebody_elses_lane_is_refused(play: Play) -> None:
    play.prelabelled()
    item = play.claim_one(Stage.DISPATCH)
    report = play.pushed(item)
    lanes = [task.lane_uid for task in report.tasks]
    swapped = [
        task.model_copy(update={"lane_uid": lane})
        for task, lane in zip(report.tasks, reversed(lanes), strict=True)
    ]
    with pytest.raises(InputError) as caught:
        play.report(item, report.model_copy(update={"tasks": swapped}))
    assert caught.value.errors[0]["pointer"] == "/tasks/0/lane_uid"


def test_a_clip_without_enough_people_waits_for_them(play: Play) -> None:
    members = {"ana": "annotator", "sam": "arbiter"}
    play["lea"].project_apply("kitchen", factories.project_in(members))
    uid = play.prelabelled()
    clip = play.clip(uid)
    assert clip.held
    assert clip.reason is not None
    assert clip.reason["code"] == "too_few_annotators"
    assert play.claim(Stage.DISPATCH) == []
    play["lea"].clip_retry(uid)
    assert play.clip(uid).held
    play["lea"].project_apply("kitchen", factories.project_in({**members, "ben": "annotator"}))
    assert not play.clip(uid).held
    assert len(play.claim_one(Stage.DISPATCH).seats) == 2


def test_a_claim_costs_the_same_few_queries_for_one_clip_or_many(play: Play) -> None:
    def cost(limit: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(play.claim(Stage.INGEST, limit=limit)) == limit
        return len(queries)

    play.register(*(f"{n}.mp4" for n in range(32)))
    cost(1)  # the versions of the rules are read once and kept
    assert cost(1) == cost(30) <= 7


def test_a_report_costs_few_queries(play: Play) -> None:
    play.register()
    item = play.claim_one(Stage.INGEST)
    with CaptureQueriesContext(connection) as queries:
        play.report(item, factories.ingest_done())
    assert len(queries) <= 12


def test_registration_costs_the_same_for_any_number(play: Play) -> None:
    def cost(n: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            play.register(*(f"{factories.serial()}.mp4" for _ in range(n)))
        return len(queries)

    assert cost(1) == cost(900) <= 10


def test_the_claim_uses_the_index_made_for_it(play: Play) -> None:
    Clip.objects.all()
    play.register(*(f"{n}.mp4" for n in range(300)))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    with CaptureQueriesContext(connection) as queries:
        play.claim(Stage.INGEST, limit=10)
    claim = next(q["sql"] for q in queries if "SKIP LOCKED" in q["sql"] and "LIMIT" in q["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {claim}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "clip_claimable" in plan
