"""Housekeeping: the net below the nudges."""

from __future__ import annotations

from collections import Counter

import structlog
from prefect import flow

from orchestration.runtime import runtime
from services.domain.workflow import Stage

log = structlog.get_logger(__name__)


@flow(name="housekeeping", timeout_seconds=600)
def housekeeping() -> str:
    """Start the stages on which work is due, whoever forgot to; report clips that are stuck.

    Leases need no sweeping: one that ran out is simply claimable again.
    """
    parts = runtime()
    due: Counter[str] = Counter()
    n_held = 0
    for project in parts.tracker.projects():
        status = parts.tracker.project_status(project.slug)
        due.update(status.due)
        n_held += status.held
    started = [stage for stage in Stage if due[stage]]
    for stage in started:
        parts.nudge(stage)
    if n_held:
        log.warning("clips_held", n_held=n_held)
    return f"housekeeping: started {', '.join(started) or 'nothing'}; {n_held} clips are held"
