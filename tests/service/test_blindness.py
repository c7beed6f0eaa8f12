"""Nobody learns of another person's work: the cast against every address of the tracker."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from django.apps import apps
from django.core import serializers

from services.client.payloads import CheckDone
from services.domain.blindness import candidate_order
from services.domain.errors import NotFoundError
from services.domain.standing import AnnotatorStanding
from services.domain.training_set import Side
from services.domain.workflow import AssignmentState, Stage
from services.tracker.annotations.models import Annotation, Assignment
from services.tracker.core.roles import Role
from tests import factories
from tests.service.drafting import accepted_on, model_in
from tests.service.measuring import alarm_over
from tests.service.play import CAST, Play
from tests.service.routes import Route, all_routes, api_routes

pytestmark = pytest.mark.db

PAUSED = AnnotatorStanding.PAUSED
SECRET_REGION = "region-only-ana-made"
SECRET_NOTE = "note-only-ana-wrote"
SECRET_CLIP = "clip-behind-the-curtain.mp4"
SECRET_REASON = "reason-only-lea-gave"
SECRETS = (SECRET_REGION, SECRET_NOTE, SECRET_CLIP, SECRET_REASON)
STRANGERS = ("ben", "sam", "cleo", "kim", None)


def secret_answer(play: Play, clip: Any, name: str = "ana", **more: Any) -> Any:
    segment = {**factories.submitted(), "region_id": SECRET_REGION}
    return play.answer(clip, name, segment, note=SECRET_NOTE, **more)


@pytest.fixture
def world(play: Play, storage_root: Path) -> dict[str, Any]:
    """Ana's answer on an open clip that nobody else has a seat on, and all that surrounds it."""
    accepted = play.accepted()
    for side in Side:
        accepted_on(play, side)
    play["wren"].model_register("kitchen", model_in(play, storage_root))
    play["lea"].model_promote("kitchen", 1, note=SECRET_REASON)
    (clip,) = play.register(SECRET_CLIP)
    play.report(play.claim_one(Stage.INGEST), factories.ingest_done())
    play.report(play.claim_one(Stage.PRELABEL), factories.prelabel_done())
    play.join("dot", Role.ANNOTATOR)
    # Ana and dot hold the seats, so that to ben the clip must not exist.
    seat = Assignment.objects.get(clip__uid=clip, user__username="ben")
    Assignment.objects.filter(pk=seat.pk).update(user=_user("dot"))
    dispatch = play.claim_one(Stage.DISPATCH)
    play.push(dispatch)
    taken = secret_answer(play, clip)
    release = play["wren"].release_create("kitchen", "1.0", clips=[accepted])
    gold = play["lea"].gold_promote("kitchen", accepted, note=SECRET_REASON)
    stands = play["lea"].standing_change("kitchen", "ana", PAUSED, note=SECRET_REASON)
    (lease,) = play.claim(Stage.CHECK, limit=1)
    return {
        "slug": "kitchen",
        "username": "ana",
        "version": 1,
        "clip": clip,
        "assignment": play.seat(clip, "ana"),
        "annotation": taken.annotation_uid,
        "lane": play.lane("ana").uid,
        "lease": lease.lease_uid,
        "release": release.uid,
        "gold": gold.uid,
        "standing_event": stands.event_uid,
        "alarm": alarm_over("ana", SECRET_REASON),
        "path": "clips.jsonl",
        "key": "proxies/aa/x.mp4",
        "static": "drf_spectacular_sidecar/x.js",
    }


def _user(name: str) -> Any:
    return apps.get_model("people", "User").objects.get(username=name)


KINDS = {
    "clips": "clip",
    "assignments": "assignment",
    "annotations": "annotation",
    "lanes": "lane",
    "work": "lease",
    "releases": "release",
    "gold": "gold",
    "standing-events": "standing_event",
    "alarms": "alarm",
}


def values_for(route: Route, world: dict[str, Any]) -> dict[str, Any]:
    """Return the world's values, with the UID of the kind that the address is about."""
    kind = KINDS.get(route.template.removeprefix("api/v1/").partition("/")[0])
    return {**world, "uid": world[kind]} if kind else world


def nowhere(values: dict[str, Any]) -> dict[str, Any]:
    """Return values of things that do not exist."""
    return {
        **values,
        "uid": uuid4(),
        "slug": "nowhere",
        "username": "nobody",
        "version": 77,
        "path": "no-such-file",
        "key": "no-such-key",
    }


def bodies(route: Route, world: dict[str, Any]) -> list[Any]:
    """Return nothing, and a body with which the worker would succeed."""
    if route.method in {"get", "delete"}:
        return [None]
    everything = {
        **factories.submission().model_dump(mode="json"),
        **factories.project_in({}).model_dump(mode="json"),
        **factories.lane_in("ana").model_dump(mode="json"),
        "stage": "check",
        "worker": "x",
        "outcome": "failed",
        "code": "x",
        "detail": "x",
        "transient": True,
        "fault": "x",
        "ids": [1],
        "watermark": "2026-01-01T00:00:00Z",
        "clips": [factories.clip_in().model_dump(mode="json")],
        "files": [],
        "ttl_h": 1,
        "is_active": False,
        "clip_uid": str(world["clip"]),
        "standing": "active",
        "role": "worker",
    }
    return [None, everything]


def ask(http: httpx.Client, route: Route, values: dict[str, Any], body: Any) -> httpx.Response:
    return http.request(route.method.upper(), route.path(values), json=body)


def outcome(answer: httpx.Response, route: Route, values: dict[str, Any]) -> tuple[int, str]:
    """Return an answer without what the caller himself had put into the address."""
    text = answer.text
    for name in route.parameters:
        text = re.sub(rf"\b{re.escape(str(values[name]))}\b", "<given>", text)
    return answer.status_code, text


def everything() -> str:
    """Return all rows of all tables."""
    models = [m for app in apps.get_app_configs() for m in app.get_models()]
    rows = [serializers.serialize("json", m.objects.order_by("pk")) for m in models]
    return json.dumps(rows)


def probes() -> list[Route]:
    return [r for r in all_routes() if r.template not in {"api/v1/tokens", "api/v1/tokens/current"}]


@pytest.mark.parametrize("name", STRANGERS)
def test_nothing_of_anas_comes_back_and_nothing_changes(
    play: Play, world: dict[str, Any], name: str | None
) -> None:
    http, before = play.http(name), everything()
    for route in probes():
        values = values_for(route, world)
        for body in bodies(route, world):
            answer = ask(http, route, values, body)
            assert answer.status_code < 500, f"{route}: {answer.text}"
            for secret in SECRETS:
                assert secret not in answer.text, f"{route} tells {name} {secret}"
    assert everything() == before


@pytest.mark.parametrize("name", STRANGERS)
def test_what_may_not_be_seen_looks_like_what_does_not_exist(
    play: Play, world: dict[str, Any], name: str | None
) -> None:
    http = play.http(name)
    own = {"ben", "cleo", "sam"} if name != "kim" else set()
    for route in probes():
        if not route.parameters or (route.template.startswith("api/v1/users/") and name in own):
            continue
        if route.method == "put" and name == "kim":
            continue  # a new project of his own is his right; see test_projects
        real, unreal = values_for(route, world), nowhere(values_for(route, world))
        for body in bodies(route, world):
            seen = outcome(ask(http, route, real, body), route, real)
            unseen = outcome(ask(http, route, unreal, body), route, unreal)
            assert seen == unseen, f"{route} tells {name} that the thing exists"


def test_the_probes_would_find_it(play: Play, world: dict[str, Any]) -> None:
    """The same probes as the worker do find all secrets, so they look in the right places."""
    http = play.http("wren")
    found = ""
    for route in probes():
        if route.method == "get":
            found += ask(http, route, values_for(route, world), None).text
    assert all(secret in found for secret in SECRETS)


def test_every_operation_says_whose_it_is() -> None:
    for route in api_routes():
        method = getattr(route.view, route.method)
        assert hasattr(method, "segue_roles"), f"{route} has no roles"


# What is shown of a seat is what can be asked for: a hidden column is no filter either.
ASKED = [
    *(f"state={state}" for state in AssignmentState),
    *(f"state={state}&project=kitchen" for state in AssignmentState),
]


def read_all(play: Play, name: str) -> dict[str, str]:
    """Return everything that somebody can read without knowing any UID but his own seats'."""
    http = play.http(name)
    seats = [str(seat.uid) for seat in play[name].assignments()]
    values = {"slug": "kitchen", "username": name, "version": 1, "path": "x", "key": "x"}
    seen = {}
    for query in ASKED:
        path = f"/api/v1/assignments?{query}"
        seen[path] = http.get(path).text
    for route in api_routes():
        if route.method != "get":
            continue
        for uid in seats if "uid" in route.parameters else [""]:
            path = route.path({**values, "uid": uid})
            seen[path] = http.get(path).text
    return seen


@pytest.mark.parametrize("name", ["ben", "sam", "cleo"])
def test_whatever_ana_does_the_others_world_stays_the_same(play: Play, name: str) -> None:
    clips = [play.in_annotation() for _ in range(3)]
    before = read_all(play, name)
    for clip in clips:
        secret_answer(play, clip)
    assert read_all(play, name) == before
    for number, item in enumerate(play.claim(Stage.CHECK)):
        (uid,) = play.answers(item)
        play.report(item, CheckDone(verdicts=[factories.verdict(uid, passed=number != 1)]))
    assert read_all(play, name) == before
    for item in play.claim(Stage.DISPATCH):
        play.push(item)
    secret_answer(play, clips[1], after_s=90)
    assert read_all(play, name) == before


def test_a_decided_round_does_not_show_on_the_seat(play: Play) -> None:
    clip = play.in_annotation()
    play.answer(clip, "ben")
    item = play.claim_one(Stage.CHECK)
    play.report(item, CheckDone(verdicts=[factories.verdict(play.answers(item)[0])]))
    before = read_all(play, "ben")
    play.answer(clip, "ana", factories.submitted(100, 200))
    item = play.claim_one(Stage.CHECK)
    fresh = [opinion.annotation_uid for opinion in item.opinions if opinion.state == "submitted"]
    report = factories.disputed(*play.answers(item))
    play.report(item, report.model_copy(update={"verdicts": [factories.verdict(*fresh)]}))
    assert read_all(play, "ben") == before


def test_a_closed_seat_is_asked_for_as_the_passed_one_it_looks_like(play: Play) -> None:
    clip = play.accepted()
    own = [play.seat(clip, "ana")]

    def asked(name: str, state: str) -> list[Any]:
        answer = play.http(name).get("/api/v1/assignments", params={"state": state})
        return [UUID(seat["uid"]) for seat in answer.json()["results"]]

    assert asked("ana", "passed") == own
    assert asked("ana", "closed") == []
    assert asked("lea", "passed") == []
    assert set(asked("lea", "closed")) == {*own, play.seat(clip, "ben")}


def test_the_clips_own_uid_is_no_filter_for_those_who_may_not_know_it(play: Play) -> None:
    clip = play.in_arbitration()
    path = f"/api/v1/assignments?clip={clip}"
    assert play.http("ana").get(path).json()["results"] == []
    assert len(play.http("sam").get(path).json()["results"]) == 1
    assert len(play.http("lea").get(path).json()["results"]) == 3


def test_an_edit_after_passing_does_not_tell_that_the_round_is_decided(play: Play) -> None:
    """Ben edits twice: on a clip that ana has not answered, and on one that was agreed."""
    undecided = play.in_annotation()
    play.answer(undecided, "ben")
    item = play.claim_one(Stage.CHECK)
    play.report(item, CheckDone(verdicts=[factories.verdict(play.answers(item)[0])]))
    decided = play.accepted()
    edits = {}
    for clip in (undecided, decided):
        edit = factories.submitted(20, 60)
        edits[clip] = play.answer(clip, "ben", edit, after_s=600, label_studio_annotation=1)
    item = play.claim_one(Stage.CHECK)
    play.report(item, CheckDone(verdicts=[factories.verdict(edits[undecided].annotation_uid)]))
    assert [edit.status for edit in edits.values()] == ["recorded", "late"]
    seats = [play["ben"].assignment(play.seat(clip, "ben")) for clip in edits]
    answers = [play["ben"].annotation(edit.annotation_uid) for edit in edits.values()]
    for edit, seat in zip(edits.values(), seats, strict=True):
        assert seat.annotation_uid == edit.annotation_uid
    unlike = {"uid", "clip_name", "task_id", "annotation_uid", "assignment_uid", "received_at"}
    for first, second in (seats, answers):
        assert first.model_dump(exclude=unlike) == second.model_dump(exclude=unlike)
    assert play["lea"].annotation(edits[decided].annotation_uid).is_late


# --- the arbiter ------------------------------------------------------------------------------


def test_the_arbiter_sees_two_opinions_without_names_or_times(play: Play) -> None:
    clip = play.in_annotation()
    secret_answer(play, clip)
    play.answer(clip, "ben", factories.submitted(100, 200))
    item = play.claim_one(Stage.CHECK)
    with pytest.raises(NotFoundError):
        list(play["sam"].annotations(clip))
    play.report(item, factories.disputed(*play.answers(item)))
    answer = play.http("sam").get(f"/api/v1/clips/{clip}/annotations")
    x, y = answer.json()["results"]
    assert (x["opinion"], y["opinion"]) == ("x", "y")
    assert [x["uid"], y["uid"]] == [str(uid) for uid in play.answers(item)]
    hidden = ("username", "assignment_uid", "received_at", "lead_time_s")
    assert {view[name] for view in (x, y) for name in hidden} == {None}
    for told in ("ana", "ben", SECRET_REGION, SECRET_NOTE, *map(str, _seats(clip))):
        assert told not in answer.text
    single = play.http("sam").get(f"/api/v1/annotations/{x['uid']}")
    assert single.json() == x


def _seats(clip: Any) -> list[Any]:
    return list(
        Assignment.objects.filter(clip__uid=clip, kind="annotation").values_list("uid", flat=True)
    )


def test_the_arbiter_never_sees_superseded_or_late_answers(play: Play) -> None:
    clip = play.in_arbitration()
    late = play.answer(clip, "ana", factories.submitted(1, 2), after_s=600)
    shown = [view.uid for view in play["sam"].annotations(clip)]
    assert late.annotation_uid not in shown
    with pytest.raises(NotFoundError):
        play["sam"].annotation(late.annotation_uid)
    assert len(shown) == 2


def test_letters_do_not_follow_who_answered_first(play: Play) -> None:
    first_is_x = []
    for _ in range(12):
        clip = play.in_annotation()
        play.answer_all(clip)  # ana always first
        item = play.claim_one(Stage.CHECK)
        seats = {opinion.assignment_uid: opinion.opinion for opinion in item.opinions}
        order = candidate_order(clip, 1, list(seats))
        assert [seats[uid] for uid in order] == ["x", "y"]
        first_is_x.append(seats[play.seat(clip, "ana")] == "x")
    assert len(set(first_is_x)) == 2


def test_a_former_member_sees_nothing(play: Play) -> None:
    clip = play.accepted()
    own = Annotation.objects.get(assignment__clip__uid=clip, assignment__user__username="ana").uid
    assert play["ana"].annotation(own).username == "ana"
    members = {"ben": "annotator", "sam": "arbiter", "cleo": "client"}
    play["lea"].project_apply("kitchen", factories.project_in(members))
    with pytest.raises(NotFoundError):
        play["ana"].annotation(own)
    assert list(play["ana"].assignments()) == []


def test_an_annotator_sees_the_own_answer_and_no_other(play: Play) -> None:
    clip = play.in_annotation()
    taken = secret_answer(play, clip)
    (own,) = play["ana"].annotations(clip)
    assert (own.uid, own.note) == (taken.annotation_uid, SECRET_NOTE)
    with pytest.raises(NotFoundError):
        list(play["ben"].annotations(clip))
    with pytest.raises(NotFoundError):
        play["ben"].annotation(taken.annotation_uid)
    with pytest.raises(NotFoundError):
        play["ben"].assignment(play.seat(clip, "ana"))


def test_staff_see_names(play: Play) -> None:
    clip = play.in_annotation()
    secret_answer(play, clip)
    assert [view.username for view in play["lea"].annotations(clip)] == ["ana"]
    assert [view.username for view in play["wren"].annotations(clip)] == ["ana"]
    assert len(list(play["lea"].prelabels(clip))) == 1


def test_the_cast_is_complete() -> None:
    assert set(CAST) == {"ana", "ben", "sam", "lea", "cleo", "wren", "kim"}
