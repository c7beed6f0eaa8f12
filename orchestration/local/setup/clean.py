"""``make clean``: remove what can be made again, and the data only when that is said."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import sys
from pathlib import Path

from orchestration.local.setup.checks import SetupError
from orchestration.local.setup.plan import ROOT

REMADE = ("venv", "label-studio-venv", "logs", "run")
CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis")
BUILT = ("build", "dist", "segue.egg-info")


def refuse_while_running(home: Path) -> None:
    """Make sure that no stack uses the folder.

    Raises
    ------
    SetupError
        When one does.
    """
    lock = home / "run" / "stack.lock"
    if not lock.is_file():
        return
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SetupError(f"Segue is running for {home}: stop it first.") from error


def clean(home: Path, *, data: bool) -> None:
    """Remove environments, logs and caches; with ``data`` the whole state folder."""
    refuse_while_running(home)
    for name in ("",) if data else REMADE:
        shutil.rmtree(home / name, ignore_errors=True)
    for name in (*CACHES, *BUILT):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    if not data and home.is_dir() and any(home.iterdir()):
        sys.stdout.write(f"Databases, videos and keys stay in {home}; DATA=1 removes them too.\n")


def main(arguments: list[str]) -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", action="store_true")
    options = parser.parse_args(arguments)
    try:
        clean(
            Path(os.environ.get("SEGUE_HOME") or ROOT / ".segue").expanduser().absolute(),
            data=options.data,
        )
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
