"""What Label Studio calls frame n + 1 shows source frame n, whatever was sent; labels come back so.

Source frames carry their own number in their pixels. They pass the real ingest, the tracker's
file server, the guard, Label Studio's editor and Chromium, and are read off the screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from models.isolated import Ingested, ingest_isolated
from models.synthetic import ClipStyle, make_clip
from services.domain.segments import Segment
from tests.benchmarks.services import running
from tests.live_ls.browser import chromium, log_in, new_page
from tests.live_ls.editor import Editor, Sight
from tests.live_ls.viewing import PASSWORD, ViewingRoom, viewing_room
from tests.videos import hide_first_frames, looped

pytestmark = [pytest.mark.live_ls, pytest.mark.timeout(600)]

NTSC = Fraction(1000, 1001)
# So many that a rate that is rounded (29.97 to 30) would be off by a frame at the end.
LONG = 1100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A clip as a client may send it; ``hidden`` frames lie before its edit list's first."""

    rate: Fraction
    suffix: str = ".mp4"
    n_frames: int = 160
    size: tuple[int, int] = (640, 360)
    hidden: int = 0
    style: ClipStyle = field(default_factory=ClipStyle)

    def make(self, folder: Path) -> Path:
        path = folder / f"clip{self.suffix}"
        half = self.n_frames // 2
        timeline = [("reach", half), ("pour", self.n_frames - half)]
        make_clip(path, rate=self.rate, timeline=timeline, size=self.size, style=self.style)
        return hide_first_frames(path, self.hidden, rate=self.rate) if self.hidden else path


CLIPS = {
    "23.976 in milliseconds": Sent(rate=24 * NTSC, suffix=".mkv", n_frames=LONG, size=(320, 180)),
    "25 in AVI": Sent(rate=Fraction(25), suffix=".avi", style=ClipStyle(codec="mpeg4")),
    "29.97 with B-frames": Sent(
        rate=30 * NTSC, n_frames=LONG, size=(320, 180), style=ClipStyle(b_frames=3, gop=250)
    ),
    "50": Sent(rate=Fraction(50), suffix=".mov", size=(1280, 720)),
    "59.94 starting late": Sent(
        rate=60 * NTSC,
        suffix=".ts",
        n_frames=LONG,
        size=(320, 180),
        style=ClipStyle(start_offset_s=Fraction(3, 2), b_frames=2),
    ),
    "240 of a fast camera": Sent(rate=Fraction(240), suffix=".mov"),
    "one a second": Sent(rate=Fraction(1), suffix=".mkv"),
    "variable": Sent(rate=Fraction(30), style=ClipStyle(vfr=True)),
    "variable starting late": Sent(
        rate=Fraction(24),
        suffix=".mkv",
        style=ClipStyle(vfr=True, start_offset_s=Fraction(5), b_frames=2),
    ),
    "edit list": Sent(rate=Fraction(30), hidden=7, style=ClipStyle(b_frames=2)),
    "a phone held upright": Sent(
        rate=30 * NTSC, size=(360, 640), style=ClipStyle(rotation=-90, b_frames=2)
    ),
    "upside down": Sent(rate=Fraction(25), style=ClipStyle(rotation=180)),
    "wide pixels": Sent(rate=Fraction(25), style=ClipStyle(sar=Fraction(16, 11))),
}


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
        page.wait_for_url(projects, wait_until="commit")
        yield page


@pytest.fixture
def editor(page: Page) -> Editor:
    return Editor(page)


def ingested(path: Path) -> Ingested:
    return ingest_isolated(path, path.with_name("proxy.mp4"), height=360)


def push(room: ViewingRoom, path: Path, draft: list[Segment] | None = None) -> tuple[int, Ingested]:
    done = ingested(path)
    proxy = path.with_name("proxy.mp4")
    rate, n_frames = done.timebase.rate, done.timebase.n_frames
    return room.push(proxy, rate=rate, n_frames=n_frames, draft=draft), done


@pytest.mark.parametrize("name", CLIPS)
def test_every_frame_is_what_it_is_called(
    name: str, room: ViewingRoom, editor: Editor, tmp_path: Path
) -> None:
    sent = CLIPS[name]
    n_frames = sent.n_frames - sent.hidden
    onset, middle, offset = n_frames // 4, n_frames // 2 + 3, n_frames - 5
    draft = [
        Segment(label="reach", onset=onset, offset=middle),
        Segment(label="pour", onset=middle, offset=offset),
    ]
    task, done = push(room, sent.make(tmp_path), draft)
    assert done.timebase.n_frames == n_frames
    editor.first_number = sent.hidden
    editor.open(room.address(task), n_frames=n_frames)

    # What the bridge wrote stands where it was meant, and what comes back is the same.
    assert editor.regions() == [("pour", middle + 1, offset), ("reach", onset + 1, middle)]

    look_around(editor, [2, onset + 1, middle, middle + 1, offset, n_frames - 1])
    first, last = editor.in_view()[4], editor.in_view()[11]
    editor.draw("stir", first, last)
    assert ("stir", first, last) in editor.regions()
    editor.set_end("stir", n_frames - 9)
    editor.submit()
    drawn = ("stir", first - 1, n_frames - 9)
    wanted = {*((one.label, one.onset, one.offset) for one in draft), drawn}
    assert {(one.label, one.onset, one.offset) for one in room.answer(task).segments} == wanted


def look_around(editor: Editor, asked: list[int]) -> None:
    """Go to frames by every way there is, and see that each is itself."""
    n_frames = editor.n_frames
    random = np.random.default_rng(n_frames)
    for number in (*asked, *random.integers(1, n_frames, 4).tolist()):
        editor.go_to(number)
        assert editor.look_patiently() == Sight(said=number, shown=number - 1), f"typed {number}"
    editor.go_to_last()
    assert editor.look_patiently() == Sight(said=n_frames, shown=n_frames - 1), "the last"
    editor.go_to(int(random.integers(1, n_frames // 5)))
    near = editor.in_view()
    for number in (near[6], near[-3], near[2]):
        editor.click_frame(number)
        assert editor.look_patiently() == Sight(said=number, shown=number - 1), f"clicked {number}"


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(50)])
def test_a_pause_says_the_frame_that_it_shows(
    rate: Fraction, room: ViewingRoom, editor: Editor, tmp_path: Path
) -> None:
    """Label Studio rounds the time of a pause to two milliseconds: often where a frame begins.

    Rounded up over that instant, its counter is one ahead of the picture until the next seek:
    nothing of ours can tell it. Where it stands on the instant, counter and picture agree.
    """
    task, _ = push(room, Sent(rate=rate).make(tmp_path))
    editor.open(room.address(task), n_frames=160)
    sights = []
    for turn in range(3):
        editor.go_to(20 + turn)
        editor.play_and_pause(wait_ms=150 + 37 * turn)
        paused = editor.look_patiently()
        assert paused.said - 1 - paused.shown in (0, 1)
        editor.go_to(paused.said)
        sights.append(editor.look_patiently())
    for frame in range(11, 150, 35):
        editor.stand_at_s(float(frame / rate))
        sights.append(editor.look_patiently())
    assert [sight for sight in sights if not sight.is_true] == []


def test_the_first_seek_after_a_link_ran_out_is_true_again(
    room: ViewingRoom, editor: Editor, page: Page, tmp_path: Path
) -> None:
    """A signed link runs out; who works longer than that seeks to a part that is not there yet.

    Label Studio then loads the video anew, by a fresh link, and shows its first frame under the
    old number: nothing of ours can keep it from that.
    """
    short, heavy = tmp_path / "short.mp4", ClipStyle(noise=12.0)
    make_clip(short, rate=Fraction(25), timeline=[("reach", 60)], size=(1280, 720), style=heavy)
    ingest_isolated(short, tmp_path / "proxy.mp4", height=720)
    # More than a browser reads ahead, or the seek would ask for nothing.
    proxy = looped(tmp_path / "proxy.mp4", 60, n_frames=60, rate=Fraction(25))
    task = room.push(proxy, rate=Fraction(25), n_frames=3600)
    editor.open(room.address(task), n_frames=3600)
    editor.go_to(30)
    assert editor.look_patiently() == Sight(said=30, shown=29)

    page.route("**/files/**", lambda route: route.fulfill(status=404))
    editor.go_to(3500)
    page.wait_for_function("() => document.querySelector('video').error", timeout=60_000)
    page.unroute("**/files/**")
    page.wait_for_function("() => document.querySelector('video').readyState == 4", timeout=60_000)
    editor.go_to(45)
    assert editor.look_patiently() == Sight(said=45, shown=44)
