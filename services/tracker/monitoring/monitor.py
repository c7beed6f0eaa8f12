"""The monitor: who stands out on gold, and what follows by the project's policy.

Every step leaves rows that never change: an inspection, an alarm with its signals, what
followed, and, on clips and standings, the events of their own histories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction

from services.domain.monitoring.consequences import Action, consequences
from services.domain.monitoring.judge import judge
from services.domain.monitoring.signals import Signal
from services.domain.policy import Monitoring
from services.domain.standing import AnnotatorStanding
from services.tracker.monitoring.answers import policy as policy_of
from services.tracker.monitoring.histories import Histories, gold_measured, histories_read
from services.tracker.monitoring.models import Alarm, Consequence, Inspection, Measurement
from services.tracker.monitoring.reliability import reliabilities
from services.tracker.monitoring.reopening import clips_reopen
from services.tracker.monitoring.vocabulary import ConsequenceKind
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.projects.versions import rules_of
from services.tracker.standing.models import StandingEvent
from services.tracker.standing.services import standing_change

log = structlog.get_logger(__name__)

ACTOR = "monitor"
STANDINGS = {
    ConsequenceKind.RECALIBRATE: AnnotatorStanding.CALIBRATING,
    ConsequenceKind.PAUSE: AnnotatorStanding.PAUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run of the monitor came to."""

    inspection: Inspection
    is_new: bool
    alarms: list[Alarm]
    n_reopened: int

    @property
    def n_alarms(self) -> int:
        """Alarms that were raised now."""
        return len(self.alarms)


@transaction.atomic
def monitor_run(*, actor: User, project: Project) -> Outcome:
    """Look at everybody's answers to gold, once for each new one, and do what follows.

    Clips that an alarm puts in doubt are opened again a batch a run, so that a run stays
    short; a run on which nothing new was measured goes on with them.
    """
    # Runs take their turns; reports, which only refer to the project, go on.
    Project.objects.select_for_update(no_key=True).filter(pk=project.pk).get()
    newest = gold_measured(project=project).order_by("-id").first()
    rules = rules_of(project)
    last = Inspection.objects.filter(project=project).order_by("-id").first()
    alarms: list[Alarm] = []
    is_new = last is None or (last.newest, last.policy_id) != (newest, rules.pk)
    if last is None or is_new:
        history = histories_read(project=project)
        last = Inspection.objects.create(
            project=project,
            policy=rules,
            newest=newest,
            n_people=len(history.records),
            n_clips=history.n_clips,
            reliability=reliabilities(project=project),
            actor=actor.username,
        )
        alarms = _judge(last, history, policy_of(rules.pk).monitoring)
    n_reopened = clips_reopen(project=project, actor=ACTOR)
    return Outcome(inspection=last, is_new=is_new, alarms=alarms, n_reopened=n_reopened)


def _judge(inspection: Inspection, history: Histories, rules: Monitoring) -> list[Alarm]:
    """Raise an alarm for each person with a signal that does not stand already."""
    actions = consequences(
        judge(history.records, rules), rules, standing=_standing(inspection.project, history)
    )
    alarms: dict[str, Alarm] = {}
    for action in actions:
        if action.person not in alarms:
            alarms[action.person] = _raise(inspection, history, action)
        _do(alarms[action.person], action)
    return list(alarms.values())


def _standing(project: Project, history: Histories) -> dict[str, set[str]]:
    """Return which signals each person's alarms have raised since the person's fresh start."""
    found: dict[str, set[str]] = {}
    alarms = Alarm.objects.filter(project=project, reversal=None).select_related("user")
    for alarm in alarms:
        start = history.starts.get(alarm.user_id)
        if start is None or alarm.raised_at > start:
            keys = found.setdefault(alarm.user.username, set())
            keys.update(signal["key"] for signal in alarm.signals)
    return found


def _raise(inspection: Inspection, history: Histories, action: Action) -> Alarm:
    alarm = Alarm.objects.create(
        inspection=inspection,
        project=inspection.project,
        user=history.people[action.person],
        signals=[_signal(signal) for signal in action.signals],
    )
    log.warning(
        "annotator_stands_out",
        username=action.person,
        project=inspection.project.slug,
        n_signals=len(action.signals),
    )
    return alarm


def _signal(signal: Signal) -> dict[str, Any]:
    """Return a signal's JSON form with the names of the clips that its measurements are of."""
    names = dict(
        Measurement.objects.filter(
            uid__in=[uid for uid in (signal.since_clip, signal.last_sound_clip) if uid]
        ).values_list("uid", "clip__name")
    )
    by_text = {str(uid): name for uid, name in names.items()}
    return {
        **signal.as_json(),
        "since_clip_name": by_text[signal.since_clip],
        "last_sound_clip_name": by_text.get(signal.last_sound_clip or ""),
    }


def _do(alarm: Alarm, action: Action) -> None:
    """Carry out one consequence and put it on record."""
    kind = ConsequenceKind(action.consequence)
    after = None
    if action.after_clip is not None:
        after = Measurement.objects.get(uid=action.after_clip)
    Consequence.objects.create(
        alarm=alarm,
        kind=str(kind),
        reason=action.reason,
        standing=_stand(alarm, kind, action) if kind in STANDINGS else None,
        after=after,
    )


def _stand(alarm: Alarm, kind: ConsequenceKind, action: Action) -> StandingEvent | None:
    """Change the person's standing; None where it was that already."""
    event = standing_change(
        project=alarm.project,
        user=alarm.user,
        to=STANDINGS[kind],
        cause={"code": ACTOR, "alarm": str(alarm.uid), "detail": action.reason},
        actor=ACTOR,
    )
    return event if event.cause.get("alarm") == str(alarm.uid) else None
