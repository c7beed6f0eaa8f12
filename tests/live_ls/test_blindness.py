"""Nobody but staff finds or changes anything of ana's, on any route of Label Studio."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest

from tests.live_ls.probes import Answer, Probe, leaks, reads, send, writes
from tests.live_ls.routes import Route
from tests.live_ls.rows import all_rows, changes
from tests.live_ls.world import Person, World

pytestmark = [pytest.mark.live_ls, pytest.mark.timeout(600)]

REFUSED = {401, 403, 404}


@dataclass(frozen=True, kw_only=True)
class Prober:
    """Somebody who looks for ana's work, and the way they come in."""

    client: httpx.Client
    headers: dict[str, str]
    user: int


def session_of(person: Callable[[World], Person]) -> Callable[[World], Prober]:
    def enter(world: World) -> Prober:
        found = person(world)
        return Prober(client=world.session(found), headers={}, user=found.user)

    return enter


def token_of_ben(scheme: str) -> Callable[[World], Prober]:
    """Come in with a token that got into the database behind the guard's back."""

    def enter(world: World) -> Prober:
        forged = world.planted["forged"][world.ben.email]
        headers = {
            "token": {"Authorization": f"Token {forged['token']}"},
            "key": {"X-Api-Key": forged["token"]},
            "bearer": {"Authorization": f"Bearer {forged['bearer']}"},
            "basic": {"Authorization": "Basic YmVuOmJlbg=="},
        }[scheme]
        return Prober(client=world.label_studio.anonymous(), headers=headers, user=world.ben.user)

    return enter


def session_and_token_of_ben(world: World) -> Prober:
    forged = world.planted["forged"][world.ben.email]["token"]
    headers = {"Authorization": f"Token {forged}"}
    return Prober(client=world.session(world.ben), headers=headers, user=world.ben.user)


def nobody(world: World) -> Prober:
    return Prober(client=world.label_studio.anonymous(), headers={}, user=0)


PROBERS = {
    "ben": session_of(lambda world: world.ben),
    "kim": session_of(lambda world: world.kim),
    "sam": session_of(lambda world: world.sam),
    "legacy token": token_of_ben("token"),
    "api key": token_of_ben("key"),
    "jwt": token_of_ben("bearer"),
    "session and token": session_and_token_of_ben,
    "nobody": nobody,
}


def test_no_route_shows_ben_anything_of_hers(world: World, routes: list[Route]) -> None:
    prober = PROBERS["ben"](world)

    answers = send(prober.client, reads(world, routes, of=world.ana))

    assert len({answer.probe.route for answer in answers}) > 200
    assert faults(answers) == []


def test_no_route_lets_ben_change_anything_at_all(world: World, routes: list[Route]) -> None:
    prober = PROBERS["ben"](world)
    before = all_rows(world.label_studio)

    answers = send(prober.client, writes(world, routes, thorough=True))

    assert changes(before, all_rows(world.label_studio), of_user=prober.user) == []
    assert faults(answers) == []


@pytest.mark.parametrize("who", [name for name in PROBERS if name != "ben"])
def test_no_other_way_in_is_any_better(world: World, routes: list[Route], who: str) -> None:
    prober = PROBERS[who](world)
    before = all_rows(world.label_studio)

    probes = [
        *reads(world, routes, of=world.ana, thin=True),
        *writes(world, routes, methods=("POST",)),
    ]
    answers = send(prober.client, probes, headers=prober.headers)

    assert changes(before, all_rows(world.label_studio), of_user=prober.user) == []
    assert faults(answers) == []
    if "Authorization" in prober.headers or "X-Api-Key" in prober.headers:
        assert {answer.status for answer in answers} <= REFUSED | {302}  # to the log-in page


def faults(answers: list[Answer]) -> list[str]:
    """Return the answers that tell something, by what they hold or by breaking."""
    broken = [f"{answer.probe} -> {answer.status}" for answer in answers if answer.status >= 500]
    return leaks(answers) + broken


def test_no_answer_tells_whether_an_id_of_hers_exists(world: World, routes: list[Route]) -> None:
    """Ana's ids and ids that nobody has get the same status and the same words."""
    fields = ("project", "task", "annotation", "draft", "prediction", "view", "user")
    ghost = dataclasses.replace(
        world.ana, **{field: getattr(world.ana, field) + 500 for field in fields}
    )
    nowhere = dataclasses.replace(world, ana=ghost)
    named = [route for route in routes if route.parameters]

    def both(of: World) -> list[Probe]:
        return [*reads(of, named, of=of.ana, thin=True), *writes(of, named)]

    with world.session(world.ben) as ben:
        told = [
            f"{one.probe}: {one.status}, {other.probe}: {other.status}"
            for one, other in zip(send(ben, both(world)), send(ben, both(nowhere)), strict=True)
            if said(one) != said(other)
        ]
    assert told == []


def said(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.text if answer.status in REFUSED else ""


def test_the_same_probes_find_her_work_when_she_sends_them(
    world: World, routes: list[Route]
) -> None:
    """The check can fail: what ben does not see is there to be seen."""
    with world.session(world.ana) as ana:
        answers = send(ana, reads(world, routes, of=world.ana, thin=True))

    found = {answer.probe.route for answer in answers if answer.leak}
    assert {
        "tasks:api:task-list",
        "tasks:api:task-detail",
        "tasks:api-annotations:annotation-detail",
        "tasks:api-drafts:draft-detail",
        "projects:api:project-list",
        "projects:api:project-detail",
        "data_manager:dm-project",
        "data_manager:api:view-list",
        "user-list",
        "current-user-whoami",
    } <= found


def test_the_same_probes_find_her_work_on_many_routes_for_staff(
    world: World, routes: list[Route]
) -> None:
    token = {"Authorization": f"Token {world.label_studio.admin_token}"}
    mild = [route for route in routes if route.view_name != "logout"]

    answers = send(
        world.label_studio.anonymous(), reads(world, mild, of=world.ana, thin=True), headers=token
    )

    assert len({answer.probe.route for answer in answers if answer.leak}) >= 30
