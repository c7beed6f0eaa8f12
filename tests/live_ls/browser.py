"""A real Chromium, and the page of somebody who logs in to Label Studio with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 120_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium without a window, until the block ends."""
    browser_path = next(filter(None, map(shutil.which, NAMES)), None)
    if browser_path is None:
        pytest.fail("There is no Chromium here; install the system package `chromium`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=Path(browser_path), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def new_page(browser: Browser) -> Page:
    """Open an empty page of a size that people use, with cookies of its own."""
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


def log_in(page: Page, address: str, *, email: str, password: str) -> None:
    """Go to an address, fill in the form that comes first, and arrive."""
    page.goto(address)
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
