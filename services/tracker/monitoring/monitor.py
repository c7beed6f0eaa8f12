"""The monitor: who stands out on gold, and what follows by the project's policy.

Every step leaves rows that never change: an inspection, an alarm with its signals, that a
second look bore it out, what followed, and, on clips and standings, the events of their own
histories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import structlog
from django.db import transaction

from services.domain.monitoring.consequences import (
    Action,
    consequences,
    consequences_borne_out,
)
from services.domain.monitoring.judge import judge
from services.domain.monitoring.signals import Signal
from services.domain.policy import Policy
from services.domain.standing import AnnotatorStanding, first_standing
from services.tracker.gold.planting import calibrations_plant
from services.tracker.monitoring.answers import policy as policy_of
from services.tracker.monitoring.histories import Histories, gold_measured, histories_read
from services.tracker.monitoring.looks import (
    alarms_standing,
    n_answers_later,
    signals_again,
    signals_known,
)
from services.tracker.monitoring.models import (
    Alarm,
    Confirmation,
    Consequence,
    Inspection,
    Measurement,
)
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
    borne_out: list[Alarm] = []
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
        alarms, borne_out = _judge(last, history, policy_of(rules.pk))
    n_reopened = clips_reopen(project=project, actor=ACTOR)
    if alarms or borne_out:
        calibrations_plant(project=project)  # the last lock of all, after the clips
    return Outcome(inspection=last, is_new=is_new, alarms=alarms, n_reopened=n_reopened)


def _judge(
    inspection: Inspection, history: Histories, policy: Policy
) -> tuple[list[Alarm], list[Alarm]]:
    """Raise an alarm for each person with a signal that does not stand already.

    Return these, and the alarms from before that are borne out now.
    """
    rules = policy.monitoring
    signals = judge(history.records, rules)
    before = alarms_standing(project=inspection.project, history=history)
    borne_out = []
    for alarm in before:
        named = signals_again(alarm=alarm, signals=signals, history=history, rules=rules)
        if named:
            _confirm(inspection, alarm, named, history, policy)
            borne_out.append(alarm)
    raised = []
    actions = consequences(signals, rules, standing=signals_known(before))
    for _, of_person in groupby(actions, key=attrgetter("person")):
        todo = list(of_person)
        alarm = _raise(inspection, history, todo[0])
        _carry_out(alarm, todo, history, policy)
        raised.append(alarm)
    return raised, borne_out


def _confirm(
    inspection: Inspection,
    alarm: Alarm,
    signals: list[Signal],
    history: Histories,
    policy: Policy,
) -> None:
    """Put on record that an alarm is borne out, and do what still has to follow."""
    n_later = n_answers_later(alarm=alarm, history=history)
    Confirmation.objects.create(
        alarm=alarm,
        inspection=inspection,
        signals=[_signal(signal) for signal in signals],
        n_later=n_later,
    )
    log.warning(
        "annotator_stands_out_again",
        username=alarm.user.username,
        project=inspection.project.slug,
        n_later=n_later,
    )
    done = set(Consequence.objects.filter(alarm=alarm).values_list("kind", flat=True))
    todo = consequences_borne_out(signals, policy.monitoring, done=done, n_later=n_later)
    _carry_out(alarm, todo, history, policy)


def _carry_out(alarm: Alarm, todo: Sequence[Action], history: Histories, policy: Policy) -> None:
    # Only where the person stands in the end: a trial that a pause ends shows no gold.
    stands = [ConsequenceKind(action.consequence) for action in todo]
    last = next((kind for kind in reversed(stands) if kind in STANDINGS), None)
    for action, kind in zip(todo, stands, strict=True):
        event = _stand(alarm, action, policy) if kind is last else None
        _note(alarm, action, history, event)


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


def _note(alarm: Alarm, action: Action, history: Histories, event: StandingEvent | None) -> None:
    """Put one consequence on record; clips are opened again by those that say so."""
    is_reopening = ConsequenceKind(action.consequence) is ConsequenceKind.REOPEN
    after = _last_sound(action, history) if is_reopening else None
    bounds = [after.annotation.received_at] if after else []
    start = history.starts.get(alarm.user_id)
    if is_reopening and start is not None:
        bounds.append(start)
    Consequence.objects.create(
        alarm=alarm,
        kind=action.consequence,
        reason=action.reason,
        standing=event,
        after=after,
        since=max(bounds, default=None),
    )


def _last_sound(action: Action, history: Histories) -> Measurement | None:
    """Return the gold clip before the fault, be it one that was too old to be looked at."""
    uid = action.after_clip or history.before.get(action.person)
    if uid is None:
        return None
    return Measurement.objects.select_related("annotation").get(uid=uid)


def _stand(alarm: Alarm, action: Action, policy: Policy) -> StandingEvent | None:
    """Change the person's standing; None where it was that already."""
    to, detail = STANDINGS[ConsequenceKind(action.consequence)], action.reason
    if to is AnnotatorStanding.CALIBRATING and first_standing(policy) is not to:
        # A trial without a clip would never end, and hold the person back in silence.
        to = AnnotatorStanding.PAUSED
        detail += " Paused: the policy tries nobody (calibration_clips is 0)."
    event = standing_change(
        project=alarm.project,
        user=alarm.user,
        to=to,
        cause={"code": ACTOR, "alarm": str(alarm.uid), "detail": detail},
        actor=ACTOR,
    )
    return event if event.cause.get("alarm") == str(alarm.uid) else None
