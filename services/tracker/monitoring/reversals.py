"""A manager takes an alarm back, and with it all that followed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from services.domain.errors import NotFoundError
from services.domain.standing import AnnotatorStanding
from services.tracker.monitoring.models import Alarm, Consequence, Reversal
from services.tracker.monitoring.reopening import clips_restore
from services.tracker.monitoring.vocabulary import ConsequenceKind
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.standing.selectors import newest_event
from services.tracker.standing.services import membership_lock, standing_change

Json = dict[str, Any]


def alarms_of(*, project: Project) -> QuerySet[Alarm]:
    """Return a project's alarms with what followed."""
    return (
        Alarm.objects.filter(project=project)
        .select_related("user", "inspection__policy", "confirmation", "reversal__actor")
        .prefetch_related("consequences__clips__clip")
    )


@transaction.atomic
def alarm_reverse(*, actor: User, uid: UUID, note: str) -> Alarm:
    """Take an alarm back; again returns it as it was taken back.

    The person stands where he stood before, unless somebody let him stand elsewhere since or
    he left the project; clips opened again are accepted as they were, unless they are decided
    anew. What the person did up to now is judged no more.

    Raises
    ------
    NotFoundError
        If no project of the actor's has such an alarm.
    """
    mine = Alarm.objects.filter(project__members=actor).select_related("project", "user")
    alarm = mine.filter(uid=uid).first()
    if alarm is None:
        raise NotFoundError(f"There is no alarm {uid} that you may see.")
    # Takes its turn with the monitor, which would go on opening clips again for this alarm.
    Project.objects.select_for_update(no_key=True).filter(pk=alarm.project_id).get()
    if not Reversal.objects.filter(alarm=alarm).exists():
        outcome = _stand_back(alarm, actor, note) | _clips_back(alarm, actor)
        Reversal.objects.create(alarm=alarm, actor=actor, note=note, outcome=outcome)
    return alarms_of(project=alarm.project).get(pk=alarm.pk)


def _stand_back(alarm: Alarm, actor: User, note: str) -> Json:
    """Let the person stand where he stood before the alarm's first change, in one step."""
    changes = Consequence.objects.filter(alarm=alarm, standing__isnull=False).order_by("id")
    events = [row.standing for row in changes.select_related("standing") if row.standing]
    if not events:
        return {}
    if membership_lock(project=alarm.project, user=alarm.user) is None:
        return {"standing": "left the project, left as it is"}
    if newest_event(project_id=alarm.project_id, user_id=alarm.user_id) != events[-1]:
        return {"standing": "changed since, left as it is"}
    standing_change(
        project=alarm.project,
        user=alarm.user,
        to=AnnotatorStanding(events[0].before),
        cause={"code": "alarm_reversed", "alarm": str(alarm.uid), "note": note},
        actor=actor.username,
    )
    return {"standing": events[0].before}


def _clips_back(alarm: Alarm, actor: User) -> Json:
    reopen = Consequence.objects.filter(alarm=alarm, kind=ConsequenceKind.REOPEN).first()
    if reopen is None:
        return {}
    n_restored, n_left = clips_restore(consequence=reopen, actor=actor.username)
    return {"n_clips_restored": n_restored, "n_clips_decided_anew": n_left}
