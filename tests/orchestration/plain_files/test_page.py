"""The HTML page: whole in itself, safe whatever a file holds, and alive in a browser."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.orchestration.plain_files.conftest import Segue, Write, marked

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
EVIL = '</script><script>document.title="broken into"</script><img src=x onerror=alert(1)>'

LINES = [
    marked("ana", "X 0-100, Y 100-200, Z 300-400"),
    marked("ben", "X 0-103, Y 104-200, X 500-540"),
    marked(EVIL, "X 0-100, Y 100-200", item="clip"),
    marked("ana", f"{EVIL} 0-100", item=EVIL),
    marked("ben", "X 0-100", item=EVIL),
]


class Reader(HTMLParser):
    """Collects what would leave the page, and its data."""

    def __init__(self) -> None:
        super().__init__()
        self.elsewhere: list[str] = []
        self.data: dict[str, str] = {}
        self._open: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elsewhere += [
            str(found[name])
            for name in ("src", "href", "action", "data", "srcset", "poster")
            if name in found and not str(found[name]).startswith("#")
        ]
        if tag in ("img", "iframe", "link", "object", "embed"):
            self.elsewhere.append(tag)
        self._open = found.get("id") if tag == "script" else None

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.data[self._open] = data


@pytest.fixture
def page_file(segue: Segue, write: Write) -> Path:
    out = write(name="out.html")
    assert segue("compare", write(*LINES), "--html", out).status == 0
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        pytest.fail("There is no Chromium here; install the system package `chromium`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=Path(chromium), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, page_file: Path) -> Iterator[Page]:
    """The page in a window of its own; nothing in it may fail, or ask for anything else."""
    here = page_file.as_uri()
    faults: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: faults.append(asked.url) if asked.url != here else None)
    page.goto(here)
    yield page
    page.close()
    assert faults == []


def test_the_page_needs_nothing_else(page_file: Path) -> None:
    reader = Reader()
    reader.feed(page_file.read_text())
    assert reader.elsewhere == []
    assert not re.search(
        r"url\(|@import|fetch\(|XMLHttpRequest|//[a-z]+\.[a-z]", page_file.read_text()
    )


def test_the_page_holds_every_segment_and_every_dispute(page_file: Path) -> None:
    reader = Reader()
    reader.feed(page_file.read_text())
    first = json.loads(reader.data["item-0"])
    assert first["annotators"] == ["ana", "ben", EVIL]
    names = first["labels"]
    (pair, *_) = first["pairs"]
    sides = [
        sorted([on, off, names[label]] for link in pair["links"] for label, on, off in link[side])
        for side in (2, 3)
    ]
    assert sides == [
        [[0, 100, "X"], [100, 200, "Y"], [300, 400, "Z"]],
        [[0, 103, "X"], [104, 200, "Y"], [500, 540, "X"]],
    ]
    kinds = json.loads(reader.data["setup"])["kinds"]
    assert [kinds[link[0]] for link in pair["links"]] == [
        None,
        "boundary_shift",
        "missing",
        "extra",
    ]
    assert json.loads(reader.data["item-1"])["item"] == EVIL


def test_a_taxonomy_gives_its_colours_and_layers(segue: Segue, write: Write) -> None:
    rules = write(
        "{name: t, version: 3, layers: [{name: hands, labels: [{name: X, color: '#123456'}]}, "
        "{name: eyes, labels: [{name: Z}]}]}",
        name="t.yaml",
    )
    out = write(name="out.html")
    lines = [
        marked("ana", "X 0-9, Z 3-8"),
        marked("ben", "X 0-9, Z 3-30"),
        marked("cleo", "", item="?"),
    ]
    assert segue("compare", write(*lines), "--taxonomy", rules, "--html", out).status == 0
    reader = Reader()
    reader.feed(out.read_text())
    assert json.loads(reader.data["setup"])["colors"]["X"] == "#123456"
    item = json.loads(reader.data["item-0"])
    assert (item["layers"], item["panel"]) == (["hands", "eyes"], None)
    assert "item-1" not in reader.data  # Nobody to compare cleo with.
    assert "taxonomy t v3" in out.read_text()
    assert "1 item of 2 with one annotator only" in out.read_text()


def test_nothing_against_nothing_is_a_page_too(segue: Segue, write: Write) -> None:
    out = write(name="out.html")
    assert segue("compare", write(marked("ana", ""), marked("ben", "")), "--html", out).status == 0
    assert "undefined" in out.read_text()
    assert "nothing marked" in out.read_text()


def test_names_of_a_file_are_text_and_nothing_else(page: Page) -> None:
    assert page.title().startswith("Agreement: ")
    assert page.locator("img").count() == 0
    page.locator("#pair-list button").last.click()
    expect(page.locator("#item-h")).to_contain_text("</script><script>")


def test_disputes_are_stepped_through_by_key(page: Page) -> None:
    expect(page.locator("#at")).to_have_text("3 disputes")
    page.keyboard.press("j")
    expect(page.locator("#at")).to_have_text("1 of 3")
    expect(page.locator("#detail")).to_contain_text(
        "ben starts 4 frames later and ends on the same"
    )
    page.keyboard.press("k")
    expect(page.locator("#at")).to_have_text("3 of 3")
    expect(page.locator("tr[aria-selected=true]")).to_contain_text("[500, 540)")
    expect(page.locator("#line")).to_have_attribute("aria-label", re.compile("frames 476 to 564"))
    assert page.url.endswith("#i=0&p=0&d=2")
    page.keyboard.press("0")
    expect(page.locator("#line")).to_have_attribute("aria-label", re.compile("frames 0 to 1000"))


def test_a_dispute_is_found_on_the_timeline(page: Page) -> None:
    """The missing Z lies at 300..400 of 1000 frames, in the first row."""
    line = page.locator("#line")
    box = line.bounding_box()
    assert box is not None
    line.click(position={"x": box["width"] * 0.35, "y": 24 + 18 + 12})
    expect(page.locator("#detail")).to_contain_text("missing in ben")
    line.dblclick(position={"x": box["width"] * 0.35, "y": 24 + 18 + 12})
    expect(line).to_have_attribute("aria-label", re.compile("frames 240 to 460"))


def test_kinds_can_be_hidden(page: Page) -> None:
    page.get_by_role("button", name="missing in ben 1").click()
    expect(page.locator("#n-disputes")).to_have_text("2 of 3")
    expect(page.locator("#disputes tr")).to_have_count(2)


def test_pairs_are_searched_and_sorted(page: Page) -> None:
    expect(page.locator("#pair-list li:visible")).to_have_count(4)
    page.keyboard.press("/")
    page.keyboard.type("CLIP ben")
    expect(page.locator("#n-shown")).to_have_text("2 of 4")
    page.keyboard.press("Escape")
    page.select_option("#order", "disputes")
    counts = page.locator("#pair-list li").evaluate_all(
        "all => all.map(one => Number(one.dataset.d))"
    )
    assert counts == sorted(counts, reverse=True)
    page.keyboard.press("n")
    expect(page.locator("#pair-list button[aria-current=true]")).to_contain_text("clip")


def test_the_panel_opens_a_pair(page: Page) -> None:
    cells = page.locator("#panel table button")
    expect(cells).to_have_count(6)
    cells.nth(5).click()
    expect(page.locator("#item-h")).to_contain_text("ben and </script>")


def test_alphas_are_on_the_page_and_gamma_when_asked_for(
    segue: Segue, write: Write, page: Page
) -> None:
    figures = page.locator("#together .fig")
    expect(figures).to_have_count(3)
    expect(figures.nth(1)).to_contain_text("alpha, labels and gaps")
    expect(page.locator("#item-together")).to_contain_text("Alpha of all 3: labelled or not 0.")
    expect(page.locator("#item-together")).not_to_contain_text("Gamma")
    out = write(name="out.html")  # The page's own file: it may ask for no other.
    assert segue("compare", write(*LINES), "--html", out, "--gamma").status == 0
    page.reload()
    expect(figures).to_have_count(4)
    expect(page.locator("#item-together")).to_contain_text("from the sampling of chance")


def test_a_label_may_be_called_like_something_of_the_language(page: Page) -> None:
    for label in ("constructor", "toString", "__proto__"):
        assert re.fullmatch("#[0-9a-f]{6}", page.evaluate("label => color(label)", label))


def test_a_split_may_have_very_many_pieces(page: Page) -> None:
    said = page.evaluate(
        """() => {
            const pieces = Array.from({ length: 300000 }, (_, i) => [0, 2 * i, 2 * i + 1]);
            const item = { layers: [""], labels: ["X"], n_frames: 600000 };
            const kind = setup.kinds.indexOf("split");
            const pair = { annotators: ["a", "b"], links: [[kind, 0, [[0, 0, 600000]], pieces]] };
            const [link] = model(item, pair).links;
            timeline.model = { ...timeline.model, names: pair.annotators };
            state.links = [link];
            list();
            detail(link);
            return [link.on, link.off, document.querySelectorAll("#disputes .seg").length];
        }"""
    )
    assert said == [0, 600000, 1 + 50 + 1]
    expect(page.locator("#detail")).to_contain_text("and 299950 more")


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_nothing_reaches_over_the_edge(width: int, page: Page) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.keyboard.press("j")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_light_and_dark_have_contrast(page: Page) -> None:
    colours = """[
        getComputedStyle(document.body).color,
        getComputedStyle(document.documentElement).backgroundColor,
    ]"""
    light = page.evaluate(colours)
    page.click("#theme")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    dark = page.evaluate(colours)
    assert light != dark
    for ink, paper in (light, dark):
        levels = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, paper)]
        assert abs(levels[0] - levels[1]) > 500


def test_it_prints_in_light_colours_without_its_controls(page: Page) -> None:
    page.click("#theme")
    page.emulate_media(media="print")
    expect(page.locator(".pairs")).to_be_hidden()
    expect(page.locator(".tools")).to_be_hidden()
    expect(page.locator("#line")).to_be_visible()
    assert (
        page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        == "rgb(255, 255, 255)"
    )
