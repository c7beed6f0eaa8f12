"""A person's day in a real Chromium, through the guard: log in, look, draw, submit, correct."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from services.domain.links import MEDIA_PREFIX, media_token
from tests.live_ls import browser
from tests.live_ls.browser import PATIENCE_MS
from tests.live_ls.files import CLIP_FPS, CLIP_FRAMES, CLIP_KEY, FileServer
from tests.live_ls.probes import TELLTALE
from tests.live_ls.server import LabelStudio
from tests.live_ls.world import CONFIG, PASSWORD, World, region

pytestmark = [pytest.mark.live_ls, pytest.mark.timeout(300)]

# The page asks for marketing tips, which the guard answers as if there were no internet, and
# for the next task of a list that has come to its end.
EXPECTED_404 = ("/heidi-tips", "/api/dm/actions?id=next_task")


@dataclass(kw_only=True)
class Desk:
    """A browser window, and what went wrong in it."""

    page: Page
    label_studio: LabelStudio
    lane: int
    task: int
    refused: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def note(self, response: Response) -> None:
        place = response.url.removeprefix(self.label_studio.url)
        if response.status >= 400 and not place.startswith(EXPECTED_404):
            self.refused.append(f"{response.status} {response.request.method} {place}")

    def annotations(self) -> list[dict[str, Any]]:
        with self.label_studio.admin() as admin:
            found: list[dict[str, Any]] = admin.get(f"/api/tasks/{self.task}").json()["annotations"]
        return found


@pytest.fixture(scope="module")
def lane(label_studio: LabelStudio) -> tuple[int, int]:
    """Eve's lane with one task that has a pre-label; nobody has opened it yet."""
    with label_studio.admin() as admin:
        project = {
            "title": "lane of eve",
            "label_config": CONFIG.format(label="stir"),
            "show_collab_predictions": True,
        }
        lane = admin.post("/api/projects/", json=project).json()["id"]
        token = media_token(CLIP_KEY, lane=str(lane), secret=label_studio.links_key)
        task = {
            "data": {"video": MEDIA_PREFIX + token, "fps": CLIP_FPS, "brief": "x"},
            "predictions": [{"model_version": "m", "result": [region(5, 20)]}],
        }
        admin.post(f"/api/projects/{lane}/import", json=[task]).raise_for_status()
        (listed,) = admin.get(f"/api/tasks?project={lane}").json()["tasks"]
    label_studio.make_member("eve@segue.example", PASSWORD, [lane], first_name="Eve")
    return lane, listed["id"]


@pytest.fixture
def desk(label_studio: LabelStudio, lane: tuple[int, int]) -> Iterator[Desk]:
    with browser.chromium() as opened:
        page = browser.new_page(opened)
        desk = Desk(page=page, label_studio=label_studio, lane=lane[0], task=lane[1])
        page.on("response", desk.note)
        page.on("pageerror", lambda error: desk.broken.append(str(error)))
        yield desk


def log_in(desk: Desk, path: str) -> None:
    browser.log_in(
        desk.page, desk.label_studio.url + path, email="eve@segue.example", password=PASSWORD
    )


def regions(page: Page) -> Locator:
    return page.locator(".lsf-keypoints[data-id]:not([data-id=new])")


def spans(annotation: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {
        item["value"]["timelinelabels"][0]: (
            item["value"]["ranges"][0]["start"],
            item["value"]["ranges"][0]["end"],
        )
        for item in annotation["result"]
    }


def test_eve_labels_a_clip(desk: Desk, files: FileServer) -> None:
    page = desk.page
    log_in(desk, f"/projects/{desk.lane}/data?task={desk.task}")

    # The pre-label lies ready and the video came through the media link, with Range.
    expect(regions(page)).to_have_count(1, timeout=PATIENCE_MS)
    expect(page.get_by_text(re.compile(rf"of {CLIP_FRAMES}\b"))).to_be_visible(timeout=PATIENCE_MS)
    assert files.n_served > 0

    with page.expect_response(re.compile(r"/drafts\b")) as autosaved:
        page.click('.lsf-label:has-text("stir")')
        drag_on_new_row(page)
        expect(regions(page)).to_have_count(2)
    assert autosaved.value.status == 201
    with page.expect_response(lambda answer: answer.request.method == "POST") as submitted:
        page.click("[data-testid=bottombar-submit-button]")
    assert submitted.value.status == 201
    (annotation,) = desk.annotations()
    assert annotation["completed_by"]["email"] == "eve@segue.example"
    assert spans(annotation)["pour"] == (5, 20)

    expect(page.locator("[data-testid=bottombar-update-button]")).to_be_visible()
    page.locator(".lsf-keypoints__label", has_text="stir").click()
    page.fill('label:has-text("End frame") input', "33")
    page.keyboard.press("Enter")
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as updated:
        page.click("[data-testid=bottombar-update-button]")
    assert updated.value.status == 200
    (annotation,) = desk.annotations()
    assert spans(annotation)["stir"][1] == 33

    assert desk.refused == []
    assert desk.broken == []


def drag_on_new_row(page: Page) -> None:
    row = page.locator('.lsf-keypoints[data-id="new"]')
    row.wait_for()
    box = row.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 400, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, middle, steps=8)
    page.mouse.up()


def test_every_page_that_eve_comes_by_is_whole(desk: Desk) -> None:
    page = desk.page
    log_in(desk, "/")
    for path in (
        "/projects/",
        f"/projects/{desk.lane}/data",
        f"/projects/{desk.lane}/data?labeling=1",
    ):
        page.goto(desk.label_studio.url + path)
        page.wait_for_load_state("networkidle")
        expect(page.get_by_text("lane of eve").first).to_be_visible(timeout=PATIENCE_MS)

    assert desk.refused == []
    assert desk.broken == []


def test_the_page_of_anas_lane_is_empty_for_eve(desk: Desk, world: World) -> None:
    log_in(desk, "/projects/")
    desk.page.wait_for_load_state("networkidle")
    desk.page.goto(
        f"{desk.label_studio.url}/projects/{world.ana.project}/data?task={world.ana.task}"
    )

    assert desk.page.inner_text("body") == '{"detail": "Not found."}'
    assert not TELLTALE.search(desk.page.content())
