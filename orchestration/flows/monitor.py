"""Monitor: who stands out on known clips, and what follows by each project's policy."""

from __future__ import annotations

import structlog
from prefect import flow

from orchestration.runtime import Runtime, runtime
from services.client.quality_payloads import MonitorOut
from services.domain.errors import SegueError
from services.domain.workflow import Stage

log = structlog.get_logger(__name__)

MOST_RUNS = 50
"""Runs of one project in a row; each opens some clips again, and the next tick goes on."""


@flow(name="monitor", timeout_seconds=1800)
def monitor() -> str:
    """Judge what is new in every project, and do what the policies say.

    A project that cannot be judged keeps no other from its turn; the run fails at its end.
    """
    parts = runtime()
    n_alarms = n_reopened = 0
    failure: SegueError | None = None
    for project in list(parts.tracker.projects()):
        try:
            for run in _runs(parts, project.slug):
                n_alarms += run.n_alarms
                n_reopened += run.n_reopened
        except SegueError as error:
            log.warning("monitor_failed", project=project.slug, code=error.code)
            failure = failure or error
    if n_reopened:
        parts.nudge(Stage.DISPATCH)
    if failure is not None:
        raise failure
    return f"monitor: {n_alarms} alarms; {n_reopened} clips are open again"


def _runs(parts: Runtime, slug: str) -> list[MonitorOut]:
    """Run the monitor until it has no more clips to open again."""
    runs = [parts.tracker.monitor(slug)]
    while runs[-1].n_reopened and len(runs) < MOST_RUNS:
        runs.append(parts.tracker.monitor(slug))
    return runs
