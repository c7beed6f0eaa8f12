"""Operations on decisions."""

from __future__ import annotations

from uuid import UUID

from rest_framework.response import Response

from services.tracker.clips.selectors import clip_get
from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import ALL_ROLES
from services.tracker.core.views import TrackerView, operation, shown
from services.tracker.quality import selectors
from services.tracker.quality.serializers import DecisionOut


class ClipDecisionsView(TrackerView):
    """Decisions on a clip."""

    @operation("clip_decision_list", roles=ALL_ROLES, responses=DecisionOut(many=True))
    def get(self, request: ApiRequest, uid: UUID) -> Response:
        """List how a clip's rounds ended."""
        clip = clip_get(user=request.user, uid=uid)
        return self.page(
            selectors.decisions_of_clip(clip=clip), lambda rows: shown(DecisionOut, rows, many=True)
        )
