"""Become one process of the stack: ``python -m orchestration.local.service NAME``.

The process manager runs this, so that neither its configuration nor any argument holds a secret.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from orchestration.local.errors import StackError
from orchestration.local.postgres.exec_shim import die_with_parent
from orchestration.local.programs import POSTGRES, programs_for
from orchestration.settings import ROOT, StackSettings


def main(name: str) -> None:
    """Replace this process by the named program.

    Raises
    ------
    StackError
        When there is no such program or it cannot be started.
    """
    settings = StackSettings()
    known = {program.name: program for program in programs_for(settings)}
    if name not in known:
        raise StackError(f"There is no service {name!r}; there are {', '.join(known)}.")
    program = known[name]
    command = program.command(settings)
    environment = program.environment(settings)
    os.chdir(ROOT)
    if program is not POSTGRES:  # which asks for it itself, after its change of identity
        libc = ctypes.CDLL(None, use_errno=True)
        die_with_parent(libc, os.getppid(), signal.SIGTERM)
    os.execve(command[0], command, environment)  # noqa: S606 - this is what the file is for


if __name__ == "__main__":
    main(sys.argv[1])
