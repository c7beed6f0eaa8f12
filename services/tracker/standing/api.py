"""Operations on annotators' standings; who labels knows nothing of them."""

from __future__ import annotations

from uuid import UUID

from rest_framework.response import Response

from services.domain.standing import AnnotatorStanding
from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import ALL_ROLES, Role
from services.tracker.core.views import TrackerView, operation, read_body, shown
from services.tracker.projects.selectors import project_by_slug
from services.tracker.standing import selectors, services
from services.tracker.standing.serializers import (
    StandingEventOut,
    StandingIn,
    StandingNote,
    StandingOut,
)


class StandingsView(TrackerView):
    """A project's annotators."""

    @operation("standing_list", roles=ALL_ROLES, responses=StandingOut(many=True))
    def get(self, request: ApiRequest, slug: str) -> Response:
        """List where each annotator stands."""
        project = project_by_slug(user=request.user, slug=slug)
        return self.page(
            selectors.annotators_of(project=project),
            lambda people: shown(
                StandingOut, selectors.standing_views(project=project, people=people), many=True
            ),
        )


class StandingView(TrackerView):
    """One annotator's standing."""

    @operation("standing_change", roles=[Role.MANAGER], request=StandingIn, responses=StandingOut)
    def put(self, request: ApiRequest, slug: str, username: str) -> Response:
        """Let an annotator stand elsewhere; who stands there already stays as he is."""
        project = project_by_slug(user=request.user, slug=slug)
        person = selectors.annotator_get(project=project, username=username)
        data = read_body(StandingIn, request)
        services.standing_set(
            actor=request.user,
            project=project,
            user=person,
            to=AnnotatorStanding(data["standing"]),
            note=data["note"],
        )
        (view,) = selectors.standing_views(project=project, people=[person])
        return Response(shown(StandingOut, view))


class StandingEventsView(TrackerView):
    """How an annotator came to stand there."""

    @operation("standing_event_list", roles=ALL_ROLES, responses=StandingEventOut(many=True))
    def get(self, request: ApiRequest, slug: str, username: str) -> Response:
        """List the changes of an annotator's standing, the first one first."""
        project = project_by_slug(user=request.user, slug=slug)
        return self.page(
            selectors.standing_events(project=project, username=username),
            lambda rows: shown(StandingEventOut, rows, many=True),
        )


class StandingReverseView(TrackerView):
    """A change taken back."""

    @operation(
        "standing_reverse", roles=[Role.MANAGER], request=StandingNote, responses=StandingEventOut
    )
    def post(self, request: ApiRequest, uid: UUID) -> Response:
        """Put an annotator back to where he stood before a change."""
        event = selectors.standing_event_get(user=request.user, uid=uid)
        note = read_body(StandingNote, request)["note"]
        made = services.standing_reverse(event=event, actor=request.user.username, note=note)
        return Response(
            shown(StandingEventOut, selectors.standing_event_get(user=request.user, uid=made.uid))
        )
