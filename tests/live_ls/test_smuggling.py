"""Ben on routes that are his to use, with something of ana's hidden in the request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.live_ls.probes import TELLTALE
from tests.live_ls.rows import all_rows, changes
from tests.live_ls.world import World, region

pytestmark = [pytest.mark.live_ls, pytest.mark.timeout(300)]

REFUSED = {401, 403, 404, 405}


@pytest.fixture
def ben(world: World) -> Iterator[httpx.Client]:
    with world.session(world.ben) as client:
        yield client


def refused(world: World, client: httpx.Client, method: str, path: str, **content: Any) -> None:
    """Send a request that must be refused, say nothing of hers and change nothing."""
    before = all_rows(world.label_studio)
    answer = client.request(method, path, **content)
    assert answer.status_code in REFUSED, f"{answer.status_code} {answer.text[:300]}"
    assert not TELLTALE.search(answer.text)
    assert changes(before, all_rows(world.label_studio), of_user=world.ben.user) == []


FOREIGN = {
    "task": "task",
    "project": "project",
    "completed_by": "user",
    "draft_id": "draft",
    "parent_prediction": "prediction",
    "parent_annotation": "annotation",
}


@pytest.mark.parametrize("key", FOREIGN)
def test_a_new_annotation_names_nothing_of_hers(world: World, ben: httpx.Client, key: str) -> None:
    body = {"result": [region(1, 2)], key: getattr(world.ana, FOREIGN[key])}

    refused(world, ben, "POST", f"/api/tasks/{world.ben.task}/annotations", json=body)


@pytest.mark.parametrize("key", FOREIGN)
@pytest.mark.parametrize("spelling", [int, str])
def test_an_own_annotation_goes_nowhere(
    world: World, ben: httpx.Client, key: str, spelling: type
) -> None:
    body = {"result": [region(1, 2)], key: spelling(getattr(world.ana, FOREIGN[key]))}

    refused(world, ben, "PATCH", f"/api/annotations/{world.ben.annotation}", json=body)


@pytest.mark.parametrize(
    ("key", "of_hers"),
    [("task", "task"), ("annotation", "annotation"), ("user", "user"), ("project", "project")],
)
def test_an_own_draft_goes_nowhere(world: World, ben: httpx.Client, key: str, of_hers: str) -> None:
    body = {"result": [region(1, 2)], key: getattr(world.ana, of_hers)}

    refused(world, ben, "PATCH", f"/api/drafts/{world.ben.draft}", json=body)
    refused(world, ben, "POST", f"/api/tasks/{world.ben.task}/drafts", json=body)


def test_a_draft_of_an_own_task_hangs_on_no_annotation_of_hers(
    world: World, ben: httpx.Client
) -> None:
    path = f"/api/tasks/{world.ben.task}/annotations/{world.ana.annotation}/drafts"

    refused(world, ben, "POST", path, json={"result": []})


@pytest.mark.parametrize(
    "extra",
    [
        {"ground_truth": True},
        {"unique_id": "x"},
        {"last_action": "imported"},
        {"last_created_by": 1},
        {"import_id": 1},
        {"id": 62001},
        {"anything": "new"},
    ],
)
def test_only_the_known_fields_of_an_annotation_pass(
    world: World, ben: httpx.Client, extra: dict[str, Any]
) -> None:
    body = {"result": [], **extra}

    refused(world, ben, "PATCH", f"/api/annotations/{world.ben.annotation}", json=body)


def encodings(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    text = json.dumps(body)
    flat = {key: json.dumps(value) for key, value in body.items()}
    return {
        "form": {"data": flat},
        "multipart": {"data": flat, "files": {"x": ("x", b"x")}},
        "utf-16": {
            "content": text.encode("utf-16"),
            "headers": {"Content-Type": "application/json; charset=utf-16"},
        },
        "utf-7": {
            "content": text.encode("utf-7"),
            "headers": {"Content-Type": "application/json; charset=utf-7"},
        },
        "other json": {
            "content": text,
            "headers": {"Content-Type": "application/merge-patch+json"},
        },
        "plain": {"content": text, "headers": {"Content-Type": "text/plain"}},
        "no type": {"content": text, "headers": {"Content-Type": ""}},
        "list": {"json": [body]},
        "broken": {"content": text[:-1], "headers": {"Content-Type": "application/json"}},
    }


@pytest.mark.parametrize("encoding", encodings({}))
def test_a_body_has_one_encoding(world: World, ben: httpx.Client, encoding: str) -> None:
    body = {"result": [region(1, 2)], "completed_by": world.ana.user, "task": world.ana.task}

    refused(
        world,
        ben,
        "POST",
        f"/api/tasks/{world.ben.task}/annotations",
        **encodings(body)[encoding],
    )


def test_the_last_of_two_equal_keys_counts(world: World, ben: httpx.Client) -> None:
    text = f'{{"result": [], "task": {world.ben.task}, "task": {world.ana.task}}}'

    refused(
        world,
        ben,
        "PATCH",
        f"/api/annotations/{world.ben.annotation}",
        content=text,
        headers={"Content-Type": "application/json"},
    )


@pytest.mark.parametrize(
    "body",
    [
        {"project": 0},
        {"user": 0},
        {"data": {}, "filter_group": {"conjunction": "and", "filters": []}},
        {"data": {}, "id": 0},
        {"data": {}, "order": 3},
    ],
)
def test_a_view_keeps_its_place_and_takes_no_stored_filters(
    world: World, ben: httpx.Client, body: dict[str, Any]
) -> None:
    hers = {"project": world.ana.project, "user": world.ana.user, "id": world.ana.view}
    filled = {key: hers.get(key, value) for key, value in body.items()}
    if "filter_group" in filled:
        parent = {"column": "filter:tasks:id", "operator": "equal", "type": "Number", "value": 1}
        parent["parent"] = world.planted["filter"]
        filled["filter_group"]["filters"] = [parent]

    refused(world, ben, "PATCH", f"/api/dm/views/{world.ben.view}/", json=filled)


def test_a_new_view_lies_in_the_own_lane(world: World, ben: httpx.Client) -> None:
    own, hers = world.ben.project, world.ana.project
    bodies = [
        {"data": {}},
        {"data": {}, "project": hers},
        {"data": {}, "project": own, "user": world.ana.user},
        {"data": {}, "project": own, "filter_group": {"conjunction": "and", "filters": []}},
    ]
    for body in bodies:
        refused(world, ben, "POST", f"/api/dm/views?project={own}", json=body)
    body = {"data": {}, "project": own}
    refused(world, ben, "POST", f"/api/dm/views?project={hers}", json=body)
    refused(world, ben, "POST", "/api/dm/views", json=body)


@pytest.mark.parametrize(
    "query",
    [
        "id=delete_tasks",
        "id=predictions_to_annotations",
        "id=next_task&id=delete_tasks",
        "id=delete_tasks&id=next_task",
        "",
    ],
)
def test_no_bulk_action_runs_even_in_the_own_lane(
    world: World, ben: httpx.Client, query: str
) -> None:
    body = {"selectedItems": {"all": True, "excluded": []}}

    refused(world, ben, "POST", f"/api/dm/actions?project={world.ben.project}&{query}", json=body)


def test_every_known_bulk_action_is_refused(world: World, ben: httpx.Client) -> None:
    with world.label_studio.admin() as admin:
        actions = admin.get(f"/api/dm/actions?project={world.ben.project}").json()
    assert len(actions) > 5
    for action in actions:
        path = f"/api/dm/actions?project={world.ana.project}&id={action['id']}"
        refused(world, ben, "POST", path, json={"selectedItems": {"all": True, "excluded": []}})


@pytest.mark.parametrize(
    "spelling",
    ["+{}", " {}", "{} ", "{}.0", "0x{:x}", "{}_0", "-{}", "{:_}", "1e5", "", "{}\x00"],
)
@pytest.mark.parametrize("key", ["project", "view"])
def test_an_id_has_one_spelling(world: World, ben: httpx.Client, key: str, spelling: str) -> None:
    value = quote(spelling.format(getattr(world.ana, key)))

    refused(world, ben, "GET", f"/api/tasks?{key}={value}")


def test_digits_of_other_scripts_are_no_id(world: World, ben: httpx.Client) -> None:
    arabic = str(world.ana.project).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))

    refused(world, ben, "GET", f"/api/dm/project?project={quote(arabic)}")


@pytest.mark.parametrize("path", ["/api/dm/project", "/api/dm/columns", "/api/dm/actions"])
def test_a_missing_project_is_not_the_first_one(world: World, ben: httpx.Client, path: str) -> None:
    refused(world, ben, "GET", path)


def test_an_own_task_is_not_a_door_to_her_lane(world: World, ben: httpx.Client) -> None:
    for query in (f"project={world.ana.project}", f"view={world.ana.view}"):
        refused(world, ben, "GET", f"/api/tasks/{world.ben.task}/?{query}")


def test_the_list_of_own_tasks_stays_the_own_list(world: World, ben: httpx.Client) -> None:
    """What is allowed is allowed with any filter: none of them reaches another lane."""
    reach = [
        {"selectedItems": {"all": False, "included": [world.ana.task]}},
        {"selectedItems": {"all": True, "excluded": [world.ben.task]}},
        {"project": world.ana.project, "view": world.ana.view},
        {"ordering": ["tasks:id"]},
    ]
    for query in reach:
        answer = ben.get(
            f"/api/tasks?project={world.ben.project}&fields=all&query={quote(json.dumps(query))}"
        )
        assert answer.status_code == 200
        assert not TELLTALE.search(answer.text)


@pytest.mark.parametrize(
    "column",
    [
        "filter:tasks:project__organization__users__email",
        "filter:tasks:project__title",
        "filter:tasks:annotations__completed_by__email",
    ],
)
def test_no_filter_asks_questions_about_other_rows(
    world: World, ben: httpx.Client, column: str
) -> None:
    item = {"filter": column, "operator": "contains", "type": "String", "value": "ana"}
    query = quote(json.dumps({"filters": {"conjunction": "and", "items": [item]}}))

    answer = ben.get(f"/api/tasks?project={world.ben.project}&query={query}")

    assert answer.status_code in (400, 403)


def test_a_tour_stays_the_own_tour(world: World, ben: httpx.Client) -> None:
    path = "/api/current-user/product-tour?name=show_autodetect_toast"

    refused(world, ben, "PATCH", path, json={"user": world.ana.user, "state": "completed"})


def test_labels_are_not_followed_to_other_lanes(world: World, ben: httpx.Client) -> None:
    for expand in ("label.links", "label&expand=label.links", "~all"):
        path = f"/api/label_links?project={world.ben.project}&expand={expand}"
        refused(world, ben, "GET", path)


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_header_does_not_change_the_method(world: World, ben: httpx.Client, header: str) -> None:
    before = all_rows(world.label_studio)
    for path in (f"/api/tasks/{world.ben.task}/", f"/api/tasks/{world.ana.task}/"):
        ben.get(path, headers={header: "DELETE"})
    assert changes(before, all_rows(world.label_studio), of_user=world.ben.user) == []


def test_a_forged_refresh_token_gets_nothing(world: World) -> None:
    refresh = world.planted["forged"][world.ben.email]["refresh"]
    with world.label_studio.anonymous() as nobody:
        for path in ("/api/token/refresh/", "/api/token/rotate/", "/api/token/blacklist/"):
            assert nobody.post(path, json={"refresh": refresh}).status_code == 401


def test_an_invitation_link_makes_no_account(world: World) -> None:
    with world.label_studio.admin() as admin:
        invitation = admin.get("/api/invite").json()["invite_url"]
    with world.label_studio.anonymous() as nobody:
        before = all_rows(world.label_studio)
        nobody.get("/user/login/")
        page = nobody.get(invitation)
        form = {
            "email": "new@segue.example",
            "password": "a-long-password-9",
            "csrfmiddlewaretoken": nobody.cookies["csrftoken"],
        }
        posted = nobody.post(invitation, data=form)
        assert (page.status_code, posted.status_code) == (401, 401)
        assert changes(before, all_rows(world.label_studio), of_user=0) == []
