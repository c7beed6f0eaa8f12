"""Several output files that appear whole and together, or not at all.

Each is written beside its target under another name. Only when all are complete are they
renamed, and if one rename fails the ones before it are taken back.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from services.domain.errors import InputError, StorageError

STDOUT: Final = Path("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    target: Path
    path: Path
    file: IO[str]


@contextmanager
def outputs(targets: Mapping[str, Path], *, source: Path) -> Iterator[dict[str, IO[str]]]:
    """Open one UTF-8 text file for each target; ``-`` is standard output.

    Parameters
    ----------
    targets : mapping of str to Path
        By option, which messages name.
    source : Path
        The file that is read, which no output may replace.

    Raises
    ------
    InputError
        If a target cannot be written at all: nothing has been read by then.
    StorageError
        If writing fails, or standard output is closed; no target has changed.
    """
    resolved = {option: _resolved(option, path) for option, path in targets.items()}
    _refuse_clashes(resolved, source=source)
    with ExitStack() as stack:
        drafts = {
            option: stack.enter_context(_draft(option, target))
            for option, target in resolved.items()
        }
        try:
            yield {option: draft.file for option, draft in drafts.items()}
            _publish(list(drafts.values()))
        except OSError as error:
            name = f" {error.filename}" if error.filename else ""
            raise StorageError(
                f"The output{name} cannot be written: {error.strerror}. Nothing was changed."
            ) from error


def _resolved(option: str, path: Path) -> Path:
    try:
        return _target(option, path)
    except OSError as error:
        raise InputError(f"{option} {path} cannot be written: {error.strerror}.") from error
    except RuntimeError as error:  # What pathlib raises for links that lead to themselves.
        raise InputError(f"{option} {path} is a link that leads to itself.") from error


def _target(option: str, path: Path) -> Path:
    if path == STDOUT:
        if sys.stdout is None:
            raise StorageError(f"{option} -: standard output is closed. Name a file.")
        return path
    target = path.resolve()  # So that a symbolic link is written through, not replaced.
    if target.is_dir():
        raise InputError(f"{option} {path} is a folder. Name a file in it.")
    if target.exists() and not target.is_file():
        raise InputError(f"{option} {path} is no plain file. Use `-` for standard output.")
    if not target.parent.is_dir():
        raise InputError(f"{option} {path}: there is no folder {target.parent}. Make it first.")
    return target


def _refuse_clashes(targets: Mapping[str, Path], *, source: Path) -> None:
    taken: dict[Path, str] = {}
    for option, target in targets.items():
        if target in taken:
            raise InputError(f"{taken[target]} and {option} name the same file. Give two.")
        taken[target] = option
        if target != STDOUT and target == source.resolve():
            raise InputError(f"{option} would replace the file that is read. Name another.")


@contextmanager
def _draft(option: str, target: Path) -> Iterator[_Draft]:
    folder = None if target == STDOUT else target.parent
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{target.name}.", suffix=".part")
    except OSError as error:
        raise InputError(f"{option} {target} cannot be written: {error.strerror}.") from error
    path = Path(name)
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - a handle
            yield _Draft(target=target, path=path, file=file)
    finally:
        path.unlink(missing_ok=True)


def _publish(drafts: list[_Draft]) -> None:
    for draft in drafts:
        draft.file.flush()
        os.fsync(draft.file.fileno())
    with ExitStack() as rollback:
        for draft in drafts:
            if draft.target != STDOUT:
                draft.path.chmod(_mode(draft.target))
                rollback.callback(_put_back, draft.target, _set_aside(draft.target))
                draft.path.replace(draft.target)
        for draft in drafts:
            if draft.target == STDOUT:
                with draft.path.open("rb") as file:
                    shutil.copyfileobj(file, sys.stdout.buffer)
                sys.stdout.buffer.flush()
        rollback.pop_all()  # All are in place: nothing is to be taken back any more.
    for draft in drafts:
        if draft.target != STDOUT:
            _aside(draft.target).unlink(missing_ok=True)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.old")


def _set_aside(target: Path) -> bool:
    """Keep what is there under another name; say whether there was anything."""
    if not target.exists():
        return False
    try:
        _aside(target).hardlink_to(target)
    except OSError:  # A file system without hard links: a reader may miss it for a moment.
        target.rename(_aside(target))
    return True


def _put_back(target: Path, existed: bool) -> None:
    if existed:
        _aside(target).replace(target)
        _aside(target).unlink(missing_ok=True)  # Two names of one file: replacing does nothing.
    else:
        target.unlink(missing_ok=True)


def _mode(target: Path) -> int:
    """Return the mode of the file that is replaced, else what a new file would get."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
