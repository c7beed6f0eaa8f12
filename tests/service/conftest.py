"""The cast, and clips brought as far as a test needs them, all over HTTP in process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.wsgi import get_wsgi_application

from tests.service.play import Play


@pytest.fixture(scope="session")
def app() -> Callable:
    return get_wsgi_application()


@pytest.fixture
def play(in_process: None, app: Callable) -> Iterator[Play]:
    """Everybody with a token, lea's project `kitchen`, kim's project `garage`."""
    with Play.begin(app) as stage:
        yield stage


@pytest.fixture
def live_play(transactional_db: None, app: Callable) -> Iterator[Play]:
    """The same with real transactions, for tests with several threads."""
    with Play.begin(app) as stage:
        yield stage
