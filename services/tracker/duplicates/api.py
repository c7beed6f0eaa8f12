"""Operations on near duplicates; nobody who labels may know of them."""

from __future__ import annotations

from uuid import UUID

from rest_framework.response import Response

from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import STAFF
from services.tracker.core.views import TrackerView, operation, shown
from services.tracker.duplicates import selectors, services
from services.tracker.duplicates.serializers import NearDuplicateOut, NearDuplicatesFound
from services.tracker.projects.selectors import project_by_slug


class NearDuplicatesView(TrackerView):
    """A project's near duplicates."""

    @operation("near_duplicate_list", roles=STAFF, responses=NearDuplicateOut(many=True))
    def get(self, request: ApiRequest, slug: str) -> Response:
        """List pairs of clips that show the same events."""
        return self.page(
            selectors.near_duplicates(user=request.user, slug=slug),
            lambda rows: shown(
                NearDuplicateOut, [selectors.pair_shown(row) for row in rows], many=True
            ),
        )


class NearDuplicatesFindView(TrackerView):
    """A turn of comparing."""

    @operation(
        "near_duplicates_find", roles=STAFF, request=None, responses={200: NearDuplicatesFound}
    )
    def post(self, request: ApiRequest, slug: str) -> Response:
        """Compare clips that were not compared yet, for some seconds."""
        project = project_by_slug(user=request.user, slug=slug)
        return Response(shown(NearDuplicatesFound, services.near_duplicates_find(project=project)))


class ClipNearDuplicatesView(TrackerView):
    """A clip's near duplicates."""

    @operation("clip_near_duplicate_list", roles=STAFF, responses=NearDuplicateOut(many=True))
    def get(self, request: ApiRequest, uid: UUID) -> Response:
        """List the clips that show the same events as this one."""
        return self.page(
            selectors.near_duplicates_of(user=request.user, uid=uid),
            lambda rows: shown(
                NearDuplicateOut,
                [selectors.pair_seen_from(row, uid) for row in rows],
                many=True,
            ),
        )
