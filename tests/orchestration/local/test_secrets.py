from __future__ import annotations

import stat
from pathlib import Path

import pytest

from orchestration.local.errors import StackError
from orchestration.local.secrets import MAKERS, ensure_secrets, read_secret


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ensure_secrets(tmp_path / "secrets")
    return tmp_path / "secrets"


def test_only_their_owner_may_read_them(folder: Path) -> None:
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.iterdir()} == {0o600}


def test_every_secret_is_there_and_none_beside_them(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == set(MAKERS)
    assert len({read_secret(folder, name) for name in MAKERS}) == len(MAKERS)


def test_a_second_run_changes_no_secret(folder: Path) -> None:
    before = {name: read_secret(folder, name) for name in MAKERS}
    ensure_secrets(folder)
    assert {name: read_secret(folder, name) for name in MAKERS} == before


def test_a_secret_that_stands_open_is_closed(folder: Path) -> None:
    (folder / "links_key").chmod(0o644)
    folder.chmod(0o755)
    ensure_secrets(folder)
    assert (mode(folder), mode(folder / "links_key")) == (0o700, 0o600)


def test_label_studios_token_has_the_form_it_takes(folder: Path) -> None:
    token = read_secret(folder, "label_studio_token")
    assert len(token) == 40
    assert int(token, 16)


def test_an_emptied_secret_is_named(folder: Path) -> None:
    (folder / "worker_token").write_text("")
    with pytest.raises(StackError, match=r"worker_token is empty: delete it"):
        read_secret(folder, "worker_token")


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match="Secrets cannot be kept in"):
        ensure_secrets(tmp_path / "file" / "secrets")
