"""Look after the running services: one that stopped answering is started anew.

A process that dies is supervisor's business and comes back within a second or two. This is for
the one that lives but does not answer, and for supervisor itself.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

import structlog

from orchestration.local.errors import StackError
from orchestration.local.health import is_healthy
from orchestration.local.manager import Manager
from orchestration.local.programs import Program
from orchestration.settings import StackSettings

GRACE_S = 90  # a service on a busy machine may need that long to answer for the first time

log = structlog.get_logger(__name__)


class Watch:
    """A thread that asks every service how it is."""

    def __init__(
        self,
        settings: StackSettings,
        programs: tuple[Program, ...],
        manager: Manager,
        relaunch: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._programs = programs
        self._manager = manager
        self._relaunch = relaunch
        self._failures: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segue-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; what is under way is finished first."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._settings.health_interval_s):
            try:
                self.look_once()
            except (StackError, OSError) as error:
                log.warning("watch_failed", reason=str(error))

    def look_once(self) -> None:
        """Check the manager and every service, and restart what has been ill for too long."""
        if not self._manager.is_running():
            log.warning("process_manager_lost")
            self._relaunch()
            return
        for program in self._programs:
            if self._stop.is_set():
                return
            self._look_at(program)

    def _look_at(self, program: Program) -> None:
        if is_healthy(self._settings, program):
            self._failures[program.name] = 0
            return
        age_s = time.time() - self._manager.started_at(program.name)
        if age_s < GRACE_S:
            return
        self._failures[program.name] += 1
        if self._failures[program.name] < self._settings.unhealthy_after:
            return
        log.warning("service_restarted", service=program.name, reason="it does not answer")
        self._failures[program.name] = 0
        self._manager.restart(program.name)
