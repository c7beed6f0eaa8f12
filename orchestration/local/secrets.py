"""Passwords and keys: made on the first run, one file each, for nobody else to read."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

from orchestration.local.errors import StackError

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def _word() -> str:
    return secrets.token_urlsafe(32)


def _hex_40() -> str:
    return secrets.token_hex(20)  # the length Label Studio's legacy tokens have


def _basic_auth() -> str:
    return f"segue:{secrets.token_urlsafe(24)}"


def _password() -> str:
    return secrets.token_urlsafe(15)  # typed by people now and then


MAKERS: MappingProxyType[str, Callable[[], str]] = MappingProxyType(
    {
        "postgres_password": _word,
        "django_secret_key": _word,
        "links_key": _word,
        "prefect_auth": _basic_auth,
        "label_studio_token": _hex_40,
        "label_studio_admin_password": _password,
        "label_studio_secret_key": _word,
        "worker_token": _word,
        "manager_password": _password,
        "webhook_secret": _word,
    }
)


def ensure_secrets(folder: Path) -> None:
    """Make the secrets that are missing and close what stands too open.

    Raises
    ------
    StackError
        When the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
        folder.chmod(FOLDER_MODE)
        for name, make in MAKERS.items():
            path = folder / name
            if not path.exists():
                _write_once(path, make())
            path.chmod(FILE_MODE)
    except OSError as error:
        raise StackError(f"Secrets cannot be kept in {folder}: {error.strerror}.") from error


def read_secret(folder: Path, name: str) -> str:
    """Return one secret.

    Raises
    ------
    StackError
        When it is missing or empty.
    """
    path = folder / name
    try:
        value = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise StackError(f"The secret {path} cannot be read: {error.strerror}.") from error
    if not value:
        raise StackError(f"The secret {path} is empty: delete it and start again.")
    return value


def _write_once(path: Path, value: str) -> None:
    """Write whole or not at all; of two that race, both end up with the first one's value."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        Path(name).unlink(missing_ok=True)
