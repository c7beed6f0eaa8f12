"""One stack a folder: a lock that the kernel releases with its holder, so it is never stale."""

from __future__ import annotations

import fcntl
import os
from typing import IO

from orchestration.local.errors import AlreadyRunningError
from orchestration.settings import StackSettings


def is_running(settings: StackSettings) -> bool:
    """Tell whether somebody's stack is up for this folder."""
    try:
        with (settings.run / "stack.lock").open("a+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


class StackLock:
    """Held from before the first process starts until after the last one has ended."""

    def __init__(self, settings: StackSettings) -> None:
        self._settings = settings
        self._file: IO[str] | None = None

    @property
    def held(self) -> bool:
        """Whether it is ours."""
        return self._file is not None

    def take(self) -> None:
        """Take the lock at once.

        Raises
        ------
        AlreadyRunningError
            When another process has it.
        """
        file = (self._settings.run / "stack.lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise AlreadyRunningError(
                f"Segue is already running for {self._settings.home} (process {holder}): use it, "
                "or stop it with Ctrl-C there first."
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let the next one in."""
        if self._file is not None:
            self._file.close()
            self._file = None
