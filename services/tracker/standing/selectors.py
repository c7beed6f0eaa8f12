"""Where annotators stand, and how they came there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from services.domain.errors import NotFoundError
from services.domain.standing import AnnotatorStanding
from services.tracker.core.roles import Role
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.projects.selectors import project_visible_to
from services.tracker.standing.models import StandingEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonStanding:
    """Where one annotator stands; the rest is None for who never stood elsewhere."""

    username: str
    standing: AnnotatorStanding
    since: datetime | None
    cause: dict[str, Any] | None
    actor: str | None
    event_uid: UUID | None


def newest_event(*, project_id: int, user_id: int) -> StandingEvent | None:
    """Return the event that says where somebody stands."""
    rows = StandingEvent.objects.filter(project=project_id, user=user_id)
    return rows.order_by("-id").first()


def standing_of(*, project_id: int, user_id: int) -> AnnotatorStanding:
    """Return where somebody stands."""
    event = newest_event(project_id=project_id, user_id=user_id)
    return AnnotatorStanding.ACTIVE if event is None else AnnotatorStanding(event.after)


def annotators_standing(*, project_id: int, standing: AnnotatorStanding) -> QuerySet[User]:
    """Return the project's annotators who stand there and whose accounts are in use."""
    newest = StandingEvent.objects.filter(project=project_id, user=OuterRef("pk"))
    after = Subquery(newest.order_by("-id").values("after")[:1])
    return (
        User.objects.filter(memberships__project=project_id, role=Role.ANNOTATOR, is_active=True)
        .annotate(stands=Coalesce(after, Value(str(AnnotatorStanding.ACTIVE))))
        .filter(stands=str(standing))
    )


def annotator_get(*, project: Project, username: str) -> User:
    """Return an annotator of the project, or raise NotFoundError."""
    found = annotators_of(project=project).filter(username=username).first()
    if found is None:
        raise NotFoundError(f"{project.slug} has no annotator {username!r}.")
    return found


def annotators_of(*, project: Project) -> QuerySet[User]:
    """Return a project's annotators."""
    return User.objects.filter(memberships__project=project, role=Role.ANNOTATOR)


def standings(*, project: Project) -> list[PersonStanding]:
    """Return where each of a project's annotators stands, by name."""
    people = annotators_of(project=project).order_by("username")
    return standing_views(project=project, people=list(people))


def standing_views(*, project: Project, people: list[User]) -> list[PersonStanding]:
    """Return where each of these people stands."""
    rows = StandingEvent.objects.filter(project=project, user__in=people)
    newest = {event.user_id: event for event in rows.order_by("id")}
    return [_view(person.username, newest.get(person.pk)) for person in people]


def _view(username: str, event: StandingEvent | None) -> PersonStanding:
    return PersonStanding(
        username=username,
        standing=AnnotatorStanding(event.after) if event else AnnotatorStanding.ACTIVE,
        since=event.at if event else None,
        cause=event.cause if event else None,
        actor=event.actor if event else None,
        event_uid=event.uid if event else None,
    )


def standing_events(*, project: Project, username: str) -> QuerySet[StandingEvent]:
    """Return how one annotator came to stand where he does, the first event first."""
    user = annotator_get(project=project, username=username)
    return _events().filter(project=project, user=user)


def standing_event_get(*, user: User, uid: UUID) -> StandingEvent:
    """Return one event of a project that a manager or worker sees, or raise NotFoundError."""
    found = _events().filter(uid=uid, project__in=project_visible_to(user=user)).first()
    if found is None:
        raise NotFoundError(f"There is no standing event {uid} that you may see.")
    return found


def _events() -> QuerySet[StandingEvent]:
    return StandingEvent.objects.select_related("user", "project").annotate(
        reverses_uid=F("reverses__uid")
    )
