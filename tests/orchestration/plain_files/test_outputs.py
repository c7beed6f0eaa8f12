"""Outputs appear whole and together, or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from orchestration.plain_files.outputs import outputs
from services.domain.errors import InputError, StorageError

SOURCE = Path("source.jsonl")


def fill(folder: Path, *names: str, text: str = "new") -> None:
    targets = {f"--{name}": folder / name for name in names}
    with outputs(targets, source=SOURCE) as files:
        for file in files.values():
            file.write(text)


def break_off(targets: dict[str, Path]) -> None:
    with outputs(targets, source=SOURCE) as files:
        for file in files.values():
            file.write("half")
        raise InputError("line 7")


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def test_it_writes_new_files_and_replaces_old_ones(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    fill(tmp_path, "a", "b")
    assert contents(tmp_path) == {"a": "new", "b": "new"}


def test_an_error_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(InputError):
        break_off({"--a": tmp_path / "a"})
    assert contents(tmp_path) == {"a": "old"}


def test_a_key_pressed_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), outputs({"--a": tmp_path / "a"}, source=SOURCE):
        raise KeyboardInterrupt
    assert contents(tmp_path) == {}


def fail_to_rename_onto(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def moody(self: Path, target: Path) -> Path:
        if target.name == name and self.suffix == ".part":
            raise OSError(1, "Operation not permitted")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", moody)


@pytest.mark.parametrize("links", [True, False])
def test_when_one_cannot_be_put_in_place_all_go_back(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "c"):
        (tmp_path / name).write_text("old")
    fail_to_rename_onto("c", monkeypatch)
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(OSError(95, "")))
    with pytest.raises(StorageError, match="Nothing was changed"):
        fill(tmp_path, "a", "b", "c")
    assert contents(tmp_path) == {"a": "old", "c": "old"}


def test_without_hard_links_it_replaces_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(OSError(95, "")))
    fill(tmp_path, "a")
    assert contents(tmp_path) == {"a": "new"}


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "file")
    fill(tmp_path, "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_text() == "new"


def test_modes_are_those_of_the_old_file_or_of_any_new_one(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("")
    (tmp_path / "old").chmod(0o640)
    mask = os.umask(0o027)
    try:
        fill(tmp_path, "old", "new")
    finally:
        os.umask(mask)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"old": 0o640, "new": 0o640}


def test_standard_output_gets_nothing_of_a_failure(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    with pytest.raises(InputError):
        break_off({"--csv": Path("-")})
    assert capfdbinary.readouterr().out == b""
    with outputs({"--csv": Path("-")}, source=SOURCE) as files:
        files["--csv"].write("whole")
    assert capfdbinary.readouterr().out == b"whole"


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError, match="leads to itself"):
        fill(tmp_path, "loop")


def test_a_name_with_no_room_for_a_draft_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be written: File name too long\."):
        fill(tmp_path, "x" * 250)
