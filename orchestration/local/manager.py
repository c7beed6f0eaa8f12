"""Our side of supervisor: start it, speak to it, end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import xmlrpc.client
from http.client import HTTPException
from pathlib import Path
from typing import Any

import structlog
from supervisor.xmlrpc import Faults, SupervisorTransport

from orchestration.local.environments import MARKER
from orchestration.local.errors import StackError
from orchestration.local.postgres import exec_shim
from orchestration.local.programs import Program
from orchestration.local.supervisor_config import render, socket_path
from orchestration.settings import ROOT, StackSettings

START_S = 15.0
POLL_S = 0.05

log = structlog.get_logger(__name__)


def settings_environment(settings: StackSettings) -> dict[str, str]:
    """Return the variables from which a child process reads these same settings."""
    environment = {MARKER: str(settings.home), "PYTHONPATH": str(ROOT)}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if name != "database_url" and value is not None:
            environment[f"SEGUE_{name.upper()}"] = str(value)
    if settings.database_url is not None:
        environment["DATABASE_URL"] = settings.database_url.get_secret_value()
    return environment


class Manager:
    """A running supervisord of one folder's stack."""

    def __init__(self, settings: StackSettings, programs: tuple[Program, ...]) -> None:
        self._settings = settings
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start supervisord; it ends when this process does, however this process ends.

        Raises
        ------
        StackError
            When it does not come up.
        """
        socket_file = socket_path(self._settings)
        socket_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        socket_file.unlink(missing_ok=True)
        configuration = self._settings.run / "supervisord.conf"
        configuration.write_text(render(self._settings, self._programs), encoding="utf-8")
        console = self._settings.logs / "supervisord-console.log"
        with console.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own argv
                [
                    *(sys.executable, "-I", exec_shim.__file__, "--die-with", str(os.getpid())),
                    *("--", sys.executable, "-m", "supervisor.supervisord"),
                    *("-n", "-c", str(configuration)),
                ],
                cwd=ROOT,
                env={**os.environ, **settings_environment(self._settings)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us; we stop it in order
            )
        self._wait_until_it_answers(console)

    def _wait_until_it_answers(self, console: Path) -> None:
        limit = time.monotonic() + START_S
        while time.monotonic() < limit and self.is_running():
            if socket_path(self._settings).exists():
                try:
                    self._call("getState")
                except (OSError, HTTPException):
                    time.sleep(POLL_S)
                    continue
                return
            time.sleep(POLL_S)
        said = console.read_text(encoding="utf-8", errors="replace").strip()[-500:]
        self.end()
        raise StackError(f"The process manager did not start; {console} ends: {said}")

    def is_running(self) -> bool:
        """Tell whether supervisord lives."""
        return self._process is not None and self._process.poll() is None

    def state(self, name: str) -> str:
        """Return supervisor's word for a program's state, such as RUNNING or BACKOFF."""
        return str(self._call("getProcessInfo", name)["statename"])

    def started_at(self, name: str) -> int:
        """Return when a program was last started, in seconds since 1970; 0 for never."""
        return int(self._call("getProcessInfo", name)["start"])

    def start(self, name: str) -> None:
        """Start a program unless it runs already."""
        self._unless(Faults.ALREADY_STARTED, "startProcess", name, False)

    def restart(self, name: str) -> None:
        """Stop a program, however deaf it is, and start it again."""
        self._unless(Faults.NOT_RUNNING, "stopProcess", name, True)
        self.start(name)

    def stop(self, name: str) -> None:
        """Stop a program and wait until it has ended."""
        self._unless(Faults.NOT_RUNNING, "stopProcess", name, True)

    def end(self) -> None:
        """Stop every program, the last started first, and supervisord itself."""
        if self._process is None:
            return
        if self.is_running():
            self._process.send_signal(signal.SIGTERM)
        patience = sum(program.stop_wait_s for program in self._programs) + START_S
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            log.warning("process_manager_killed", patience_s=patience)
            self._process.kill()
            self._process.wait()
        socket_path(self._settings).unlink(missing_ok=True)

    def _unless(self, harmless: int, method: str, *arguments: Any) -> None:
        try:
            self._call(method, *arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != harmless:
                raise StackError(f"{method}{arguments!r}: {fault.faultString}.") from fault

    def _call(self, method: str, *arguments: Any) -> Any:
        """Call supervisor over a connection of its own: threads do not share one."""
        transport = SupervisorTransport(None, None, f"unix://{socket_path(self._settings)}")
        try:
            proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport)
            return getattr(proxy.supervisor, method)(*arguments)
        finally:
            transport.close()
