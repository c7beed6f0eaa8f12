"""A house of its own for every test; the flows' parts are its."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.wsgi import get_wsgi_application
from prefect.settings import (
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

from orchestration.runtime import use_runtime
from tests.orchestration.flows.counter import Counter
from tests.orchestration.flows.house import House
from tests.service.play import Play

# Prefect's heartbeat makes every flow run last a second at least.
QUICK = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_LOGGING_TO_API_ENABLED: False}


@pytest.fixture(scope="session")
def app() -> Callable:
    return get_wsgi_application()


@pytest.fixture(scope="session")
def counter(app: Callable, django_db_setup: None) -> Iterator[Counter]:
    """Threads that serve the tracker, over connections that stay."""
    with Counter.open(app) as opened:
        yield opened


@pytest.fixture
def house(
    prefect_server: None,
    transactional_db: None,
    counter: Counter,
    storage_root: Path,
    tmp_path: Path,
) -> Iterator[House]:
    """The cast, a project without clips, and workers that can be killed."""
    videos = tmp_path / "videos"
    videos.mkdir()
    with Play.begin(counter.app) as play:
        house = House.build(play, counter, storage_root, videos)
        with temporary_settings(QUICK), use_runtime(house.parts):
            yield house
