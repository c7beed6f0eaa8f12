"""Operations on the inbox of Label Studio's webhooks."""

from __future__ import annotations

import hmac

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from services.domain.errors import NotAuthenticatedError
from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import Role
from services.tracker.core.views import TrackerView, operation, read_body, read_query, shown
from services.tracker.inbox import services
from services.tracker.inbox.serializers import InboxDoneIn, InboxHint, InboxQuery

SECRET_HEADER = "X-Segue-Webhook-Secret"  # noqa: S105 - a header's name


class LabelStudioInboxView(TrackerView):
    """Where Label Studio calls."""

    authentication_classes = ()

    @operation(
        "inbox_label_studio",
        roles=None,
        request={"application/json": OpenApiTypes.ANY},
        responses={204: None},
        parameters=[OpenApiParameter(SECRET_HEADER, str, OpenApiParameter.HEADER, required=True)],
    )
    def post(self, request: ApiRequest) -> Response:
        """Put a webhook away as it came; what it says is believed only after polling."""
        secret = settings.SEGUE.webhook_secret.get_secret_value()
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            raise NotAuthenticatedError(f"The header {SECRET_HEADER} is missing or wrong.")
        services.message_put(raw=request.body)  # Django itself bounds its length
        return Response(status=204)


class InboxView(TrackerView):
    """Hints that wait."""

    @operation(
        "inbox_list",
        roles=[Role.WORKER],
        parameters=[InboxQuery],
        responses=InboxHint(many=True),
    )
    def get(self, request: ApiRequest) -> Response:
        """List the hints that nobody has followed yet, the oldest first."""
        after = read_query(InboxQuery, request).get("after")
        return self.page(
            services.messages_waiting(after=after), lambda rows: shown(InboxHint, rows, many=True)
        )


class InboxDoneView(TrackerView):
    """Hints that were followed."""

    @operation("inbox_done", roles=[Role.WORKER], request=InboxDoneIn, responses={204: None})
    def post(self, request: ApiRequest) -> Response:
        """Put hints away; again is harmless."""
        services.messages_done(ids=read_body(InboxDoneIn, request)["ids"])
        return Response(status=204)
