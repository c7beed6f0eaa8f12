"""Operations on lanes."""

from __future__ import annotations

from uuid import UUID

from rest_framework.response import Response

from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import STAFF, Role, SeatKind
from services.tracker.core.views import TrackerView, operation, read_body, read_query, shown
from services.tracker.lanes import selectors, services
from services.tracker.lanes.serializers import LaneIn, LaneOut, LaneQuery, WatermarkIn


class LanesView(TrackerView):
    """All lanes."""

    @operation("lane_list", roles=STAFF, parameters=[LaneQuery], responses=LaneOut(many=True))
    def get(self, request: ApiRequest) -> Response:
        """List lanes."""
        query = read_query(LaneQuery, request)
        lanes = selectors.lane_visible_to(user=request.user)
        return self.page(
            selectors.lane_filter(lanes=lanes, query=query),
            lambda rows: shown(LaneOut, rows, many=True),
        )

    @operation("lane_put", roles=[Role.WORKER], request=LaneIn, responses=LaneOut)
    def put(self, request: ApiRequest) -> Response:
        """Register a lane; again is harmless."""
        data = read_body(LaneIn, request)
        data["kind"] = SeatKind(data["kind"])
        return Response(shown(LaneOut, services.lane_put(actor=request.user, **data)))


class LaneWatermarkView(TrackerView):
    """How far a lane has been swept."""

    @operation("lane_watermark", roles=[Role.WORKER], request=WatermarkIn, responses=LaneOut)
    def post(self, request: ApiRequest, uid: UUID) -> Response:
        """Move the watermark forward; it never goes back."""
        data = read_body(WatermarkIn, request)
        lane = services.lane_watermark(actor=request.user, uid=uid, **data)
        return Response(shown(LaneOut, lane))
