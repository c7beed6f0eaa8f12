"""The one-machine stack: every service started in order, watched, and stopped without a trace."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import structlog

from orchestration.local.errors import StackError
from orchestration.local.health import is_healthy
from orchestration.local.leftovers import end_leftovers
from orchestration.local.lock import StackLock
from orchestration.local.manager import Manager
from orchestration.local.ports import check_ports
from orchestration.local.programs import POSTGRES, Program, programs_for
from orchestration.local.secrets import ensure_secrets
from orchestration.local.startup import Startup
from orchestration.local.watch import Watch
from orchestration.settings import StackSettings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """How one service is doing."""

    name: str
    title: str
    state: str
    healthy: bool
    address: str
    log: Path


class Stack:
    """Start, watch and stop what one folder's ``.segue`` holds.

    Start it from the main thread: the kernel ends the services with the thread that started them,
    so that not even ``kill -9`` leaves any behind.
    """

    def __init__(
        self, settings: StackSettings, programs: tuple[Program, ...] | None = None
    ) -> None:
        self.settings = settings
        self.programs = programs_for(settings) if programs is None else programs
        self._lock = StackLock(settings)
        self._manager = Manager(settings, self.programs)
        self._startup = Startup(settings, self.programs, self._manager)
        self._watch = Watch(settings, self.programs, self._manager, self._relaunch)

    def start(self) -> None:
        """Begin to start every service; `wait_ready` waits for them.

        Raises
        ------
        StackError
            When another stack runs here, a port is taken or the state cannot be kept.
        """
        self._make_folders()
        self._lock.take()
        try:
            self._end_leftovers()
            check_ports(self.settings, self.programs)
            ensure_secrets(self.settings.secrets)
            self._manager.launch()
        except BaseException:
            self._lock.release()
            raise
        self._startup.begin()

    def wait_ready(self, timeout_s: float | None = None) -> None:
        """Wait until every service is healthy and the flows are deployed, then watch over them.

        Raises
        ------
        StackError
            When a service fails to start or the time runs out; the sentence names its log.
        """
        self._startup.wait(timeout_s or self.settings.start_timeout_s)
        self._watch.start()

    def status(self) -> list[ServiceStatus]:
        """Return each service's state, health, address and log."""
        return [
            ServiceStatus(
                name=program.name,
                title=program.title,
                state=self._manager.state(program.name),
                healthy=is_healthy(self.settings, program),
                address=self.address(program),
                log=self.settings.logs / f"{program.name}.log",
            )
            for program in self.programs
        ]

    def address(self, program: Program) -> str:
        """Return where a service listens."""
        where = f"{self.settings.host}:{program.port(self.settings)}"
        return where if program is POSTGRES else f"http://{where}"

    def stop(self) -> None:
        """Stop everything, the last started first, and leave no process behind.

        Does nothing unless this object has started the stack: it may be another's.
        """
        if not self._lock.held:
            return
        self._watch.stop()
        self._startup.stop()
        self._manager.end()
        self._end_leftovers()
        self._lock.release()

    def _relaunch(self) -> None:
        """Start anew after the manager itself was killed; its services have died with it."""
        self._end_leftovers()
        self._startup.stop()
        self._manager.launch()
        self._startup = Startup(self.settings, self.programs, self._manager)
        self._startup.begin(with_jobs=False)
        self._startup.wait(self.settings.start_timeout_s)

    def _end_leftovers(self) -> None:
        ended = end_leftovers(self.settings)
        if ended:
            log.info("leftovers_ended", n_processes=ended)

    def _make_folders(self) -> None:
        settings = self.settings
        try:
            for folder in (settings.home, settings.logs, settings.run, settings.storage):
                folder.mkdir(parents=True, exist_ok=True)
            settings.run.chmod(0o700)
        except OSError as error:
            raise StackError(
                f"{settings.home} cannot be written ({error.strerror}): set SEGUE_HOME to a folder "
                "of yours."
            ) from error
