from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration.local.manager import settings_environment
from orchestration.settings import StackSettings, WorkerSettings

SECRETS = ("worker_token", "label_studio_token", "links_key", "webhook_secret")
VARIABLES = (
    "SEGUE_TRACKER_TOKEN",
    "SEGUE_LABEL_STUDIO_TOKEN",
    "SEGUE_LINKS_KEY",
    "SEGUE_WEBHOOK_SECRET",
)


@pytest.fixture
def secret_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in SECRETS:
        (tmp_path / name).write_text(f"{name}-from-file\n")
    monkeypatch.setenv("SEGUE_SECRETS_DIR", str(tmp_path))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.usefixtures("secret_files")
def test_a_worker_reads_its_secrets_from_files() -> None:
    assert WorkerSettings().tracker_token.get_secret_value() == "worker_token-from-file"


@pytest.mark.usefixtures("secret_files")
def test_a_variable_wins_over_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_TRACKER_TOKEN", "from-variable")
    assert WorkerSettings().tracker_token.get_secret_value() == "from-variable"


@pytest.mark.usefixtures("secret_files")
def test_printed_settings_hold_no_secret() -> None:
    assert "from-file" not in repr(WorkerSettings())


def test_a_worker_without_a_token_does_not_start(
    secret_files: Path,
) -> None:
    (secret_files / "worker_token").unlink()
    with pytest.raises(ValidationError, match="SEGUE_TRACKER_TOKEN"):
        WorkerSettings()


def test_all_state_lies_under_one_folder(settings: StackSettings) -> None:
    for folder in (settings.secrets, settings.logs, settings.run, settings.storage):
        assert folder.is_relative_to(settings.home)


def test_an_empty_database_url_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert StackSettings().database_url is None


def test_a_child_process_reads_the_same_settings(
    settings: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings.model_copy(update={"tracker_workers": 7})
    for name, value in settings_environment(given).items():
        monkeypatch.setenv(name, value)
    assert StackSettings() == given
