"""Operations of the machines: claim, stay alive, report.

Their answers are built in their outer form: on these three a serializer's second pass costs
more than the database. The schema's tests hold them to the serializers all the same.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from services.domain.errors import InputError
from services.domain.workflow import Stage
from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import Role
from services.tracker.core.views import TrackerView, operation, read_body
from services.tracker.projects.selectors import project_by_slug
from services.tracker.work import claims, items, reports
from services.tracker.work.serializers import (
    REPORTS,
    LeaseExtended,
    WorkClaimed,
    WorkClaimIn,
    WorkReported,
)


class WorkClaimView(TrackerView):
    """Clips that wait for a machine."""

    @operation("work_claim", roles=[Role.WORKER], request=WorkClaimIn, responses={200: WorkClaimed})
    def post(self, request: ApiRequest) -> Response:
        """Lease clips on which a stage is due; two workers never get the same."""
        data = read_body(WorkClaimIn, request)
        slug, stage = data["project"], Stage(data["stage"])
        project = None if slug is None else project_by_slug(user=request.user, slug=slug)
        # One transaction: the clips stay locked until what is told of them has been read.
        with transaction.atomic():
            leases = claims.work_claim(
                user=request.user,
                worker=data["worker"],
                stage=stage,
                limit=data["limit"],
                lease_s=data["lease_s"],
                project=project,
            )
            found = items.work_items(stage=stage, leases=leases)
        return Response({"items": found})


class WorkHeartbeatView(TrackerView):
    """A lease that shall go on."""

    @operation("work_heartbeat", roles=[Role.WORKER], request=None, responses={200: LeaseExtended})
    def post(self, request: ApiRequest, uid: UUID) -> Response:
        """Extend a live lease by its length, from now."""
        expires_at = reports.work_heartbeat(user=request.user, lease_uid=uid)
        return Response({"lease_uid": uid, "expires_at": expires_at})


class WorkReportView(TrackerView):
    """What came of a lease."""

    @operation(
        "work_report",
        roles=[Role.WORKER],
        request=PolymorphicProxySerializer(
            component_name="WorkReport", serializers={**REPORTS}, resource_type_field_name="outcome"
        ),
        responses={200: WorkReported},
    )
    def post(self, request: ApiRequest, uid: UUID) -> Response:
        """Report under a live lease; the same report again gets the same answer."""
        report = read_body(_form(request.data), request)
        return Response(reports.work_report(user=request.user, lease_uid=uid, report=report))


def _form(body: Any) -> type[Serializer[Any]]:
    outcome = body.get("outcome") if isinstance(body, dict) else None
    if not isinstance(outcome, str) or outcome not in REPORTS:
        raise InputError(
            f"A report's outcome is one of {', '.join(REPORTS)}.",
            errors=[{"pointer": "/outcome", "detail": "unknown"}],
        )
    return REPORTS[outcome]
