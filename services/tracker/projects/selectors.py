"""Who may see which project, and how it stands."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from services.domain.errors import NotFoundError
from services.domain.workflow import ClipPurpose
from services.tracker.annotations.models import Assignment
from services.tracker.clips.models import Clip
from services.tracker.clips.selectors import claimable
from services.tracker.core.roles import Role
from services.tracker.people.models import User
from services.tracker.projects.models import Project, TaxonomyVersion


def project_visible_to(*, user: User) -> QuerySet[Project]:
    """Return the projects whose rules and progress a user may see."""
    projects = Project.objects.select_related("policy", "taxonomy")
    if user.role == Role.WORKER:
        return projects
    if user.role == Role.MANAGER:
        return projects.filter(members=user)
    return projects.none()


def project_by_slug(*, user: User, slug: str) -> Project:
    """Return one project, or raise NotFoundError."""
    found = project_visible_to(user=user).filter(slug=slug).first()
    if found is None:
        raise NotFoundError(f"There is no project {slug!r} that you may see.")
    return found


def project_members(*, projects: list[Project]) -> dict[int, dict[str, str]]:
    """Return each project's people with their roles."""
    found: dict[int, dict[str, str]] = {project.pk: {} for project in projects}
    rows = User.objects.filter(memberships__project__in=projects).order_by("username")
    for project, username, role in rows.values_list("memberships__project", "username", "role"):
        if project in found:
            found[project][username] = role
    return found


def project_status(*, project: Project) -> dict[str, Any]:
    """Count a project's clips by state and by due stage, and its seats by state.

    Shadow clips are no clips of the project's; they count only where machines, or a manager
    who frees what is held, have something to do.
    """
    clips = Clip.objects.filter(project=project)
    work = Q(purpose=str(ClipPurpose.WORK))
    now = timezone.now()
    states = clips.filter(work).values_list("state").annotate(n=Count("pk")).order_by("state")
    due = (
        clips.filter(due__isnull=False)
        .exclude(closes_at__gt=now)  # known clips that stay open for a while: nothing is to be done
        .values_list("due")
        .annotate(
            n=Count("pk", filter=Q(held=False)),
            n_held=Count("pk", filter=Q(held=True)),
            n_claimable=Count("pk", filter=claimable(now=now)),
            n_at_work=Count("pk", filter=Q(leased_until__gt=now)),
        )
        .order_by("due")
    )
    seats = (
        Assignment.objects.filter(clip__project=project, clip__purpose=str(ClipPurpose.WORK))
        .values_list("state")
        .annotate(n=Count("pk"))
        .order_by("state")
    )
    rows = list(due)
    return {
        "states": dict(states),
        "due": {stage: n for stage, n, _, _, _ in rows if n},
        "claimable": {stage: n for stage, _, _, n, _ in rows if n},
        "at_work": {stage: n for stage, _, _, _, n in rows if n},
        "held": sum(n_held for _, _, n_held, _, _ in rows),
        "seats": dict(seats),
    }


def taxonomy_versions(*, project: Project) -> QuerySet[TaxonomyVersion]:
    """Return all versions of a project's labels."""
    return TaxonomyVersion.objects.filter(project=project)


def taxonomy_get(*, project: Project, version: int) -> TaxonomyVersion:
    """Return one version of a project's labels, or raise NotFoundError."""
    found = taxonomy_versions(project=project).filter(version=version).first()
    if found is None:
        raise NotFoundError(f"{project.slug} has no taxonomy version {version}.")
    return found
