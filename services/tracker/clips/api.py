"""Operations on clips."""

from __future__ import annotations

from uuid import UUID

from rest_framework.response import Response

from services.tracker.clips import registration, retries, selectors
from services.tracker.clips.serializers import (
    ANY,
    ClipEventOut,
    ClipOut,
    ClipQuery,
    ClipsIn,
    ClipsRegistered,
)
from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import ALL_ROLES, STAFF, Role
from services.tracker.core.views import TrackerView, operation, read_body, read_query, shown
from services.tracker.projects.selectors import project_by_slug


class ClipsView(TrackerView):
    """A project's clips."""

    @operation("clip_list", roles=ALL_ROLES, parameters=[ClipQuery], responses=ClipOut(many=True))
    def get(self, request: ApiRequest, slug: str) -> Response:
        """List clips, the oldest first."""
        project = project_by_slug(user=request.user, slug=slug)
        query = read_query(ClipQuery, request)
        wanted = {n: value for n, value in query.items() if value is not None and value != ANY}
        clips = selectors.clip_visible_to(user=request.user)
        return self.page(
            selectors.clip_filter(clips=clips, project=project, wanted=wanted),
            lambda rows: shown(ClipOut, rows, many=True),
        )

    @operation("clips_register", roles=STAFF, request=ClipsIn, responses=ClipsRegistered)
    def post(self, request: ApiRequest, slug: str) -> Response:
        """Register clips by their source; known ones stay as they are."""
        project = project_by_slug(user=request.user, slug=slug)
        clips = read_body(ClipsIn, request)["clips"]
        done = registration.clips_register(
            project=project, actor=request.user.username, clips=clips
        )
        n_created = sum(item.created for item in done)
        answer = {"n_created": n_created, "n_known": len(done) - n_created, "clips": done}
        return Response(shown(ClipsRegistered, answer))


class ClipView(TrackerView):
    """One clip."""

    @operation("clip_read", roles=ALL_ROLES, responses=ClipOut)
    def get(self, request: ApiRequest, uid: UUID) -> Response:
        """Show a clip."""
        return Response(shown(ClipOut, selectors.clip_get(user=request.user, uid=uid)))


class ClipEventsView(TrackerView):
    """A clip's history."""

    @operation("clip_event_list", roles=ALL_ROLES, responses=ClipEventOut(many=True))
    def get(self, request: ApiRequest, uid: UUID) -> Response:
        """List what happened to a clip, the first event first."""
        clip = selectors.clip_get(user=request.user, uid=uid)
        return self.page(
            selectors.clip_events(clip=clip), lambda rows: shown(ClipEventOut, rows, many=True)
        )


class ClipRetryView(TrackerView):
    """Another try for a clip."""

    @operation("clip_retry", roles=[Role.MANAGER], request=None, responses=ClipOut)
    def post(self, request: ApiRequest, uid: UUID) -> Response:
        """Let a held or quarantined clip be tried again."""
        return Response(shown(ClipOut, retries.clip_retry(actor=request.user, uid=uid)))


class ClipReopenView(TrackerView):
    """Another round for a clip."""

    @operation("clip_reopen", roles=[Role.MANAGER], request=None, responses=ClipOut)
    def post(self, request: ApiRequest, uid: UUID) -> Response:
        """Give an accepted or rejected clip to other people, as far as its rounds go."""
        return Response(shown(ClipOut, retries.clip_reopen(actor=request.user, uid=uid)))
