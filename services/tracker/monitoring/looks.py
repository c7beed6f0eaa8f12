"""Alarms from before, and whether a second look bears them out."""

from __future__ import annotations

from collections.abc import Iterable

from services.domain.monitoring.looks import stands_again
from services.domain.monitoring.signals import Signal
from services.domain.policy import Monitoring
from services.tracker.monitoring.answers import policy as policy_of
from services.tracker.monitoring.histories import Histories
from services.tracker.monitoring.models import Alarm
from services.tracker.projects.models import Project


def alarms_standing(*, project: Project, history: Histories) -> list[Alarm]:
    """Return the alarms raised since each person's fresh start and not taken back."""
    alarms = Alarm.objects.filter(project=project, reversal=None).order_by("id")
    found = alarms.select_related("user", "inspection", "confirmation")
    starts = history.starts
    return [
        alarm
        for alarm in found
        if alarm.user_id not in starts or alarm.raised_at > starts[alarm.user_id]
    ]


def signals_known(alarms: Iterable[Alarm]) -> dict[str, set[str]]:
    """Return the signals of each person's alarms, by their keys."""
    found: dict[str, set[str]] = {}
    for alarm in alarms:
        found.setdefault(alarm.user.username, set()).update(_keys(alarm))
    return found


def signals_again(
    *, alarm: Alarm, signals: Iterable[Signal], history: Histories, rules: Monitoring
) -> list[Signal]:
    """Return those of an alarm's signals that stand now, if they are borne out by now.

    None of an alarm that has had its second look, or where one was enough and still is.
    """
    if alarm.borne_out is not None or (rules.looks == 1 and looks_then(alarm) == 1):
        return []
    person, keys = alarm.user.username, _keys(alarm)
    named = [signal for signal in signals if signal.person == person and signal.key in keys]
    if not named:
        return []
    is_borne_out = rules.looks == 1 or stands_again(
        history.records,
        rules,
        person=person,
        keys=keys,
        n_later=n_answers_later(alarm=alarm, history=history),
    )
    return named if is_borne_out else []


def looks_then(alarm: Alarm) -> int:
    """Return how many looks were wanted when an alarm was raised."""
    return policy_of(alarm.inspection.policy_id).monitoring.looks


def n_answers_later(*, alarm: Alarm, history: Histories) -> int:
    """Count the answers that the person gave since the alarm."""
    return history.n_later(alarm.user.username, than=alarm.raised_at)


def _keys(alarm: Alarm) -> set[str]:
    return {signal["key"] for signal in alarm.signals}
