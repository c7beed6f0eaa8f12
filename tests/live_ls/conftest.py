"""One real Label Studio for the session, one cast at work in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live_ls.files import (
    CLIP_KEY,
    STRIP_KEY,
    FileServer,
    clip_strip,
    grey_clip,
    serving,
)
from tests.live_ls.routes import Route, all_routes
from tests.live_ls.server import LabelStudio, running_label_studio
from tests.live_ls.world import World, build_world


@pytest.fixture(scope="session")
def files() -> Iterator[FileServer]:
    """The place that media links lead to: it holds one short clip and its strip."""
    with serving({CLIP_KEY: grey_clip(), STRIP_KEY: clip_strip()}) as server:
        yield server


@pytest.fixture(scope="session")
def label_studio(files: FileServer) -> Iterator[LabelStudio]:
    """Label Studio with the guard, asked by its environment to be talkative about errors."""
    with running_label_studio(tracker_url=files.url, debug=True) as running:
        files.secret = running.links_key
        yield running


@pytest.fixture(scope="session")
def world(label_studio: LabelStudio) -> World:
    return build_world(label_studio)


@pytest.fixture(scope="session")
def routes(label_studio: LabelStudio) -> list[Route]:
    return all_routes(label_studio)
