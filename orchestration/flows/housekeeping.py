"""Housekeeping: the net below the nudges, and a word on what waits too long."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import structlog
from prefect import flow

from orchestration.near_duplicates import flag_near_duplicates
from orchestration.nudges import drop_late_ticks
from orchestration.runtime import Runtime, runtime
from services.domain.policy import Policy
from services.domain.workflow import AssignmentState, Stage

log = structlog.get_logger(__name__)

DECODING = {Stage.INGEST, Stage.PRELABEL}


@flow(name="housekeeping", timeout_seconds=600)
def housekeeping() -> str:
    """Start the stages on which work is due, whoever forgot to; report clips and seats that wait.

    Clips that a killed ingest left uncompared are compared here.

    Leases need no sweeping: one that ran out is simply claimable again.
    """
    parts = runtime()
    if n_late := drop_late_ticks():
        log.info("late_ticks_dropped", n_late=n_late)
    due: Counter[str] = Counter()
    at_work: Counter[str] = Counter()
    n_held = 0
    patience: dict[str, timedelta] = {}
    for project in parts.tracker.projects():
        flag_near_duplicates(parts.tracker, project.slug)
        status = parts.tracker.project_status(project.slug)
        due.update(status.claimable)
        at_work.update(status.at_work)
        n_held += status.held
        patience[project.slug] = timedelta(hours=Policy.parse(project.policy).seat_timeout_h)
    # A run of a decoding stage that is at work takes up the rest by itself; a second one would
    # only keep the light stages, on which people wait, from starting. A killed run's leases
    # end soon, and then it counts no more.
    started = [s for s in Stage if due[s] and not (s in DECODING and at_work[s])]
    for stage in started:
        parts.nudge(stage)
    if n_held:
        log.warning("clips_held", n_held=n_held)
    n_idle = report_idle_seats(parts, patience)
    return (
        f"housekeeping: started {', '.join(started) or 'nothing'}; "
        f"{n_held} clips are held, {n_idle} seats idle"
    )


def report_idle_seats(parts: Runtime, patience: dict[str, timedelta]) -> int:
    """Log each seat whose person has left it open beyond the project's patience."""
    now = datetime.now(UTC)
    n_idle = 0
    for seat in parts.tracker.assignments(state=AssignmentState.OPEN):
        if seat.changed_at is None or now - seat.changed_at < patience[seat.project]:
            continue
        n_idle += 1
        log.warning(
            "seat_idle", username=seat.username, clip_uid=str(seat.clip_uid), round=seat.round
        )
    return n_idle
