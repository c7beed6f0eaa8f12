"""Operations on quality; only managers read it, so that nobody's figures reach another."""

from __future__ import annotations

from uuid import UUID

from rest_framework.response import Response

from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import STAFF, Role
from services.tracker.core.views import TrackerView, operation, read_body, read_query, shown
from services.tracker.monitoring import figures, reversals
from services.tracker.monitoring.monitor import monitor_run
from services.tracker.monitoring.serializers import (
    AlarmNote,
    AlarmOut,
    AnchoringOut,
    AnnotatorQuery,
    AnnotatorsOut,
    MonitorOut,
    QualityOut,
    QualityQuery,
)
from services.tracker.projects.selectors import project_by_slug


class QualityView(TrackerView):
    """Agreement in a project."""

    @operation("quality", roles=[Role.MANAGER], parameters=[QualityQuery], responses=QualityOut)
    def get(self, request: ApiRequest, slug: str) -> Response:
        """Show how far blind opinions agree: in all, by label, layer, pair and day."""
        project = project_by_slug(user=request.user, slug=slug)
        query = read_query(QualityQuery, request)
        found = figures.project_figures(
            project=project, taxonomy_version=query["taxonomy_version"], n_days=query["days"]
        )
        return Response(shown(QualityOut, found))


class AnnotatorQualityView(TrackerView):
    """People against references."""

    @operation(
        "quality_annotators",
        roles=[Role.MANAGER],
        parameters=[AnnotatorQuery],
        responses=AnnotatorsOut,
    )
    def get(self, request: ApiRequest, slug: str) -> Response:
        """Show each person's bias, spread, misses, extras, time and confused labels."""
        project = project_by_slug(user=request.user, slug=slug)
        query = read_query(AnnotatorQuery, request)
        found = figures.annotator_figures(project=project, **query)
        return Response(shown(AnnotatorsOut, found))


class AnchoringView(TrackerView):
    """What drafts do to people."""

    @operation("quality_anchoring", roles=[Role.MANAGER], responses=AnchoringOut)
    def get(self, request: ApiRequest, slug: str) -> Response:
        """Show agreement with and without a draft, and what people keep of drafts."""
        project = project_by_slug(user=request.user, slug=slug)
        return Response(shown(AnchoringOut, figures.anchoring_figures(project=project)))


class AlarmsView(TrackerView):
    """What stood out, and what followed."""

    @operation("alarm_list", roles=[Role.MANAGER], responses=AlarmOut(many=True))
    def get(self, request: ApiRequest, slug: str) -> Response:
        """List alarms with their signals, consequences and reversals, the oldest first."""
        project = project_by_slug(user=request.user, slug=slug)
        return self.page(
            reversals.alarms_of(project=project), lambda rows: shown(AlarmOut, rows, many=True)
        )


class AlarmReverseView(TrackerView):
    """An alarm taken back."""

    @operation("alarm_reverse", roles=[Role.MANAGER], request=AlarmNote, responses=AlarmOut)
    def post(self, request: ApiRequest, uid: UUID) -> Response:
        """Undo what followed an alarm, and judge the person anew from now on."""
        note = read_body(AlarmNote, request)["note"]
        alarm = reversals.alarm_reverse(actor=request.user, uid=uid, note=note)
        return Response(shown(AlarmOut, alarm))


class MonitorView(TrackerView):
    """A run of the monitor."""

    @operation("monitor", roles=STAFF, request=None, responses=MonitorOut)
    def post(self, request: ApiRequest, slug: str) -> Response:
        """Judge what is new, and do what the policy says; again changes nothing."""
        project = project_by_slug(user=request.user, slug=slug)
        outcome = monitor_run(actor=request.user, project=project)
        return Response(shown(MonitorOut, outcome))
