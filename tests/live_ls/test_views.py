"""A group in Label Studio: one picture, one timeline, and every view at the same moment.

Every view carries its own frame numbers in its pixels; they are read off the screen, tile by tile.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Page

from models.group import IngestedGroup, ViewFile, ingest_group
from models.synthetic import read_frame_number
from services.domain.multiview.frame_map import NO_FRAME, FrameMap, frame_map
from services.domain.multiview.layout import Layout, lay_out
from services.domain.multiview.manifest import ViewSpec
from tests.benchmarks.services import running
from tests.live_ls.browser import chromium, log_in, new_page
from tests.live_ls.editor import SETTLED, Editor
from tests.live_ls.viewing import PASSWORD, ViewingRoom, viewing_room
from tests.models.multiview.views import view

pytestmark = [pytest.mark.live_ls, pytest.mark.timeout(600)]

SIZE = (640, 360)
N_FRAMES = 200
Numbers = list[int | None]


class Wall:
    """A group's picture on the screen."""

    def __init__(self, page: Page, done: IngestedGroup) -> None:
        self.page = page
        reference = done.reference.timebase
        self.layout: Layout = lay_out([SIZE] * (len(done.views) + 1), lines=360)
        self.maps: list[FrameMap] = [
            frame_map(reference, one.examined.timebase, one.alignment) for one in done.views
        ]

    def shown(self) -> Numbers:
        """Read the number off each tile as it stands on the screen."""
        picture = self.page.screenshot(clip=self.page.evaluate(SETTLED))
        with av.open(io.BytesIO(picture), format="png_pipe") as opened:
            (frame,) = opened.decode(video=0)
        grey = frame.to_ndarray(format="gray")
        zoom = grey.shape[0] / self.layout.height
        found = []
        for tile in self.layout.tiles:
            edges = (tile.y, tile.y + tile.height, tile.x, tile.x + tile.width)
            top, bottom, left, right = (round(edge * zoom) for edge in edges)
            found.append(read_frame_number(grey[top:bottom, left:right]))
        return found

    def meant(self, frame: int) -> Numbers:
        """Return the numbers that a frame of the reference has to stand beside."""
        others = (mapped.frames[frame] for mapped in self.maps)
        return [frame, *(None if number == NO_FRAME else number for number in others)]


@pytest.fixture(scope="module")
def room() -> Iterator[ViewingRoom]:
    with (
        running("postgres", "tracker", "label-studio") as services,
        viewing_room(services) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def page(room: ViewingRoom) -> Iterator[Page]:
    """Eve's window: she logs in once."""
    with chromium() as browser:
        page = new_page(browser)
        projects = f"{room.services.settings.label_studio_url}/projects/"
        log_in(page, projects, email=room.email, password=PASSWORD)
        page.wait_for_url(projects)
        yield page


def group_of(folder: Path) -> IngestedGroup:
    """Make three views: another rate and a clock that runs fast, and one that starts late."""
    front = view(folder / "front.mp4", n_frames=N_FRAMES, size=SIZE)
    side = view(folder / "side.mp4", n_frames=240, rate=Fraction(30), size=SIZE, b_frames=2)
    top = view(folder / "top.mkv", n_frames=150, size=SIZE, start_offset_s=Fraction(5), vfr=True)
    files = [
        ViewFile(name="front", path=front),
        ViewFile(name="side", path=side, spec=ViewSpec(offset_s="-0.35", drift_ppm="400")),
        ViewFile(name="top", path=top, spec=ViewSpec(offset_s="2")),
    ]
    return ingest_group(files, folder / "proxy.mp4")


def test_all_views_stand_at_the_same_moment_and_a_region_is_drawn_once(
    room: ViewingRoom, page: Page, tmp_path: Path
) -> None:
    done = group_of(tmp_path)
    task = room.push(tmp_path / "proxy.mp4", rate=Fraction(25), n_frames=N_FRAMES)
    editor, wall = Editor(page), Wall(page, done)
    editor.open(room.address(task), n_frames=N_FRAMES)
    assert page.locator("video").count() == 1

    random = np.random.default_rng(4)
    for number in (2, 50, 51, 199, *random.integers(1, N_FRAMES, 4).tolist()):
        editor.go_to(number)
        assert wall.shown() == wall.meant(number - 1), f"typed {number}"

    seen = set[int]()
    for turn in range(3):
        editor.go_to(60 + turn)
        page.get_by_test_id("playback-button:play").click()
        page.mouse.move(0, 0)  # the button's tip may lie over the picture
        page.wait_for_timeout(200)
        shown = [wall.shown() for _ in range(4)]
        page.get_by_test_id("playback-button:pause").click()
        page.mouse.move(0, 0)
        for numbers in (*shown, wall.shown()):
            assert numbers[0] is not None
            assert numbers == wall.meant(numbers[0]), "while it plays"
            seen.add(numbers[0])
    assert len(seen) > 5, "it did play"

    editor.draw("stir", *(editor.in_view()[k] for k in (4, 11)))
    ((label, first, last),) = editor.regions()
    editor.submit()
    (segment,) = room.answer(task).segments
    assert (label, segment.onset, segment.offset) == ("stir", first - 1, last)
