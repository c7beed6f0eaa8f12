"""How long people wait for a frame, and what people who watch cost the API.

Seeks are made in Chromium through Label Studio's own editor, over the guard and the tracker's
file server, in turns over all files, so that a drifting machine is no advantage to any.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from models.isolated import ingest_isolated
from models.synthetic import ClipStyle, make_clip
from services.domain.links import MEDIA_PREFIX
from services.domain.workflow import Stage
from tests import factories
from tests.benchmarks.figures import Figure, scaled, show, spread
from tests.benchmarks.services import Services, running
from tests.benchmarks.viewers import PLAYS_S, Viewer, watching
from tests.live_ls.browser import chromium, log_in, new_page
from tests.live_ls.editor import COUNTER, Editor
from tests.live_ls.viewing import PASSWORD, ViewingRoom, viewing_room
from tests.videos import looped

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

RATE = Fraction(30)
# So many are drawn, and so often they are repeated: longer than what a browser keeps.
N_DRAWN, N_LOOPS = scaled(480, least=240), 12
N_FRAMES = N_DRAWN * N_LOOPS
N_TURNS = 4
N_SEEKS = scaled(12, least=3)
N_VIEWERS = 10
N_CALLS = scaled(150, least=20)
SOURCE, PROXY_720, PROXY_360 = "1080p, GOP 250, un-proxied", "720p proxy", "360p proxy"

# What is aimed at. Nothing was asked of the API but that it does not starve.
MOST_SHARE, MOST_720P_S, MOST_SLOWER = 1 / 3, 0.1, 3.0
Seconds = Sequence[float]

# From the key that ends the typing of a frame's number to the screen that shows the frame.
STOPWATCH = """() => {
  const video = document.querySelector("video");
  let began = 0;
  window.tookMs = [];
  document.addEventListener("keydown", key => {
    if (key.key === "Enter") began = performance.now();
  }, true);
  video.addEventListener("seeked", () => requestAnimationFrame(
    () => window.tookMs.push(performance.now() - began)));
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """One clip three times: as it came, and its proxies."""

    files: dict[str, Path]
    tasks: dict[str, int]


@pytest.fixture(scope="module")
def room() -> Iterator[ViewingRoom]:
    with (
        running("postgres", "tracker", "label-studio") as services,
        viewing_room(services) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def footage(room: ViewingRoom, tmp_path_factory: pytest.TempPathFactory) -> Footage:
    folder = tmp_path_factory.mktemp("footage")
    source = folder / "source.mp4"
    timeline = [(label, N_DRAWN // 6) for label in "abcdef"]
    style = ClipStyle(gop=250, b_frames=2, noise=3.0)
    make_clip(source, rate=RATE, timeline=timeline, size=(1920, 1080), style=style)
    made = {SOURCE: source}
    for name, height in ((PROXY_720, 720), (PROXY_360, 360)):
        made[name] = folder / f"{height}p.mp4"
        ingest_isolated(source, made[name], height=height)
    files = {
        name: looped(path, N_LOOPS, n_frames=N_DRAWN, rate=RATE) for name, path in made.items()
    }
    tasks = {name: room.push(path, rate=RATE, n_frames=N_FRAMES) for name, path in files.items()}
    return Footage(files=files, tasks=tasks)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def opened_pages(browser: Browser, room: ViewingRoom, footage: Footage) -> dict[str, Page]:
    """Open each file's task in a window of its own, with a stopwatch."""
    pages: dict[str, Page] = {}
    first = new_page(browser)
    projects = f"{room.services.settings.label_studio_url}/projects/"
    log_in(first, projects, email=room.email, password=PASSWORD)
    first.wait_for_url(projects, wait_until="commit")
    for name, task in footage.tasks.items():
        page = first.context.new_page()
        Editor(page).open(room.address(task), n_frames=N_FRAMES)
        page.evaluate(STOPWATCH)
        pages[name] = page
    return pages


def test_a_frame_comes_sooner_from_a_proxy(
    room: ViewingRoom, footage: Footage, browser: Browser
) -> None:
    pages = opened_pages(browser, room, footage)
    asked: dict[str, list[str]] = {name: [] for name in pages}
    random = np.random.default_rng(4)
    for name, page in pages.items():
        page.on("request", lambda made, to=asked[name]: to.append(made.url))
    for _ in range(N_TURNS):
        frames = random.choice(np.arange(2, N_FRAMES), N_SEEKS, replace=False)
        for page in pages.values():
            page.bring_to_front()
            for frame in frames:
                seek(page, int(frame))
    took = {
        name: [ms / 1000 for ms in page.evaluate("() => window.tookMs")]
        for name, page in pages.items()
    }
    shares = shares_of_source(took)
    loads = [
        Figure(name=f"the {name}", value=told(footage.files[name], urls))
        for name, urls in asked.items()
    ]
    show(
        f"Seeking in Chromium through Label Studio: {N_TURNS * N_SEEKS} frames of each, in turns",
        [*seek_figures(took, shares), *loads],
    )
    assert all(len(values) >= N_TURNS * N_SEEKS for values in took.values())
    assert max(shares.values()) <= MOST_SHARE


def shares_of_source(took: dict[str, Seconds]) -> dict[str, float]:
    """Return each proxy's 95th percentile as a share of the un-proxied clip's."""
    p95 = {name: p95_of(values) for name, values in took.items()}
    return {name: p95[name] / p95[SOURCE] for name in (PROXY_720, PROXY_360)}


def seek_figures(took: dict[str, Seconds], shares: dict[str, float]) -> list[Figure]:
    """Return what was measured, beside what is aimed at."""
    p95_s = p95_of(took[PROXY_720])
    return [
        *(spread(name, values) for name, values in took.items()),
        *(
            Figure(
                name=f"p95 of the {name} against un-proxied",
                value=f"{share:.2f} x",
                aim=f"at most {MOST_SHARE:.2f} x",
                met=share <= MOST_SHARE,
            )
            for name, share in shares.items()
        ),
        Figure(
            name="p95 at 720p, on an idle machine",
            value=f"{p95_s * 1000:.0f} ms",
            aim=f"under {MOST_720P_S * 1000:.0f} ms",
            met=p95_s < MOST_720P_S,
        ),
    ]


def p95_of(seconds: Seconds) -> float:
    return float(np.percentile(seconds, 95))


def seek(page: Page, frame: int) -> None:
    """Type a frame's number, and wait until it has been shown."""
    before = page.evaluate("() => window.tookMs.length")
    page.click(COUNTER)
    page.fill(f"{COUNTER} input", str(frame))
    page.press(f"{COUNTER} input", "Enter")
    page.wait_for_function("before => window.tookMs.length > before", arg=before)


def told(path: Path, urls: list[str]) -> str:
    """Say how heavy a file is, and what the player asked for while people sought in it."""
    megabits = path.stat().st_size * 8 / 1e6 / float(N_FRAMES / RATE)
    of_guard, of_tracker = (sum(part in url for url in urls) for part in (MEDIA_PREFIX, "/files/"))
    return f"{megabits:.1f} Mbit/s; asked the guard {of_guard}, the tracker {of_tracker} times"


def test_ten_viewers_do_not_starve_the_api(room: ViewingRoom, footage: Footage) -> None:
    room.services.make_project("calls")
    with room.services.worker() as worker:
        worker.clips_register("calls", (factories.clip_in() for _ in range(2000)))
    calls(room.services)  # connections, plans and caches are there before the clock runs
    alone, watched = Calls(), Calls()
    link = link_of(room, footage.tasks[PROXY_720])
    size = footage.files[PROXY_720].stat().st_size
    speed = float(size * RATE / N_FRAMES)
    viewers = [
        Viewer(link=link, n_bytes=size, bytes_per_s=speed, seed=seed) for seed in range(N_VIEWERS)
    ]
    for _ in range(N_TURNS):
        alone += calls(room.services)
        with watching(viewers):
            watched += calls(room.services)
    ratios = {
        "list": p95_of(watched.list_s) / p95_of(alone.list_s),
        "claim": p95_of(watched.claim_s) / p95_of(alone.claim_s),
    }
    played_s = sum(one.n_bytes_read / one.bytes_per_s for one in viewers)
    show(
        f"The API with {N_VIEWERS} viewers of the 720p proxy, who seek every {PLAYS_S:g} seconds",
        [
            spread("list of clips, alone", alone.list_s),
            spread("list of clips, with viewers", watched.list_s),
            spread("claim of a clip, alone", alone.claim_s),
            spread("claim of a clip, with viewers", watched.claim_s),
            *(call_figure(name, ratio) for name, ratio in ratios.items()),
            spread("first byte of a seek", [s for one in viewers for s in one.first_byte_s]),
            Figure(name="watched meanwhile", value=f"{played_s:.0f} s of video"),
        ],
    )
    assert [fault for one in viewers for fault in one.faults] == []
    assert max(ratios.values()) <= MOST_SLOWER


def call_figure(name: str, ratio: float) -> Figure:
    """Return how much slower a call is while people watch."""
    return Figure(
        name=f"p95 of {name} with viewers against alone",
        value=f"{ratio:.2f} x",
        aim=f"at most {MOST_SLOWER:g} x",
        met=ratio <= MOST_SLOWER,
    )


class Calls:
    """How long calls of the API took."""

    def __init__(self) -> None:
        self.list_s: list[float] = []
        self.claim_s: list[float] = []

    def __iadd__(self, other: Calls) -> Calls:
        self.list_s += other.list_s
        self.claim_s += other.claim_s
        return self


def calls(services: Services) -> Calls:
    """List and claim, again and again, as pages and workers do."""
    took = Calls()
    with services.worker() as worker:
        for _ in range(max(1, N_CALLS // N_TURNS)):
            began = time.perf_counter()
            next(worker.clips("calls"))  # a page of them
            listed = time.perf_counter()
            worker.work_claim(stage=Stage.INGEST, project="calls", limit=1, worker="bench")
            took.list_s.append(listed - began)
            took.claim_s.append(time.perf_counter() - listed)
            time.sleep(0.02)  # a tired client; otherwise it competes with itself
    return took


def link_of(room: ViewingRoom, task_id: int) -> str:
    """Open a task as the page does; return where the guard sends its player."""
    url = room.services.settings.label_studio_url
    with httpx.Client(base_url=url, cookies=room.cookies(), timeout=60) as session:
        video = session.get(f"/api/tasks/{task_id}").json()["data"]["video"]
        sent_on = session.get(video)
        assert sent_on.status_code == 302
        return sent_on.headers["Location"]
