"""PostgreSQL refuses root and nameless users: decide whom to run it as, and whose its files are."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestration.local.errors import PostgresError

NOBODY = 65534
SHIM = Path(__file__).with_name("exec_shim.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Options of the shim that make a program run as an acceptable user."""

    options: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def command(self, program: list[str], *, die_with: int | None = None) -> list[str]:
        """Return the argv that runs a program under this identity.

        ``die_with`` is the pid of the parent-to-be whose death ends the program too.
        """
        life = ("--die-with", str(die_with)) if die_with is not None else ()
        return [sys.executable, "-I", str(SHIM), *self.options, *life, "--", *program]

    def give(self, folder: Path) -> None:
        """Hand a folder and what is in it to the user the server runs as."""
        if self.owner is None:
            return
        uid, gid = self.owner
        os.chown(folder, uid, gid)
        for path in folder.rglob("*"):
            shutil.chown(path, uid, gid)


def _has_a_name(uid: int) -> bool:
    """Tell whether the system knows the user; containers often run as a bare number."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _works(identity: Identity, probe: list[str]) -> bool:
    answer = subprocess.run(  # noqa: S603 - our own shim around a program we located
        identity.command(probe), capture_output=True, check=False, timeout=30
    )
    return answer.returncode == 0


@cache
def choose_identity(postgres: str) -> Identity:
    """Find an identity under which this machine lets PostgreSQL start.

    Raises
    ------
    PostgresError
        When we are root (or a user without a name, which initdb refuses) and neither a user
        namespace nor ``nobody`` can run it.
    """
    uid = os.geteuid()
    if uid != 0 and _has_a_name(uid):
        return Identity()
    probe = [postgres, "--version"]
    namespace = Identity(options=("--namespace", str(NOBODY)))
    if _works(namespace, probe):
        return namespace
    if uid != 0:
        raise PostgresError(
            f"PostgreSQL does not run as user number {uid}, which has no name on this machine: "
            "give it a line in /etc/passwd, or set DATABASE_URL."
        )
    nobody = pwd.getpwnam("nobody")
    switched = Identity(
        options=("--become", f"{nobody.pw_uid}:{nobody.pw_gid}"),
        owner=(nobody.pw_uid, nobody.pw_gid),
    )
    if _works(switched, probe):
        return switched
    raise PostgresError(
        f"PostgreSQL does not run as root, and the user nobody cannot run {postgres}: "
        "use an ordinary user, or a folder that every user may enter, or set DATABASE_URL."
    )
