"""Lanes are registered here; never two people in one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from services.domain.errors import DuplicateError, InputError
from services.tracker.core.roles import Role, SeatKind
from services.tracker.lanes.models import Lane
from services.tracker.lanes.selectors import lane_get
from services.tracker.people.models import User
from services.tracker.projects.selectors import project_by_slug, taxonomy_get

ROLE_OF = {SeatKind.ANNOTATION: Role.ANNOTATOR, SeatKind.ARBITRATION: Role.ARBITER}


@transaction.atomic
def lane_put(
    *,
    actor: User,
    project: str,
    taxonomy_version: int,
    username: str,
    kind: SeatKind,
    label_studio_project: int,
) -> Lane:
    """Register a lane; the same again returns it as it is.

    Raises
    ------
    NotFoundError
        If there is no such project or taxonomy version.
    InputError
        If the person has no part in the project, or another one.
    DuplicateError
        If the person has another lane for this, or the Label Studio project is another lane's.
    """
    owner = project_by_slug(user=actor, slug=project)
    taxonomy = taxonomy_get(project=owner, version=taxonomy_version)
    person = User.objects.filter(username=username, memberships__project=owner).first()
    if person is None or person.role != ROLE_OF[kind]:
        raise InputError(
            f"{username} is no {ROLE_OF[kind]} of {project}; a lane belongs to one.",
            errors=[{"pointer": "/username", "detail": f"not an {ROLE_OF[kind]} of the project"}],
        )
    wanted: dict[str, Any] = {"taxonomy": taxonomy, "user": person, "kind": str(kind)}
    Lane.objects.bulk_create(
        [Lane(**wanted, label_studio_project=label_studio_project)], ignore_conflicts=True
    )
    lane = Lane.objects.filter(**wanted).first()
    if lane is None:
        raise DuplicateError(
            f"Label Studio project {label_studio_project} is another lane; make a new one: "
            "two people must never share a lane."
        )
    if lane.label_studio_project != label_studio_project:
        raise DuplicateError(
            f"{username} has a lane for this already: Label Studio project "
            f"{lane.label_studio_project}."
        )
    return lane_get(user=actor, uid=lane.uid)


@transaction.atomic
def lane_watermark(*, actor: User, uid: UUID, watermark: datetime) -> Lane:
    """Note how far a lane has been swept; it never goes back."""
    found = lane_get(user=actor, uid=uid)
    lane = Lane.objects.select_for_update().get(pk=found.pk)
    if lane.watermark is None or lane.watermark < watermark:
        lane.watermark = watermark
        lane.save(update_fields=["watermark"])
    return lane_get(user=actor, uid=uid)
