"""The clip at a glance above the video, in a real Chromium and through the guard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from labeling_bridge.label_config import annotation_config
from labeling_bridge.tasks import AT_A_GLANCE, Clip, annotation_task
from services.domain.links import MEDIA_PREFIX, media_token
from tests.bridge.samples import COFFEE, seg
from tests.live_ls import browser
from tests.live_ls.browser import PATIENCE_MS
from tests.live_ls.files import CLIP_FPS, CLIP_FRAMES, CLIP_HINTS, CLIP_KEY, STRIP_KEY, FileServer
from tests.live_ls.server import LabelStudio
from tests.live_ls.world import PASSWORD, World

pytestmark = [pytest.mark.live_ls, pytest.mark.timeout(600)]
SMALL = {"width": 1280, "height": 800}
EMAIL = "pia@segue.example"
CONFIG = annotation_config(COFFEE, tolerance=3)
CONFIG_OF_BEFORE = re.sub(r"\s*<Markdown[^>]*>", "", CONFIG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Pia's lane: a task made before there were strips, one with a strip, and one without."""

    project: int
    strip: str
    tasks: dict[str, int]

    def place(self, which: str) -> str:
        return f"/projects/{self.project}/data?task={self.tasks[which]}"


@pytest.fixture(scope="module")
def lane(label_studio: LabelStudio, files: FileServer) -> Lane:
    """As the bridge does to a lane of before: its labels change while tasks are in it."""
    with label_studio.admin() as admin:
        form = {"title": "lane of pia", "label_config": CONFIG_OF_BEFORE}
        project = admin.post("/api/projects/", json=form).json()["id"]
        address = f"/api/projects/{project}/"
        tasks: dict[str, int] = {}

        def add(which: str, data: dict[str, Any]) -> None:
            admin.post(f"{address}import", json=[{"data": data}]).raise_for_status()
            listed = admin.get(f"/api/tasks?project={project}").json()["tasks"]
            (tasks[which],) = {task["id"] for task in listed} - set(tasks.values())

        video, strip = (
            MEDIA_PREFIX + media_token(key, lane=str(project), secret=label_studio.links_key)
            for key in (CLIP_KEY, STRIP_KEY)
        )
        clip = Clip(name="pour", proxy_key=CLIP_KEY, rate=Fraction(CLIP_FPS), n_frames=CLIP_FRAMES)
        seat = annotation_task(
            assignment=str(uuid4()),
            clip=replace(clip, hints=CLIP_HINTS),
            round_=1,
            prelabel=[seg("pour", 5, 20)],
        )
        with_strip = seat.data(video=video, strip=strip)
        add("of_before", {name: value for name, value in with_strip.items() if name != "strip"})
        admin.patch(address, json={"label_config": CONFIG}).raise_for_status()
        add("with_strip", with_strip)
        add("without", seat.data(video=video, strip=None))
    label_studio.make_member(EMAIL, PASSWORD, [project], first_name="Pia")
    return Lane(project=project, strip=strip, tasks=tasks)


@pytest.fixture(scope="module")
def page(label_studio: LabelStudio, lane: Lane) -> Iterator[Page]:
    with browser.chromium() as opened:
        page = browser.new_page(opened)
        page.set_viewport_size(SMALL)
        address = f"{label_studio.url}{lane.place('with_strip')}"
        browser.log_in(page, address, email=EMAIL, password=PASSWORD)
        yield page


def is_ready(page: Page) -> None:
    expect(page.get_by_text(re.compile(rf"of {CLIP_FRAMES}\b"))).to_be_visible(timeout=PATIENCE_MS)


def test_the_strip_stands_above_the_video_and_leaves_it_room(page: Page) -> None:
    is_ready(page)
    strip = page.locator(".segue-strip img")
    expect(strip).to_be_visible()
    assert strip.get_attribute("alt") == AT_A_GLANCE
    assert strip.evaluate("img => img.decode().then(() => img.naturalWidth)") > 0
    above = strip.bounding_box()
    below = page.locator(".lsf-video-canvas__view").bounding_box()
    assert above is not None
    assert below is not None
    assert above["width"] > 600
    assert above["height"] < 90
    assert above["y"] + above["height"] <= below["y"] < SMALL["height"] / 2


@pytest.mark.parametrize("which", ["without", "of_before"])
def test_a_clip_without_a_strip_shows_the_video_alone(
    page: Page, label_studio: LabelStudio, lane: Lane, which: str
) -> None:
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(f"{label_studio.url}{lane.place(which)}")
    is_ready(page)
    expect(page.locator(".segue-strip img")).to_have_count(0)
    assert broken == []


def test_nobody_but_the_lanes_person_gets_its_strip(world: World, lane: Lane) -> None:
    for person in (world.ana, world.ben, world.kim):
        with world.session(person) as client:
            assert client.get(lane.strip).status_code == 404
    with world.label_studio.anonymous() as nobody:
        assert nobody.get(lane.strip).status_code == 401
