"""/segue/media/<token> and /segue/health."""

from __future__ import annotations

import dataclasses
import time
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from services.domain.links import FILES_PREFIX, MEDIA_PREFIX, media_token, verify_file_path
from tests.live_ls.files import CLIP_KEY, FileServer
from tests.live_ls.server import LabelStudio
from tests.live_ls.world import Person, World

pytestmark = [pytest.mark.live_ls, pytest.mark.timeout(300)]

LINK_S = 12 * 3600


def link(world: World, lane: Person) -> str:
    secret = world.label_studio.links_key
    return MEDIA_PREFIX + media_token(CLIP_KEY, lane=str(lane.project), secret=secret)


def test_the_lanes_person_is_sent_to_a_file_that_opens_for_an_hour(
    world: World, files: FileServer
) -> None:
    with world.session(world.ana) as ana:
        answer = ana.get(link(world, world.ana))

    assert answer.status_code == 302
    assert answer.headers["Cache-Control"] == "private"
    place = urlsplit(answer.headers["Location"])
    assert f"{place.scheme}://{place.netloc}" == files.url
    query = parse_qs(place.query)
    key = unquote(place.path.removeprefix(FILES_PREFIX))
    assert key == CLIP_KEY
    verify_file_path(
        key,
        expires=query["expires"][0],
        signature=query["signature"][0],
        now=int(time.time()),
        secret=world.label_studio.links_key,
    )
    assert abs(int(query["expires"][0]) - time.time() - LINK_S) < 60


def test_staff_may_look(world: World) -> None:
    with world.label_studio.admin() as admin:
        assert admin.get(link(world, world.ana)).status_code == 302


@pytest.mark.parametrize("name", ["ben", "kim"])
def test_another_lanes_link_opens_nothing(world: World, name: str) -> None:
    with world.session(getattr(world, name)) as client:
        answer = client.get(link(world, world.ana))

    assert answer.status_code == 404
    assert "Location" not in answer.headers


def test_nobody_gets_a_file(world: World) -> None:
    with world.label_studio.anonymous() as nobody:
        assert nobody.get(link(world, world.ana)).status_code == 401


def test_an_own_link_made_of_hers_opens_nothing(world: World) -> None:
    body, _ = link(world, world.ben).split(".")
    _, signature = link(world, world.ana).split(".")
    with world.session(world.ben) as ben:
        for path in (f"{body}.{signature}", link(world, world.ben) + "A", MEDIA_PREFIX + "x"):
            assert ben.get(path).status_code == 404


def test_health_says_that_the_guard_stands(world: World) -> None:
    with world.label_studio.anonymous() as nobody:
        answer = nobody.get("/segue/health")

    assert answer.status_code == 200
    assert answer.json() == {
        "guard": "active",
        "version": "1",
        "label_studio": "1.23.2",
        "missing": [],
    }


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        ("settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]", "middleware"),
        ("settings.MIDDLEWARE = [*settings.MIDDLEWARE, 'x.Y']", "middleware"),
        ("settings.DEBUG = True", "debug_off"),
        ("settings.ROOT_URLCONF = 'core.urls'", "urls"),
        ("settings.DATA_MANAGER_CHECK_ACTION_PERMISSION = 'x.y'", "actions"),
        ("import users.api; users.api.UserAPI.get_queryset = lambda self: None", "lists"),
    ],
)
def test_health_notices_a_missing_part(world: World, spoil: str, part: str) -> None:
    missing = world.label_studio.run_inside(
        "from django.conf import settings\n"
        "from labeling_bridge.guard.health import missing_parts\n"
        f"{spoil}\nprint(json.dumps(missing_parts()))"
    )
    assert missing == [part]


@pytest.mark.parametrize("name", ["SEGUE_LINKS_KEY", "SEGUE_TRACKER_PUBLIC_URL"])
def test_the_guard_does_not_start_without_its_settings(world: World, name: str) -> None:
    with pytest.raises(AssertionError, match=f"{name} is not set"):
        without(world, name).run_inside("print('null')")


def without(world: World, name: str) -> LabelStudio:
    label_studio = world.label_studio
    kept = {key: value for key, value in label_studio.environment.items() if key != name}
    return dataclasses.replace(label_studio, environment=kept)
