"""Find out before anything is installed whether it can be, and say what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

WANTED = (3, 11)
ASK = "import sys; print('%d.%d' % sys.version_info[:2]); import venv, ensurepip"


class SetupError(Exception):
    """One sentence for the person at the terminal."""


def _version(python: str) -> str | None:
    """Return an interpreter's version if it runs and can make environments."""
    try:
        answer = subprocess.run(  # noqa: S603 - an interpreter from PATH
            [python, "-c", ASK], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def find_python() -> str:
    """Return an interpreter of the version Segue needs.

    Raises
    ------
    SetupError
        When there is none.
    """
    wanted = ".".join(str(part) for part in WANTED)
    chosen = os.environ.get("SEGUE_PYTHON")
    candidates = (chosen,) if chosen else (sys.executable, f"python{wanted}", "python3", "python")
    for candidate in candidates:
        path = shutil.which(candidate)
        if path is not None and _version(path) == wanted:
            return path
    if chosen:
        raise SetupError(
            f"SEGUE_PYTHON is {chosen}, which is not a Python {wanted} with venv and pip."
        )
    raise SetupError(
        f"Segue needs Python {wanted} with its venv module, and this machine has none on its PATH "
        f"(this is {sys.version.split()[0]}): install python{wanted} and python{wanted}-venv, or "
        "set SEGUE_PYTHON to its path."
    )


def check_folder(home: Path) -> None:
    """Make the state folder and prove that it can be written.

    Raises
    ------
    SetupError
        When it cannot.
    """
    try:
        (home / "logs").mkdir(parents=True, exist_ok=True)
        probe = home / "logs" / ".write-test"
        probe.write_text("", encoding="ascii")
        probe.unlink()
    except OSError as error:
        raise SetupError(
            f"{home} cannot be written ({error.strerror}): set SEGUE_HOME to a folder of yours."
        ) from error


def check_space(home: Path, needed_mb: int) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises
    ------
    SetupError
        When there is too little room.
    """
    free_mb = shutil.disk_usage(home).free // 2**20
    if free_mb < needed_mb:
        raise SetupError(
            f"The disk of {home} has {free_mb:,} MB free and the set-up needs {needed_mb:,} MB: "
            "make room or set SEGUE_HOME to a folder on another disk."
        )
