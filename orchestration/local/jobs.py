"""Run the one-time commands of a start: migrations, first accounts, deployments."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from orchestration.local.errors import StackError
from orchestration.local.programs import Job
from orchestration.settings import ROOT, StackSettings

TAIL_CHARACTERS = 600


class JobRunner:
    """Runs jobs and ends the ones still running when the stack is stopped."""

    def __init__(self, settings: StackSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, job: Job) -> None:
        """Run a job's commands one after the other.

        Raises
        ------
        StackError
            When one fails, takes too long, or the stack is being stopped.
        """
        path = self._settings.logs / f"{job.name}.log"
        with path.open("wb") as output:
            for command in job.commands(self._settings):
                self._run_command(job, command, path, output.fileno())

    def _run_command(self, job: Job, command: list[str], path: Path, output: int) -> None:
        with self._lock:
            if self._stopped:
                raise StackError(f"{job.name} was not run: the stack is being stopped.")
            process = subprocess.Popen(  # noqa: S603 - our own argv
                command,
                cwd=ROOT,
                env=job.environment(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            self._running.add(process)
        try:
            status = process.wait(job.timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise StackError(
                f"{job.name} took more than {job.timeout_s:g} s; see {path}."
            ) from None
        finally:
            with self._lock:
                self._running.discard(process)
        if status != 0:
            said = path.read_text(encoding="utf-8", errors="replace").strip()[-TAIL_CHARACTERS:]
            raise StackError(f"{job.name} failed with status {status}; {path} ends:\n{said}")

    def stop(self) -> None:
        """End what runs and refuse what would still be run."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.terminate()
