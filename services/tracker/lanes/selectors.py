"""Which lanes there are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from services.domain.errors import NotFoundError
from services.domain.workflow import AssignmentState
from services.tracker.core.roles import Role
from services.tracker.lanes.models import Lane
from services.tracker.people.models import User

WAITING = (AssignmentState.OPEN, AssignmentState.RETURNED)


def lane_visible_to(*, user: User) -> QuerySet[Lane]:
    """Return the lanes that a user may see, with how many seats wait for the person."""
    lanes = Lane.objects.select_related("taxonomy__project", "user").annotate(
        n_open=Count("seats", filter=Q(seats__state__in=WAITING))
    )
    if user.role == Role.WORKER:
        return lanes
    if user.role == Role.MANAGER:
        return lanes.filter(taxonomy__project__in=user.memberships.values("project"))
    return lanes.none()


def lane_get(*, user: User, uid: UUID) -> Lane:
    """Return one lane, or raise NotFoundError."""
    found = lane_visible_to(user=user).filter(uid=uid).first()
    if found is None:
        raise NotFoundError(f"There is no lane {uid} that you may see.")
    return found


def lane_filter(*, lanes: QuerySet[Lane], query: dict[str, Any]) -> QuerySet[Lane]:
    """Return those lanes that match every given part."""
    columns = {"project": "taxonomy__project__slug", "kind": "kind", "username": "user__username"}
    return lanes.filter(**{columns[name]: value for name, value in query.items()})
