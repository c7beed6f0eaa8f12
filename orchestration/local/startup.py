"""Bring the services up side by side, each as soon as what it needs is healthy."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

import structlog

from orchestration.local.databases import cluster, is_own, provision_databases
from orchestration.local.errors import StackError
from orchestration.local.health import has_work_pool, is_healthy
from orchestration.local.jobs import JobRunner
from orchestration.local.manager import Manager
from orchestration.local.programs import DEPLOY, POSTGRES, Program
from orchestration.settings import StackSettings

POLL_S = 0.1
CRASHES_BEFORE_GIVING_UP = 3
TAIL_CHARACTERS = 600

log = structlog.get_logger(__name__)


class _WaitedInVainError(StackError):
    """What this service needs has failed, and that is the error to show."""


class Startup:
    """One start of the stack: a future a service, failing with a sentence."""

    def __init__(
        self, settings: StackSettings, programs: tuple[Program, ...], manager: Manager
    ) -> None:
        self._settings = settings
        self._programs = programs
        self._manager = manager
        self._jobs = JobRunner(settings)
        self._stopping = threading.Event()
        self._futures: dict[str, Future[None]] = {}
        # A thread for each, as most of them wait for one another.
        self._pool = ThreadPoolExecutor(max_workers=len(programs) + 2)

    def begin(self, *, with_jobs: bool = True) -> None:
        """Start everything that may be started; `wait` waits for the rest."""
        self._futures[POSTGRES.name] = self._pool.submit(self._bring_up_postgres)
        for program in self._programs:
            if program is not POSTGRES:
                self._futures[program.name] = self._pool.submit(self._bring_up, program, with_jobs)
        if with_jobs and self._settings.prefect_file.is_file():
            self._futures[DEPLOY.name] = self._pool.submit(self._deploy)

    def wait(self, timeout_s: float) -> None:
        """Wait until every service is healthy.

        Raises
        ------
        StackError
            When one fails or the time runs out.
        """
        done, pending = wait(self._futures.values(), timeout_s, return_when=FIRST_EXCEPTION)
        errors = [error for future in done if (error := future.exception()) is not None]
        # The reason, not those who waited for it in vain.
        for error in sorted(errors, key=lambda error: isinstance(error, _WaitedInVainError)):
            raise error
        if pending:
            late = ", ".join(name for name, future in self._futures.items() if not future.done())
            raise StackError(f"Not ready after {timeout_s:g} s: {late}; see {self._settings.logs}.")

    def stop(self) -> None:
        """Give up what is not up yet."""
        self._stopping.set()
        self._jobs.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _bring_up_postgres(self) -> None:
        if is_own(self._settings):
            server = cluster(self._settings)
            server.initialise()
            server.clear_stale_lock()
            self._start_and_wait(POSTGRES)
        provision_databases(self._settings)

    def _bring_up(self, program: Program, with_jobs: bool) -> None:
        self._wait_for(program.needs)
        if with_jobs and program.first is not None:
            self._jobs.run(program.first)
        self._start_and_wait(program)

    def _deploy(self) -> None:
        self._wait_for(DEPLOY.needs)
        while not has_work_pool(self._settings):
            if self._stopping.is_set():
                raise StackError(f"{DEPLOY.name} was given up: the stack is being stopped.")
            time.sleep(POLL_S)
        self._jobs.run(DEPLOY)

    def _wait_for(self, names: Iterable[str]) -> None:
        for name in names:
            error = self._futures[name].exception()
            if error is not None:
                raise _WaitedInVainError(f"Not started, because {name} was not.") from error

    def _start_and_wait(self, program: Program) -> None:
        """Start a program and wait for health, unless it dies again and again."""
        if self._stopping.is_set():
            raise StackError(f"{program.title} was not started: the stack is being stopped.")
        began = time.monotonic()
        self._manager.start(program.name)
        starts: set[int] = set()
        while not is_healthy(self._settings, program):
            if self._stopping.is_set():
                raise StackError(f"{program.title} was given up: the stack is being stopped.")
            starts.add(self._manager.started_at(program.name))
            if len(starts) > CRASHES_BEFORE_GIVING_UP:
                raise StackError(self._why(program))
            time.sleep(POLL_S)
        took_s = round(time.monotonic() - began, 1)
        log.info("service_ready", service=program.name, took_s=took_s)

    def _why(self, program: Program) -> str:
        path = self._settings.logs / f"{program.name}.log"
        said = path.read_text(encoding="utf-8", errors="replace").strip()[-TAIL_CHARACTERS:]
        return f"{program.title} ends as soon as it is started; {path} ends:\n{said}"
