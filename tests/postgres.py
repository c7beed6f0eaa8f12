"""One real PostgreSQL for all suites of a session, started by the first test that needs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections

from orchestration.local.postgres import PostgresAddress, temporary_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresAddress]:
    """A throw-away server; its address belongs to a superuser."""
    with temporary_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    postgres: PostgresAddress, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Point Django at the session's server before it makes its test database."""
    parts = urlsplit(postgres.url("segue"))
    for alias in (settings.DATABASES["default"], connections["default"].settings_dict):
        alias.update(
            HOST=parts.hostname,
            PORT=str(parts.port),
            USER=postgres.user,
            PASSWORD=postgres.password,
            NAME="segue",
        )


@pytest.fixture
def in_process(db: None) -> Iterator[None]:
    """Let requests served in process share the test's transaction, which is rolled back.

    The WSGI handler otherwise drops a connection that is inside a transaction.
    """
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def storage_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the tracker serves files from."""
    root = tmp_path / "storage"
    root.mkdir()
    env = settings.SEGUE.model_copy(update={"storage_root": root, "storage_url": None})
    monkeypatch.setattr(settings, "SEGUE", env)
    return root
