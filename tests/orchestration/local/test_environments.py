from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from orchestration.local import environments, service
from orchestration.local.databases import database_address
from orchestration.local.errors import StackError
from orchestration.local.secrets import read_secret
from orchestration.settings import StackSettings


def test_label_studio_gets_no_bare_name_it_would_read(
    settings: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOST", "PORT", "USERNAME", "PASSWORD", "DEBUG"):
        monkeypatch.setenv(name, "from outside")
    assert "from outside" not in environments.label_studio(settings).values()


def test_the_running_label_studio_does_not_know_the_service_password(
    settings: StackSettings,
) -> None:
    password = read_secret(settings.secrets, "label_studio_admin_password")
    assert password not in environments.label_studio(settings).values()
    assert password in environments.label_studio_first_run(settings).values()


def test_only_the_tracker_and_label_studio_hold_the_links_key(settings: StackSettings) -> None:
    key = read_secret(settings.secrets, "links_key")
    assert key in environments.tracker(settings).values()
    assert key in environments.label_studio(settings).values()
    assert key not in environments.prefect_server(settings).values()
    assert key not in environments.worker(settings).values()  # it reads the file


def test_there_is_no_service_of_another_name() -> None:
    with pytest.raises(StackError, match="There is no service 'nothing'; there are postgres"):
        service.main("nothing")


def test_each_database_has_a_password_of_its_own(settings: StackSettings) -> None:
    names = ("segue", "prefect", "labelstudio")
    assert len({database_address(settings, name).password for name in names}) == len(names)


def test_a_given_server_is_used_for_all_three(settings: StackSettings) -> None:
    given = settings.model_copy(
        update={
            "database_url": SecretStr("postgresql://owner:p%40ss@db.example:6432/x?sslmode=require")
        }
    )
    tracker = urlsplit(environments.tracker(given)["SEGUE_DATABASE_URL"])
    assert (tracker.hostname, tracker.port, tracker.path) == ("db.example", 6432, "/segue")
    assert tracker.query == "sslmode=require"
    prefect = environments.prefect_server(given)["PREFECT_SERVER_DATABASE_CONNECTION_URL"]
    assert prefect == "postgresql+asyncpg://owner:p%40ss@db.example:6432/prefect?ssl=require"
    assert environments.label_studio(given)["POSTGRE_PASSWORD"] == "p@ss"


def test_a_given_store_replaces_the_folder(
    settings: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environments.tracker(settings)["SEGUE_STORAGE_ROOT"] == str(settings.storage)
    monkeypatch.setenv("SEGUE_STORAGE_URL", "s3://bucket/prefix")
    assert "SEGUE_STORAGE_ROOT" not in environments.tracker(settings)
    assert environments.worker(settings)["SEGUE_STORAGE_URL"] == "s3://bucket/prefix"
