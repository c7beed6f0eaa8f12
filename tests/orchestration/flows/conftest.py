"""A house of its own for every test; the flows' parts are its."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from prefect.settings import (
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

from orchestration.runtime import use_runtime
from tests.orchestration.flows.house import House
from tests.service.play import Play


@pytest.fixture(scope="session")
def app() -> Callable:
    return get_wsgi_application()


@pytest.fixture
def house(
    prefect_server: None,
    transactional_db: None,
    app: Callable,
    storage_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[House]:
    """The cast, a project without clips, and workers that can be killed."""
    # Tasks run in threads that end with their flow; none may leave a connection behind.
    monkeypatch.setitem(connections["default"].settings_dict, "CONN_MAX_AGE", 0)
    videos = tmp_path / "videos"
    videos.mkdir()
    with Play.begin(app) as play:
        house = House.build(play, storage_root, videos)
        # Prefect's heartbeat makes every flow run last a second at least.
        quick = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_LOGGING_TO_API_ENABLED: False}
        with temporary_settings(quick), use_runtime(house.parts):
            yield house
