"""Only active annotators get seats; each change is on record and can be taken back."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from services.client.payloads import UserIn
from services.domain.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import Stage
from services.tracker.annotations.models import Assignment
from services.tracker.core.roles import Role
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.standing.models import StandingEvent
from services.tracker.standing.services import standing_change
from tests import factories
from tests.service.gold import rules
from tests.service.play import MEMBERS, Play

pytestmark = pytest.mark.db

ACTIVE, PAUSED, CALIBRATING = (
    AnnotatorStanding.ACTIVE,
    AnnotatorStanding.PAUSED,
    AnnotatorStanding.CALIBRATING,
)


def standing(play: Play, name: str) -> AnnotatorStanding:
    (found,) = (item for item in play["lea"].standings("kitchen") if item.username == name)
    return found.standing


def annotators(clip: object) -> set[str]:
    seats = Assignment.objects.filter(clip__uid=clip, kind="annotation")
    return set(seats.values_list("user__username", flat=True))


def test_everybody_is_active_where_the_rules_ask_for_no_trial(play: Play) -> None:
    found = {item.username: item for item in play["lea"].standings("kitchen")}
    assert set(found) == {"ana", "ben"}
    assert {item.standing for item in found.values()} == {ACTIVE}
    assert {item.event_uid for item in found.values()} == {None}


def test_a_paused_annotator_gets_no_seat(play: Play) -> None:
    play.join("dot", Role.ANNOTATOR)
    changed = play["lea"].standing_change("kitchen", "ana", PAUSED, note="late offsets")
    assert (changed.standing, changed.actor) == (PAUSED, "lea")
    assert changed.cause == {"code": "manager", "note": "late offsets"}
    assert annotators(play.prelabelled()) == {"ben", "dot"}


def test_a_pause_leaves_the_seats_that_are_held(play: Play) -> None:
    clip = play.in_annotation()
    play["lea"].standing_change("kitchen", "ana", PAUSED)
    play.answer_all(clip)
    item = play.claim_one(Stage.CHECK)
    assert play.report(item, factories.agreed(*play.answers(item))).state == "accepted"


def test_clips_wait_for_active_people_and_go_on_with_them(play: Play) -> None:
    play["lea"].standing_change("kitchen", "ana", PAUSED)
    clip = play.prelabelled()
    held = play.clip(clip)
    assert held.reason is not None
    assert held.reason["code"] == "too_few_annotators"
    assert "has 1 active" in held.reason["detail"]
    play["lea"].standing_change("kitchen", "ana", ACTIVE)
    assert not play.clip(clip).held
    play.push(play.claim_one(Stage.DISPATCH))
    assert annotators(clip) == {"ana", "ben"}


def test_people_who_are_not_active_do_not_wake_clips_that_wait(play: Play) -> None:
    for name in ("ana", "ben"):
        play["lea"].standing_change("kitchen", name, PAUSED)
    clip = play.prelabelled()
    play.join("dot", Role.ANNOTATOR)  # one active person is too few still
    assert play.clip(clip).held


def test_who_joins_under_a_trial_starts_on_trial(play: Play) -> None:
    rules(play, "dot", calibration_clips=3)
    assert standing(play, "dot") is CALIBRATING
    assert standing(play, "ana") is ACTIVE
    (event,) = play["lea"].standing_events("kitchen", "dot")
    assert (event.before, event.after, event.cause) == (ACTIVE, CALIBRATING, {"code": "joined"})
    assert annotators(play.prelabelled()) == {"ana", "ben"}


def test_an_account_made_into_a_project_starts_on_trial_too(play: Play) -> None:
    rules(play, calibration_clips=1)
    play["lea"].user_add(UserIn(username="dot", role="annotator", projects=["kitchen"]))
    assert standing(play, "dot") is CALIBRATING


def test_who_comes_back_stands_where_he_stood(play: Play) -> None:
    play.join("dot", Role.ANNOTATOR)
    play["lea"].standing_change("kitchen", "dot", PAUSED)
    play["lea"].project_apply("kitchen", factories.project_in(MEMBERS))
    with pytest.raises(NotFoundError):
        list(play["lea"].standing_events("kitchen", "dot"))
    members = MEMBERS | {"dot": "annotator"}
    policy = factories.policy_document(calibration_clips=1)
    play["lea"].project_apply("kitchen", factories.project_in(members, policy=policy))
    assert standing(play, "dot") is PAUSED


def test_the_same_again_changes_nothing(play: Play) -> None:
    first = play["lea"].standing_change("kitchen", "ana", PAUSED, note="x")
    assert play["lea"].standing_change("kitchen", "ana", PAUSED, note="y") == first
    assert StandingEvent.objects.count() == 1


def test_a_change_is_taken_back_once(play: Play) -> None:
    event = play["lea"].standing_change("kitchen", "ana", PAUSED).event_uid
    assert event is not None
    back = play["lea"].standing_reverse(event, note="a mistake")
    assert (back.before, back.after, back.reverses_uid) == (PAUSED, ACTIVE, event)
    assert back.cause == {"code": "reversed", "note": "a mistake"}
    assert standing(play, "ana") is ACTIVE
    assert play["lea"].standing_reverse(event, note="again") == back
    assert [item.uid for item in play["lea"].standing_events("kitchen", "ana")] == [event, back.uid]


def test_only_the_newest_change_is_taken_back(play: Play) -> None:
    event = play["lea"].standing_change("kitchen", "ana", PAUSED).event_uid
    play["lea"].standing_change("kitchen", "ana", ACTIVE)
    assert event is not None
    with pytest.raises(ConflictError) as caught:
        play["lea"].standing_reverse(event)
    assert caught.value.code == "not_the_newest"
    assert standing(play, "ana") is ACTIVE


def test_nobody_is_tried_where_the_rules_have_no_trial(play: Play) -> None:
    with pytest.raises(ConflictError) as caught:
        play["lea"].standing_change("kitchen", "ana", CALIBRATING)
    assert caught.value.code == "no_calibration"
    assert standing(play, "ana") is ACTIVE


def test_rules_that_try_people_anew_without_a_trial_are_refused(play: Play) -> None:
    monitoring = {"consequences": ["recalibrate"]}
    with pytest.raises(InputError, match="recalibrate needs a trial") as caught:
        rules(play, monitoring=monitoring)
    assert caught.value.errors[0]["pointer"] == "/policy/monitoring/consequences"
    rules(play, monitoring=monitoring, calibration_clips=1)


def test_a_change_is_not_taken_back_into_a_trial_that_is_no_more(play: Play) -> None:
    rules(play, calibration_clips=1)
    play["lea"].standing_change("kitchen", "ana", CALIBRATING)
    event = play["lea"].standing_change("kitchen", "ana", PAUSED).event_uid
    assert event is not None
    rules(play, calibration_clips=0)
    with pytest.raises(ConflictError) as caught:
        play["lea"].standing_reverse(event)
    assert caught.value.code == "no_calibration"
    assert standing(play, "ana") is PAUSED


@pytest.mark.parametrize("name", ["ana", "sam", "cleo", "wren"])
def test_only_managers_change_a_standing(play: Play, name: str) -> None:
    event = play["lea"].standing_change("kitchen", "ben", PAUSED).event_uid
    assert event is not None
    with pytest.raises(NotAllowedError):
        play[name].standing_change("kitchen", "ben", ACTIVE)
    with pytest.raises(NotAllowedError):
        play[name].standing_reverse(event)
    assert standing(play, "ben") is PAUSED


@pytest.mark.parametrize("name", ["ana", "sam", "cleo", "kim"])
def test_who_may_not_see_the_project_sees_no_standings(play: Play, name: str) -> None:
    play["lea"].standing_change("kitchen", "ana", PAUSED)
    with pytest.raises(NotFoundError):
        list(play[name].standings("kitchen"))
    with pytest.raises(NotFoundError):
        list(play[name].standing_events("kitchen", "ana"))


def test_another_projects_manager_changes_nothing(play: Play) -> None:
    event = play["lea"].standing_change("kitchen", "ana", PAUSED).event_uid
    assert event is not None
    for call in (
        lambda: play["kim"].standing_change("kitchen", "ana", ACTIVE),
        lambda: play["kim"].standing_change("garage", "ana", ACTIVE),
        lambda: play["kim"].standing_reverse(event),
        lambda: play["lea"].standing_change("kitchen", "sam", PAUSED),  # no annotator
        lambda: play["lea"].standing_change("kitchen", "nobody", PAUSED),
        lambda: play["lea"].standing_reverse(uuid4()),
    ):
        with pytest.raises(NotFoundError):
            call()


LONG = {"standing": "paused", "note": "x" * 3000}


@pytest.mark.parametrize("body", [{}, {"standing": "asleep"}, LONG])
def test_bad_input_is_refused(play: Play, body: dict) -> None:
    answer = play.http("lea").put("/api/v1/projects/kitchen/standings/ana", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_a_standing_is_for_annotators_of_the_project(play: Play) -> None:
    kitchen = Project.objects.get(slug="kitchen")
    with pytest.raises(InputError):
        standing_change(
            project=kitchen,
            user=User.objects.get(username="sam"),
            to=PAUSED,
            cause={"code": "x"},
            actor="monitor",
        )


@pytest.mark.parametrize(
    "sql",
    ["UPDATE standing_standingevent SET after = 'active'", "DELETE FROM standing_standingevent"],
)
def test_the_record_never_changes(play: Play, sql: str) -> None:
    play["lea"].standing_change("kitchen", "ana", PAUSED)
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
