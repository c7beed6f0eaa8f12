"""Who may see which clip, and its history."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from services.domain.errors import NotFoundError
from services.domain.workflow import ClipPurpose
from services.tracker.clips.models import Clip, ClipEvent
from services.tracker.core.roles import Role
from services.tracker.people.models import User
from services.tracker.projects.models import Project

WORK = str(ClipPurpose.WORK)


def clip_visible_to(*, user: User) -> QuerySet[Clip]:
    """Return the clips that a user may know of.

    People who label see seats, never clips: a clip's state tells how far the other seat is.
    """
    # Shadow clips too: one of them may be stuck. Lists leave them out unless asked (ClipQuery).
    clips = Clip.objects.select_related("project", "taxonomy").prefetch_related("views")
    if user.role == Role.WORKER:
        return clips
    if user.role == Role.MANAGER:
        return clips.filter(project__members=user)
    return clips.none()


def clip_get(*, user: User, uid: UUID) -> Clip:
    """Return one clip, or raise NotFoundError."""
    found = clip_visible_to(user=user).filter(uid=uid).first()
    if found is None:
        raise NotFoundError(f"There is no clip {uid} that you may see.")
    return found


def clip_filter(
    *, clips: QuerySet[Clip], project: Project, wanted: dict[str, Any]
) -> QuerySet[Clip]:
    """Return a project's clips that match every given column."""
    return clips.filter(project=project, **wanted)


def claimable(*, now: datetime) -> Q:
    """Match the clips whose due stage a worker would get now."""
    # Written so that the planner uses the partial indexes made for it (clip_claimable...).
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return free & Q(held=False, due_at__lte=now)


def clip_events(*, clip: Clip) -> QuerySet[ClipEvent]:
    """Return a clip's history."""
    return ClipEvent.objects.filter(clip=clip)


def clip_identities(*, project: Project, source_uris: list[str]) -> dict[str, tuple[UUID, str]]:
    """Return (uid, name) of those sources that the project has."""
    rows = Clip.objects.filter(project=project, source_uri__in=source_uris, purpose=WORK)
    return {uri: (uid, name) for uri, uid, name in rows.values_list("source_uri", "uid", "name")}


def clip_of_content(*, project_id: int, sha256: str) -> Clip | None:
    """Return the project's clip with this content, by its names only, if there is one."""
    # At most one, by constraint: ``first`` would sort for nothing, on every report of ingest.
    rows = Clip.objects.filter(project=project_id, sha256=sha256, purpose=WORK)
    rows = rows.only("pk", "uid", "name")
    return next(iter(rows), None)
