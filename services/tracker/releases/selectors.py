"""Who may see which release."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from services.domain.errors import NotFoundError
from services.tracker.annotations.models import Annotation
from services.tracker.core.roles import STAFF, ReleaseState, Role
from services.tracker.people.models import User
from services.tracker.quality.models import Decision
from services.tracker.releases.models import Release, ReleaseClip, ReleaseFile

Json = dict[str, Any]


def release_visible_to(*, user: User) -> QuerySet[Release]:
    """Return the releases a user may see: staff all of theirs, clients the published ones."""
    releases = Release.objects.select_related("project", "taxonomy").prefetch_related("files")
    if user.role == Role.WORKER:
        return releases
    releases = releases.filter(project__in=user.memberships.values("project"))
    if user.role == Role.MANAGER:
        return releases
    if user.role == Role.CLIENT:
        return releases.filter(state=ReleaseState.PUBLISHED)
    return releases.none()


def release_get(*, user: User, uid: UUID) -> Release:
    """Return one release, or raise NotFoundError."""
    found = release_visible_to(user=user).filter(uid=uid).first()
    if found is None:
        raise NotFoundError(f"There is no release {uid} that you may see.")
    return found


def release_filter(*, releases: QuerySet[Release], project: str | None) -> QuerySet[Release]:
    """Return one project's releases, or all."""
    return releases if project is None else releases.filter(project__slug=project)


def release_file(*, user: User, uid: UUID, path: str) -> ReleaseFile:
    """Return one file of a release, or raise NotFoundError."""
    release = release_get(user=user, uid=uid)
    found = ReleaseFile.objects.filter(release=release, path=path).first()
    if found is None:
        raise NotFoundError(f"Release {release.version} has no file {path!r}.")
    return found


def release_clips(*, user: User, uid: UUID) -> QuerySet[ReleaseClip]:
    """Return a release's frozen clips, for those who build it.

    Raises
    ------
    NotFoundError
        If it is not there, or the user is a client: clients get the files.
    """
    release = release_get(user=user, uid=uid)
    if user.role not in STAFF:
        raise NotFoundError(f"There is no release {uid} that you may see.")
    return ReleaseClip.objects.filter(release=release).select_related(
        "decision__clip__media",
        "decision__taxonomy",
        "decision__policy",
        "decision__comparison__x",
        "decision__comparison__y",
    )


def release_clip_views(rows: Iterable[ReleaseClip]) -> list[Json]:
    """Return frozen clips with both opinions, unnamed."""
    return [_view(row.decision) for row in rows]


def _view(decision: Decision) -> Json:
    clip, media = decision.clip, decision.clip.media
    compared = decision.comparison
    return {
        "clip_uid": clip.uid,
        "name": clip.name,
        "sha256": clip.sha256,
        "timebase": media.timebase,
        "width": media.width,
        "height": media.height,
        "round": decision.round,
        "status": decision.status,
        "taxonomy_version": decision.taxonomy.version,
        "policy_hash": decision.policy.hash,
        "segments": decision.segments,
        "comparison": compared.document,
        "opinions": [_opinion(compared.x), _opinion(compared.y)],
    }


def _opinion(answer: Annotation) -> list[Json]:
    """Return an answer that passed tier 1 as plain segments."""
    names = ("layer", "label", "onset", "offset")
    return [{name: segment[name] for name in names} for segment in answer.segments]


def accepted_decisions(*, project_id: int, clips: list[UUID] | None) -> QuerySet[Decision]:
    """Return the decisions by which a project's accepted clips stand."""
    found = Decision.objects.filter(
        clip__project=project_id,
        clip__purpose="work",
        clip__state="accepted",
        status__in=["agreed", "arbitrated"],
    ).select_related("taxonomy", "clip")
    found = found.order_by("clip__name", "clip__uid", "-round")
    return found if clips is None else found.filter(clip__uid__in=clips)
