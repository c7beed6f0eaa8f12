"""The processes of the one-machine stack: commands, needs, health, order."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from orchestration.local import environments
from orchestration.local.databases import cluster, is_own
from orchestration.local.label_studio_venv import label_studio_python
from orchestration.settings import ROOT, StackSettings

Command = Callable[[StackSettings], list[str]]
Environment = Callable[[StackSettings], dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A process that stays up.

    Parameters
    ----------
    needs : tuple of str
        Programs that must answer before this one is started.
    port_setting : str
        The field of StackSettings that holds its port.
    health_path : str, optional
        Answered with 200 when healthy; None for PostgreSQL, which is asked its own way.
    first : Job, optional
        What must have run, once a start of the stack, before the process may.
    order : int
        The highest is stopped first.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    command: Command
    environment: Environment
    port_setting: str
    health_path: str | None
    order: int
    first: Job | None = None
    stop_signal: str = "TERM"
    stop_wait_s: int = 15

    def port(self, settings: StackSettings) -> int:
        """Return the port it listens on."""
        return int(getattr(settings, self.port_setting))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A process that does one thing and ends."""

    name: str
    commands: Callable[[StackSettings], list[list[str]]]
    environment: Environment
    needs: tuple[str, ...] = ()
    timeout_s: float = 300.0


def _postgres(settings: StackSettings) -> list[str]:
    return cluster(settings).command(die_with=os.getppid())


def _prefect_server(settings: StackSettings) -> list[str]:
    return [sys.executable, "-m", "prefect", "--no-prompt", "server", "start"]


def _worker(settings: StackSettings) -> list[str]:
    return [
        *(sys.executable, "-m", "prefect", "--no-prompt", "worker", "start"),
        *("--pool", settings.work_pool, "--type", "process", "--name", "segue-local"),
        *("--limit", str(settings.flow_runs_at_once), "--install-policy", "never"),
        "--with-healthcheck",
    ]


def _tracker(settings: StackSettings) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", settings.host, "--port", str(settings.tracker_port)),
        *("--workers", str(settings.tracker_workers)),
        *("--blocking-threads", str(settings.tracker_threads), "--respawn-failed-workers"),
        *("--workers-kill-timeout", "5"),
        "services.tracker.config.wsgi:application",
    ]


def _prepare_tracker(settings: StackSettings) -> list[list[str]]:
    manage = [sys.executable, str(ROOT / "services" / "manage.py")]
    return [[*manage, "migrate", "--no-input", "--verbosity", "0"], [*manage, "bootstrap"]]


def _label_studio(settings: StackSettings) -> list[str]:
    return [
        *(label_studio_python(settings), "-m", "gunicorn", "label_studio.core.wsgi:application"),
        *("--bind", f"{settings.host}:{settings.label_studio_port}"),
        *("--workers", str(settings.label_studio_workers)),
        *("--threads", str(settings.label_studio_threads)),
        *("--timeout", "120", "--graceful-timeout", "5", "--no-control-socket"),
    ]


def _prepare_label_studio(settings: StackSettings) -> list[list[str]]:
    return [[label_studio_python(settings), "-m", "django", "segue_prepare"]]


def _deploy(settings: StackSettings) -> list[list[str]]:
    prefect = (sys.executable, "-m", "prefect", "--no-prompt")
    deploy = [*prefect, "deploy", "--all", "--prefect-file", str(settings.prefect_file)]
    if settings.gpu_pool == settings.work_pool:
        return [deploy]
    # Its workers are on other machines and may come later; a deployment needs the pool now.
    pool = [*prefect, "work-pool", "create", settings.gpu_pool, "--type", "process", "--overwrite"]
    return [pool, deploy]


DEPLOY = Job(
    name="deploy",
    commands=_deploy,
    environment=environments.worker,
    needs=("prefect-worker",),  # which makes the work pool, a moment after it is healthy
)

POSTGRES = Program(
    name="postgres",
    title="PostgreSQL",
    needs=(),
    command=_postgres,
    environment=environments.postgres,
    port_setting="postgres_port",
    health_path=None,
    order=10,
    stop_signal="INT",  # ends the sessions instead of waiting for them
    stop_wait_s=30,
)

PROGRAMS = (
    POSTGRES,
    Program(
        name="prefect-server",
        title="Prefect",
        needs=("postgres",),
        command=_prefect_server,
        environment=environments.prefect_server,
        port_setting="prefect_port",
        health_path="/api/health",
        order=20,
    ),
    Program(
        name="tracker",
        title="Tracker",
        needs=("postgres",),
        command=_tracker,
        environment=environments.tracker,
        port_setting="tracker_port",
        health_path="/readyz",
        order=30,
        first=Job(
            name="tracker-prepare",
            commands=_prepare_tracker,
            environment=environments.tracker_first_run,
        ),
    ),
    Program(
        name="label-studio",
        title="Label Studio",
        needs=("postgres",),
        command=_label_studio,
        environment=environments.label_studio,
        port_setting="label_studio_port",
        health_path="/health",
        order=40,
        first=Job(
            name="label-studio-prepare",
            commands=_prepare_label_studio,
            environment=environments.label_studio_first_run,
        ),
    ),
    Program(
        name="prefect-worker",
        title="Prefect worker",
        needs=("prefect-server",),
        command=_worker,
        environment=environments.worker,
        port_setting="prefect_worker_port",
        health_path="/health",
        order=50,
    ),
)


def programs_for(settings: StackSettings) -> tuple[Program, ...]:
    """Return the processes to run; a given PostgreSQL is not ours to start."""
    if is_own(settings):
        return PROGRAMS
    return tuple(program for program in PROGRAMS if program is not POSTGRES)
