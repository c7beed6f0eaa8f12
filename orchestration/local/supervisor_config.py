"""Write supervisor's configuration; it names programs and files and holds no secret."""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
import tempfile
from configparser import RawConfigParser
from io import StringIO
from pathlib import Path

from orchestration.local.programs import Program
from orchestration.settings import ROOT, StackSettings

LONGEST_SOCKET_PATH = 95  # the kernel takes 107 bytes; supervisor adds a dot and its pid to bind
LOG_BYTES = "20MB"
LOG_BACKUPS = "2"
TRIES = "1000000"  # a service that died is started again for as long as the stack is up


def socket_path(settings: StackSettings) -> Path:
    """Return where supervisor listens: in the run folder unless that path is too long."""
    usual = settings.run / "supervisor.sock"
    if len(os.fsencode(usual)) <= LONGEST_SOCKET_PATH:
        return usual
    digest = hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"segue-{os.getuid()}-{digest}" / "supervisor.sock"


def _plain(path: Path | str) -> str:
    """Protect supervisor's own meaning of the percent sign."""
    return str(path).replace("%", "%%")


def _program_section(settings: StackSettings, program: Program) -> dict[str, str]:
    command = [sys.executable, "-m", "orchestration.local.service", program.name]
    return {
        "command": _plain(shlex.join(command)),
        "directory": _plain(ROOT),
        "priority": str(program.order),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": "1",
        "startretries": TRIES,
        "stopsignal": program.stop_signal,
        "stopwaitsecs": str(program.stop_wait_s),
        # A group, so that what a service has started ends with it; flow runs, which begin a
        # session of their own, are found by their marker afterwards.
        "stopasgroup": "false" if program.stop_signal == "INT" else "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": _plain(settings.logs / f"{program.name}.log"),
        "stdout_logfile_maxbytes": LOG_BYTES,
        "stdout_logfile_backups": LOG_BACKUPS,
    }


def render(settings: StackSettings, programs: tuple[Program, ...]) -> str:
    """Return the configuration file's text."""
    config = RawConfigParser()
    config["unix_http_server"] = {"file": _plain(socket_path(settings)), "chmod": "0600"}
    config["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    config["supervisord"] = {
        "nodaemon": "true",
        "directory": _plain(ROOT),
        "pidfile": _plain(settings.run / "supervisord.pid"),
        "logfile": _plain(settings.logs / "supervisord.log"),
        "logfile_maxbytes": LOG_BYTES,
        "logfile_backups": LOG_BACKUPS,
        "childlogdir": _plain(settings.logs),
    }
    if os.geteuid() == 0:
        config["supervisord"]["user"] = "root"  # said aloud, or it warns on every start
    for program in programs:
        config[f"program:{program.name}"] = _program_section(settings, program)
    text = StringIO()
    config.write(text)
    return text.getvalue()
