"""Operations on projects."""

from __future__ import annotations

from typing import Any, TypeVar

from rest_framework.response import Response

from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.taxonomy import Taxonomy
from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import ALL_ROLES, Role
from services.tracker.core.views import TrackerView, operation, read_body, shown
from services.tracker.projects import selectors, services
from services.tracker.projects.serializers import (
    ProjectIn,
    ProjectOut,
    ProjectStatus,
    TaxonomyOut,
)

_Document = TypeVar("_Document", Policy, Taxonomy)


def _projects(projects: list[Any]) -> list[Any]:
    members = selectors.project_members(projects=projects)
    return list(ProjectOut(projects, many=True, context={"members": members}).data)


class ProjectsView(TrackerView):
    """All projects."""

    @operation("project_list", roles=ALL_ROLES, responses=ProjectOut(many=True))
    def get(self, request: ApiRequest) -> Response:
        """List the projects whose rules the caller may see."""
        return self.page(selectors.project_visible_to(user=request.user), _projects)


class ProjectView(TrackerView):
    """One project."""

    @operation("project_read", roles=ALL_ROLES, responses=ProjectOut)
    def get(self, request: ApiRequest, slug: str) -> Response:
        """Show a project as it stands."""
        project = selectors.project_by_slug(user=request.user, slug=slug)
        return Response(_projects([project])[0])

    @operation(
        "project_apply",
        roles=[Role.MANAGER],
        request=ProjectIn,
        responses={200: ProjectOut, 201: ProjectOut},
    )
    def put(self, request: ApiRequest, slug: str) -> Response:
        """Make a project what its declared form says."""
        data = read_body(ProjectIn, request)
        project, is_new = services.project_apply(
            actor=request.user,
            slug=slug,
            title=data["title"],
            policy=_document(Policy, data["policy"], "/policy"),
            taxonomy=_document(Taxonomy, data["taxonomy"], "/taxonomy"),
            members=data.get("members", {}),
        )
        return Response(_projects([project])[0], status=201 if is_new else 200)


class ProjectStatusView(TrackerView):
    """A project's progress."""

    @operation("project_status", roles=ALL_ROLES, responses=ProjectStatus)
    def get(self, request: ApiRequest, slug: str) -> Response:
        """Count clips by state, work by stage and seats by state."""
        project = selectors.project_by_slug(user=request.user, slug=slug)
        return Response(shown(ProjectStatus, selectors.project_status(project=project)))


class TaxonomiesView(TrackerView):
    """The versions of a project's labels."""

    @operation("taxonomy_list", roles=ALL_ROLES, responses=TaxonomyOut(many=True))
    def get(self, request: ApiRequest, slug: str) -> Response:
        """List all versions, the oldest first."""
        project = selectors.project_by_slug(user=request.user, slug=slug)
        return self.page(
            selectors.taxonomy_versions(project=project),
            lambda rows: shown(TaxonomyOut, rows, many=True),
        )


class TaxonomyView(TrackerView):
    """One version of a project's labels."""

    @operation("taxonomy_read", roles=ALL_ROLES, responses=TaxonomyOut)
    def get(self, request: ApiRequest, slug: str, version: int) -> Response:
        """Show one version."""
        project = selectors.project_by_slug(user=request.user, slug=slug)
        return Response(
            shown(TaxonomyOut, selectors.taxonomy_get(project=project, version=version))
        )


def _document(form: type[_Document], data: dict[str, Any], pointer: str) -> _Document:
    try:
        return form.parse(data)
    except InputError as error:
        errors = [{**fault, "pointer": pointer + fault["pointer"]} for fault in error.errors]
        raise InputError(error.detail, errors=errors) from error
