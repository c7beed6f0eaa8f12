"""POST and GET /segue/members, /segue/drafts: for the service alone, and the same when repeated."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.live_ls.rows import all_rows
from tests.live_ls.server import LabelStudio
from tests.live_ls.world import PASSWORD, World, region

pytestmark = [pytest.mark.live_ls, pytest.mark.timeout(300)]


@pytest.fixture
def admin(label_studio: LabelStudio) -> Iterator[httpx.Client]:
    with label_studio.admin() as client:
        yield client


@pytest.fixture
def lane(admin: httpx.Client) -> int:
    return new_lane(admin)


def new_lane(admin: httpx.Client) -> int:
    config = "<View><Text name='t' value='$t'/></View>"
    body = {"title": f"lane {uuid4().hex[:8]}", "label_config": config}
    return int(admin.post("/api/projects/", json=body).raise_for_status().json()["id"])


def new_email() -> str:
    return f"{uuid4().hex[:10]}@segue.example"


def member(admin: httpx.Client, **body: Any) -> httpx.Response:
    return admin.post("/segue/members", json={"password": None, "projects": [], **body})


def test_it_makes_a_person_who_can_log_in_and_sees_the_lane(
    admin: httpx.Client, label_studio: LabelStudio, lane: int
) -> None:
    email = new_email()

    made = member(admin, email=email, password=PASSWORD, first_name="Ina", projects=[lane])

    assert made.status_code == 201
    assert made.json() == {
        "id": made.json()["id"],
        "email": email,
        "first_name": "Ina",
        "last_name": "",
        "projects": [lane],
    }
    with label_studio.login(email, PASSWORD) as client:
        assert [item["id"] for item in client.get("/api/projects/").json()["results"]] == [lane]
        assert client.get("/api/current-user/token").status_code == 403


def test_a_repeat_changes_nothing_and_ends_no_session(
    admin: httpx.Client, label_studio: LabelStudio, lane: int
) -> None:
    body: dict[str, Any] = {"email": new_email(), "password": PASSWORD, "projects": [lane]}
    first = member(admin, **body)
    with label_studio.login(body["email"], PASSWORD) as client:
        second = member(admin, **body)

        assert (second.status_code, second.json()) == (200, first.json())
        assert client.get("/api/current-user/whoami").status_code == 200


def test_the_address_counts_in_any_case(admin: httpx.Client) -> None:
    email = new_email()

    assert member(admin, email=email.upper()).json()["email"] == email
    assert member(admin, email=email).status_code == 200


def test_a_person_without_a_password_cannot_log_in(
    admin: httpx.Client, label_studio: LabelStudio
) -> None:
    email = new_email()
    member(admin, email=email)
    with pytest.raises(AssertionError):
        label_studio.login(email, "")


def test_a_new_password_replaces_the_old_one(
    admin: httpx.Client, label_studio: LabelStudio
) -> None:
    email = new_email()
    member(admin, email=email, password=PASSWORD)
    member(admin, email=email, password=PASSWORD + "x")

    label_studio.login(email, PASSWORD + "x").close()
    with pytest.raises(AssertionError):
        label_studio.login(email, PASSWORD)


def test_lanes_are_added_or_replaced(admin: httpx.Client, lane: int) -> None:
    email, other = new_email(), new_lane(admin)
    member(admin, email=email, projects=[lane])

    added = member(admin, email=email, projects=[other])
    replaced = member(admin, email=email, projects=[other], replace=True)

    assert added.json()["projects"] == [lane, other]
    assert replaced.json()["projects"] == [other]


def test_a_lane_has_one_person(admin: httpx.Client, lane: int) -> None:
    member(admin, email=new_email(), projects=[lane])
    before = member_rows(admin)

    second = member(admin, email=new_email(), projects=[lane])

    assert second.status_code == 409
    assert second.json() == {"detail": f"Lane {lane} is another person's; a lane has one person."}
    assert member_rows(admin) == before


def member_rows(admin: httpx.Client) -> Any:
    return admin.get("/segue/members").json()


def test_two_at_once_do_not_share_a_lane(label_studio: LabelStudio, lane: int) -> None:
    def enter(_: int) -> int:
        with label_studio.admin() as admin:
            return member(admin, email=new_email(), projects=[lane]).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(enter, range(4)))

    assert answers == [201, 409, 409, 409]


def test_a_lane_that_holds_work_takes_nobody_else(world: World, admin: httpx.Client) -> None:
    """Even when its person has left: the work would be shown to the next one."""
    member(admin, email=world.sam.email, projects=[], replace=True)
    try:
        assert member(admin, email=new_email(), projects=[world.sam.project]).status_code == 409
    finally:
        back = member(admin, email=world.sam.email, projects=[world.sam.project])
    assert back.status_code == 200


def test_staff_gets_no_lane(admin: httpx.Client, label_studio: LabelStudio, lane: int) -> None:
    assert member(admin, email=label_studio.admin_email, projects=[lane]).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {"email": "nobody"},
        {"email": ""},
        {"email": None},
        {"email": "a@segue.example", "projects": "1"},
        {"email": "a@segue.example", "projects": [True]},
        {"email": "a@segue.example", "projects": [99999999]},
        {"email": "a@segue.example", "password": 5},
        {"email": "a@segue.example", "is_staff": True},
    ],
)
def test_bad_input_is_refused_with_a_sentence(
    admin: httpx.Client, label_studio: LabelStudio, body: dict[str, Any]
) -> None:
    before = all_rows(label_studio)

    answer = member(admin, **body)

    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")
    assert all_rows(label_studio) == before


def test_a_project_with_two_people_is_nobodys_lane(
    admin: httpx.Client, label_studio: LabelStudio, lane: int
) -> None:
    """A row written past the endpoint locks both out; it shows neither the other's work."""
    first, second = new_email(), new_email()
    member(admin, email=first, password=PASSWORD, projects=[lane])
    other = member(admin, email=second, password=PASSWORD).json()["id"]
    label_studio.run_inside(
        "from projects.models import ProjectMember\n"
        "ProjectMember.objects.create(project_id=sys.argv[1], user_id=sys.argv[2])\n"
        "print('null')",
        str(lane),
        str(other),
    )

    for email in (first, second):
        with label_studio.login(email, PASSWORD) as client:
            assert client.get(f"/api/projects/{lane}/").status_code == 404
            assert client.get("/api/projects/").json()["results"] == []


def test_the_list_names_the_people_of_a_lane(world: World, admin: httpx.Client) -> None:
    of_lane = admin.get(f"/segue/members?project={world.ben.project}").json()["members"]

    assert [person["id"] for person in of_lane] == [world.ben.user]
    assert admin.get("/segue/members?project=x").status_code == 404
    everybody = {person["email"] for person in member_rows(admin)["members"]}
    assert {world.ana.email, world.ben.email, world.kim.email} <= everybody
    assert world.label_studio.admin_email not in everybody


@pytest.mark.parametrize("path", ["/segue/members", "/segue/drafts"])
def test_people_do_not_reach_it(world: World, path: str) -> None:
    body = {"email": world.ben.email, "projects": [world.ana.project]}
    with world.session(world.ben) as ben, world.label_studio.anonymous() as nobody:
        assert ben.post(path, json=body).status_code == 403
        assert ben.get(path).status_code == 403
        assert nobody.post(path, json=body).status_code == 401


def test_a_draft_lies_ready_for_the_person(world: World, admin: httpx.Client) -> None:
    sam = world.sam
    data = [{"data": {"video": "/x", "fps": 25, "brief": "two opinions"}}]
    admin.post(f"/api/projects/{sam.project}/import", json=data).raise_for_status()
    listed = admin.get(f"/api/tasks?project={sam.project}&fields=all&page_size=100")
    task = max(item["id"] for item in listed.json()["tasks"])
    body = {"task": task, "email": sam.email, "result": [region(4, 6)]}

    made, again = (admin.post("/segue/drafts", json=body) for _ in range(2))

    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json() == {"id": made.json()["id"], "task": task, "user": sam.user}
    with world.session(sam) as client:
        (seen,) = client.get(f"/api/tasks/{task}/").json()["drafts"]
    assert seen["result"] == [region(4, 6)]
    admin.delete(f"/api/tasks/{task}/").raise_for_status()


def test_a_draft_is_laid_in_the_persons_own_lane_only(world: World, admin: httpx.Client) -> None:
    body = {"task": world.ana.task, "email": world.ben.email, "result": []}

    assert admin.post("/segue/drafts", json=body).status_code == 409
    assert admin.post("/segue/drafts", json={**body, "task": 99999999}).status_code == 422
    assert admin.post("/segue/drafts", json={**body, "result": [1]}).status_code == 422
