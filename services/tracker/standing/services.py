"""Where an annotator stands is changed here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from services.domain.errors import ConflictError, InputError
from services.domain.policy import Policy
from services.domain.standing import AnnotatorStanding, first_standing
from services.tracker.annotations.planning import held_clips_replan
from services.tracker.core.roles import Role
from services.tracker.gold.planting import calibrations_plant
from services.tracker.people.models import User
from services.tracker.projects.models import Membership, Project
from services.tracker.standing.models import StandingEvent
from services.tracker.standing.selectors import newest_event


@transaction.atomic
def standing_change(
    *,
    project: Project,
    user: User,
    to: AnnotatorStanding,
    cause: Mapping[str, Any],
    actor: str,
) -> StandingEvent:
    """Let an annotator stand elsewhere from now on; who stands there already stays as he is.

    Seats that the person holds stay with the person: only new ones go to others. Whoever puts
    people on trial plants their clips (``calibrations_plant``) at the end of the transaction.

    Raises
    ------
    InputError
        If the user is no annotator of the project.
    """
    _lock(project, user)
    newest = newest_event(project_id=project.pk, user_id=user.pk)
    if newest is not None and newest.after == to:
        return newest
    event = _record(project=project, user=user, newest=newest, to=to, cause=cause, actor=actor)
    _follow(event)
    return event


@transaction.atomic
def standing_set(
    *, actor: User, project: Project, user: User, to: AnnotatorStanding, note: str
) -> StandingEvent:
    """Let an annotator stand where a manager says.

    Raises
    ------
    ConflictError
        If he shall be tried and the project's rules have no trial, so that none would end.
    """
    if to is AnnotatorStanding.CALIBRATING:
        _require_trial(project)
    _project_lock(project)
    cause = {"code": "manager", "note": note}
    event = standing_change(project=project, user=user, to=to, cause=cause, actor=actor.username)
    calibrations_plant(project=project)
    return event


@transaction.atomic
def standing_reverse(*, event: StandingEvent, actor: str, note: str = "") -> StandingEvent:
    """Put an annotator back to where he stood before an event; again returns the same.

    Raises
    ------
    ConflictError
        If the person has stood elsewhere since, or would be on a trial that the rules no
        longer have.
    """
    _project_lock(event.project)
    _lock(event.project, event.user)
    known = StandingEvent.objects.filter(reverses=event).first()
    if known is not None:
        return known
    newest = newest_event(project_id=event.project_id, user_id=event.user_id)
    if newest is None or newest.pk != event.pk:
        raise ConflictError(
            f"{event.user.username} has stood elsewhere since; only the newest change is "
            "reversed. Say where the person shall stand instead.",
            code="not_the_newest",
        )
    if event.before == AnnotatorStanding.CALIBRATING:
        _require_trial(event.project)
    made = _record(
        project=event.project,
        user=event.user,
        newest=newest,
        to=AnnotatorStanding(event.before),
        cause={"code": "reversed", "note": note},
        actor=actor,
        reverses=event,
    )
    _follow(made)
    calibrations_plant(project=event.project)
    return made


def standings_begin(*, project: Project, people: list[User], actor: str) -> None:
    """Put annotators on trial who are new to a project whose rules want that.

    Who comes back stands where he stood. The caller plants what those on trial get.
    """
    if not has_trial(project=project):
        return
    known = set(StandingEvent.objects.filter(project=project).values_list("user", flat=True))
    for person in people:
        if person.role == Role.ANNOTATOR and person.pk not in known:
            cause = {"code": "joined"}
            _lock(project, person)
            _record(
                project=project,
                user=person,
                newest=None,
                to=AnnotatorStanding.CALIBRATING,
                cause=cause,
                actor=actor,
            )


def has_trial(*, project: Project) -> bool:
    """Tell whether a trial in the project would ever end."""
    if project.policy is None:
        return False
    policy = Policy.parse(project.policy.document)
    return first_standing(policy) is AnnotatorStanding.CALIBRATING


def _require_trial(project: Project) -> None:
    if not has_trial(project=project):
        raise ConflictError(
            f"{project.slug} tries nobody: set calibration_clips in its policy first.",
            code="no_calibration",
        )


def membership_lock(*, project: Project, user: User) -> Membership | None:
    """Let changes of one person's standing take their turns; None for who is no annotator there.

    It comes after the project's lock and before those of clips that wait for people.
    """
    rows = Membership.objects.select_for_update(of=("self",)).filter(
        project=project, user=user, user__role=Role.ANNOTATOR
    )
    return next(iter(rows), None)


def _project_lock(project: Project) -> None:
    """Let what managers and the monitor do about people take its turns, before all other locks.

    Without the key: reports, which only refer to the project, go on.
    """
    Project.objects.select_for_update(no_key=True).filter(pk=project.pk).get()


def _lock(project: Project, user: User) -> None:
    if membership_lock(project=project, user=user) is None:
        raise InputError(f"{user.username} is no annotator of {project.slug}.")


def _record(
    *,
    project: Project,
    user: User,
    newest: StandingEvent | None,
    to: AnnotatorStanding,
    cause: Mapping[str, Any],
    actor: str,
    reverses: StandingEvent | None = None,
) -> StandingEvent:
    return StandingEvent.objects.create(
        project=project,
        user=user,
        before=newest.after if newest else str(AnnotatorStanding.ACTIVE),
        after=str(to),
        cause=dict(cause),
        actor=actor,
        reverses=reverses,
    )


def _follow(event: StandingEvent) -> None:
    """Let work go on that waited for the person."""
    if event.after == AnnotatorStanding.ACTIVE:
        held_clips_replan(project=event.project)
