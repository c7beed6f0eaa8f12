from __future__ import annotations

import socket
from pathlib import Path

import pytest

from orchestration.local.secrets import ensure_secrets
from orchestration.settings import StackSettings

PORTS = (
    "postgres_port",
    "prefect_port",
    "prefect_worker_port",
    "tracker_port",
    "label_studio_port",
)


def free_ports(count: int) -> list[int]:
    """Pick ports that differ, by holding all of them at once."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "DATABASE_URL",
        "SEGUE_HOME",
        "SEGUE_SECRETS_DIR",
        "SEGUE_STORAGE_URL",
        "SEGUE_STORAGE_ROOT",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    """A stack of its own in a folder of its own, on ports that are free."""
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    made = StackSettings(home=tmp_path / "home", label_studio_venv=fake_venv(tmp_path), **ports)
    for folder in (made.run, made.logs):
        folder.mkdir(parents=True)
    ensure_secrets(made.secrets)
    return made


def fake_venv(folder: Path) -> Path:
    """Make what looks like Label Studio's environment from outside."""
    package = folder / "ls-venv" / "lib" / "python3.11" / "site-packages" / "label_studio"
    package.mkdir(parents=True)
    return folder / "ls-venv"
