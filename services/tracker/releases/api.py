"""Operations on releases."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from services.tracker.core.negotiation import AnyAnswer
from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import ALL_ROLES, STAFF, Role
from services.tracker.core.views import TrackerView, operation, read_body, read_query, shown
from services.tracker.files.responses import file_response
from services.tracker.releases import selectors, services
from services.tracker.releases.serializers import (
    ReleaseClip,
    ReleaseFailIn,
    ReleaseIn,
    ReleaseOut,
    ReleasePublishIn,
    ReleaseQuery,
)

FILE_HEADERS = [
    OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="bytes=0-99"),
    OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER),
    OpenApiParameter("If-Range", str, OpenApiParameter.HEADER),
]


class ProjectReleasesView(TrackerView):
    """A project's releases."""

    @operation(
        "release_create",
        roles=STAFF,
        request=ReleaseIn,
        responses={200: ReleaseOut, 201: ReleaseOut},
    )
    def post(self, request: ApiRequest, slug: str) -> Response:
        """Freeze the accepted clips under a version; the same again returns the same."""
        data = read_body(ReleaseIn, request)
        release, is_new = services.release_create(actor=request.user, slug=slug, **data)
        return Response(shown(ReleaseOut, release), status=201 if is_new else 200)


class ReleasesView(TrackerView):
    """All releases."""

    @operation(
        "release_list",
        roles=ALL_ROLES,
        parameters=[ReleaseQuery],
        responses=ReleaseOut(many=True),
    )
    def get(self, request: ApiRequest) -> Response:
        """List releases; a client sees his projects' published ones."""
        query = read_query(ReleaseQuery, request)
        releases = selectors.release_visible_to(user=request.user)
        return self.page(
            selectors.release_filter(releases=releases, project=query.get("project")),
            lambda rows: shown(ReleaseOut, rows, many=True),
        )


class ReleaseView(TrackerView):
    """One release."""

    @operation("release_read", roles=ALL_ROLES, responses=ReleaseOut)
    def get(self, request: ApiRequest, uid: UUID) -> Response:
        """Show a release with its files."""
        return Response(shown(ReleaseOut, selectors.release_get(user=request.user, uid=uid)))


class ReleaseClipsView(TrackerView):
    """The clips frozen into a release."""

    @operation("release_clip_list", roles=ALL_ROLES, responses=ReleaseClip(many=True))
    def get(self, request: ApiRequest, uid: UUID) -> Response:
        """List the frozen clips with all that the formats need."""
        return self.page(
            selectors.release_clips(user=request.user, uid=uid),
            lambda rows: shown(ReleaseClip, selectors.release_clip_views(rows), many=True),
        )


class ReleasePublishView(TrackerView):
    """Publishing."""

    @operation(
        "release_publish",
        roles=[Role.WORKER],
        request=ReleasePublishIn,
        responses={200: ReleaseOut},
    )
    def post(self, request: ApiRequest, uid: UUID) -> Response:
        """Name the stored files and make the release final; again is harmless."""
        files = [dict(file) for file in read_body(ReleasePublishIn, request)["files"]]
        release = services.release_publish(actor=request.user, uid=uid, files=files)
        return Response(shown(ReleaseOut, release))


class ReleaseFailView(TrackerView):
    """Giving up."""

    @operation(
        "release_fail", roles=[Role.WORKER], request=ReleaseFailIn, responses={200: ReleaseOut}
    )
    def post(self, request: ApiRequest, uid: UUID) -> Response:
        """Give a release up and free its version."""
        fault = read_body(ReleaseFailIn, request)["fault"]
        return Response(
            shown(ReleaseOut, services.release_fail(actor=request.user, uid=uid, fault=fault))
        )


class ReleaseFileView(TrackerView):
    """One file of a release."""

    content_negotiation_class = AnyAnswer

    @operation(
        "release_file",
        roles=ALL_ROLES,
        parameters=FILE_HEADERS,
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            304: None,
        },
    )
    def get(self, request: ApiRequest, uid: UUID, path: str) -> HttpResponseBase:
        """Download a file, whole or in part; its ETag is its SHA-256."""
        file = selectors.release_file(user=request.user, uid=uid, path=path)
        return file_response(
            request,
            key=file.storage_key,
            size=file.n_bytes,
            media_type=file.media_type,
            etag=file.sha256,
            filename=file.path.rpartition("/")[2],
        )
