"""Label Studio's video editor as a person uses it: its own controls, and what the screen shows."""

from __future__ import annotations

import io
import re
import time
from dataclasses import dataclass

import av
from playwright.sync_api import Locator, Page, expect

from models.synthetic import read_frame_number
from tests.live_ls.browser import PATIENCE_MS

COUNTER = ".lsf-frames-control"
TIMELINE = ".lsf-timeline-frames__scroll"
# Of the timeline in Label Studio 1.23: where the frames begin, and how wide one is.
LEFT_OFFSET_PX, FRAME_PX = 150, 16
GLANCE_S = 5.0

# The seek has ended and the picture that follows it is on the screen.
SETTLED = """async () => {
  const video = document.querySelector("video");
  for (let still = 0; still < 3; still = video.seeking ? 0 : still + 1)
    await new Promise(requestAnimationFrame);
  const canvas = document.querySelector(".lsf-video-canvas__view canvas").getBoundingClientRect();
  const zoom = Math.min(
    1, canvas.width / video.videoWidth, canvas.height / video.videoHeight);
  const width = video.videoWidth * zoom, height = video.videoHeight * zoom;
  return {
    x: canvas.x + (canvas.width - width) / 2, y: canvas.y + (canvas.height - height) / 2,
    width, height,
  };
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What stands on the counter, and which source frame the picture is."""

    said: int
    shown: int | None

    @property
    def is_true(self) -> bool:
        """Whether the counter, which begins at 1, names the picture, whose numbers begin at 0."""
        return self.shown == self.said - 1


class Editor:
    """One task's page; ``first_number`` is written into the clip's frame 0."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.first_number = 0

    def open(self, address: str, *, n_frames: int) -> None:
        """Go to a task and wait until its video can be used and is as long as it should be."""
        self.page.goto(address)
        self.ready(n_frames=n_frames)

    def ready(self, *, n_frames: int) -> None:
        """Wait until the video stands on its first frame."""
        expect(self.counter).to_have_text(re.compile(rf"^1\s*of {n_frames}$"), timeout=PATIENCE_MS)

    @property
    def counter(self) -> Locator:
        return self.page.locator(COUNTER)

    @property
    def said(self) -> int:
        """The frame that Label Studio says it shows."""
        return int(self.counter.inner_text().split()[0])

    @property
    def n_frames(self) -> int:
        """How many frames Label Studio says there are."""
        return int(self.counter.inner_text().split()[-1])

    def look(self) -> Sight:
        """Read the counter, and the number off the pixels of the screen."""
        place = self.page.evaluate(SETTLED)
        picture = self.page.screenshot(clip=place)
        with av.open(io.BytesIO(picture), format="png_pipe") as opened:
            (frame,) = opened.decode(video=0)
        number = read_frame_number(frame.to_ndarray(format="gray"))
        return Sight(said=self.said, shown=None if number is None else number - self.first_number)

    def look_patiently(self) -> Sight:
        """Look until counter and picture agree; a busy machine draws late, a lie stays.

        The counter moves at once, the picture when it has been decoded and drawn.
        """
        deadline = time.monotonic() + GLANCE_S
        while not (sight := self.look()).is_true and time.monotonic() < deadline:
            pass
        return sight

    def go_to(self, frame: int) -> None:
        """Type a frame's number; Label Studio takes any but the last."""
        self.page.click(COUNTER)
        self.page.fill(f"{COUNTER} input", str(frame))
        self.page.press(f"{COUNTER} input", "Enter")
        expect(self.counter).to_have_text(re.compile(rf"^{frame}\D"))

    def go_to_last(self) -> None:
        """Type the last but one, and hop forward: there is nowhere further to go."""
        self.go_to(self.n_frames - 1)
        self.page.get_by_label("Step forward").click()
        self.page.mouse.move(0, 0)  # a button's tip may lie over the picture

    def click_frame(self, frame: int) -> None:
        """Click on a frame of the visible stretch of the timeline, below all rows."""
        box = _box(self.page.locator(TIMELINE))
        self.page.mouse.click(self._place_px(frame), box["y"] + box["height"] - 12)

    def play_and_pause(self, *, wait_ms: int) -> None:
        """Let it run for a moment."""
        self.page.get_by_test_id("playback-button:play").click()
        self.page.wait_for_timeout(wait_ms)
        self.page.get_by_test_id("playback-button:pause").click()
        expect(self.page.get_by_test_id("playback-button:play")).to_be_visible()

    def stand_at_s(self, seconds: float) -> None:
        """Put the video where a pause can leave it: Label Studio rounds to two milliseconds."""
        self.page.evaluate(
            """seconds => new Promise(done => {
              const video = document.querySelector("video");
              video.addEventListener("seeked", done, {once: true});
              video.currentTime = seconds;
            })""",
            seconds,
        )

    def regions(self) -> list[tuple[str, int, int]]:
        """Return label, first and last frame of each row, as Label Studio numbers them."""
        rows = self.page.locator(".lsf-keypoints[data-id]:not([data-id=new])").evaluate_all(
            """rows => rows.map(row => [
              row.querySelector(".lsf-keypoints__name").innerText,
              Number(row.dataset.start), Number(row.dataset.end)])"""
        )
        return sorted((label, first, last) for label, first, last in rows)

    def draw(self, label: str, first: int, last: int) -> None:
        """Choose a label and drag over frames; both must be in view once the first is."""
        self.go_to(first)
        self.page.click(f'.lsf-label:has-text("{label}")')
        row = self.page.locator('.lsf-keypoints[data-id="new"]')
        row.wait_for()
        box = _box(row)
        middle = box["y"] + box["height"] / 2
        self.page.mouse.move(self._place_px(first), middle)
        self.page.mouse.down()
        self.page.mouse.move(self._place_px(last), middle, steps=4)
        self.page.mouse.up()

    def set_end(self, label: str, last: int) -> None:
        """Choose a row and type another last frame beside it."""
        self.page.locator(".lsf-keypoints__label", has_text=label).first.click()
        self.page.fill('label:has-text("End frame") input', str(last))
        self.page.keyboard.press("Enter")

    def submit(self) -> None:
        """Hand the answer in."""
        with self.page.expect_response(
            lambda answer: answer.request.method == "POST" and "/annotations" in answer.url
        ) as submitted:
            self.page.click("[data-testid=bottombar-submit-button]")
        assert submitted.value.status == 201

    def in_view(self) -> range:
        """Return the frames whose places on the timeline can be seen without scrolling."""
        scroll = self.page.locator(TIMELINE)
        left: float = scroll.evaluate("box => box.scrollLeft")
        room_px = _box(scroll)["width"] - LEFT_OFFSET_PX
        first, end = int(left // FRAME_PX) + 1, int((left + room_px) // FRAME_PX) + 1
        return range(first, min(end, self.n_frames + 1))

    def _place_px(self, frame: int) -> float:
        """Return where on the page a frame in view has its middle, from the left."""
        assert frame in self.in_view(), f"frame {frame} is not in view"
        scroll = self.page.locator(TIMELINE)
        left: float = scroll.evaluate("box => box.scrollLeft")
        return _box(scroll)["x"] + LEFT_OFFSET_PX + (frame - 0.5) * FRAME_PX - left


def _box(locator: Locator) -> dict[str, float]:
    box = locator.bounding_box()
    assert box is not None
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}
