"""Operations on known answers."""

from __future__ import annotations

from uuid import UUID

from rest_framework.response import Response

from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import ALL_ROLES, Role
from services.tracker.core.views import TrackerView, operation, read_body, read_query, shown
from services.tracker.gold import selectors, services
from services.tracker.gold.serializers import GoldIn, GoldNote, GoldOut, ShowingOut, ShowingQuery
from services.tracker.projects.selectors import project_by_slug


class GoldView(TrackerView):
    """A project's known answers."""

    @operation("gold_list", roles=ALL_ROLES, responses=GoldOut(many=True))
    def get(self, request: ApiRequest, slug: str) -> Response:
        """List gold, withdrawn or not, the oldest first."""
        project = project_by_slug(user=request.user, slug=slug)
        return self.page(
            selectors.gold_of(project=project), lambda rows: shown(GoldOut, rows, many=True)
        )

    @operation(
        "gold_promote",
        roles=[Role.MANAGER],
        request=GoldIn,
        responses={200: GoldOut, 201: GoldOut},
    )
    def post(self, request: ApiRequest, slug: str) -> Response:
        """Make an accepted clip's decision gold; again returns the same entry."""
        gold, is_new = services.gold_promote(
            actor=request.user, slug=slug, **read_body(GoldIn, request)
        )
        return Response(shown(GoldOut, gold), status=201 if is_new else 200)


class GoldWithdrawView(TrackerView):
    """A known answer that shall serve no more."""

    @operation("gold_withdraw", roles=[Role.MANAGER], request=GoldNote, responses=GoldOut)
    def post(self, request: ApiRequest, uid: UUID) -> Response:
        """Show an entry to nobody any more, and measure nobody by it."""
        note = read_body(GoldNote, request)["note"]
        return Response(
            shown(GoldOut, services.gold_withdraw(actor=request.user, uid=uid, note=note))
        )


class ShowingsView(TrackerView):
    """To whom known answers went."""

    @operation(
        "showing_list",
        roles=ALL_ROLES,
        parameters=[ShowingQuery],
        responses=ShowingOut(many=True),
    )
    def get(self, request: ApiRequest, slug: str) -> Response:
        """List honeypots and calibration clips with their scores, the oldest first."""
        project = project_by_slug(user=request.user, slug=slug)
        query = read_query(ShowingQuery, request)
        return self.page(
            selectors.showings_of(project=project, query=query),
            lambda rows: shown(ShowingOut, rows, many=True),
        )
