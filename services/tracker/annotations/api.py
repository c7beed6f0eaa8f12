"""Operations on seats, answers and drafts."""

from __future__ import annotations

from uuid import UUID

from rest_framework.response import Response

from services.tracker.annotations import selectors, submissions, views_of
from services.tracker.annotations.serializers import (
    AnnotationOut,
    AssignmentOut,
    AssignmentQuery,
    PrelabelOut,
    SubmissionIn,
    SubmissionOut,
)
from services.tracker.clips.selectors import clip_get
from services.tracker.core.pagination import UidPagination
from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import ALL_ROLES, Role
from services.tracker.core.views import TrackerView, operation, read_body, read_query, shown


class AssignmentsView(TrackerView):
    """Seats."""

    pagination_class = UidPagination

    @operation(
        "assignment_list",
        roles=ALL_ROLES,
        parameters=[AssignmentQuery],
        responses=AssignmentOut(many=True),
    )
    def get(self, request: ApiRequest) -> Response:
        """List seats: people's own, a manager's projects', the worker's all."""
        query = read_query(AssignmentQuery, request)
        seats = selectors.assignment_visible_to(user=request.user)
        return self.page(
            selectors.assignment_filter(user=request.user, seats=seats, query=query),
            lambda rows: [
                shown(AssignmentOut, views_of.assignment_view(user=request.user, seat=row))
                for row in rows
            ],
        )


class AssignmentView(TrackerView):
    """One seat."""

    @operation("assignment_read", roles=ALL_ROLES, responses=AssignmentOut)
    def get(self, request: ApiRequest, uid: UUID) -> Response:
        """Show a seat."""
        seat = selectors.assignment_get(user=request.user, uid=uid)
        view = views_of.assignment_view(user=request.user, seat=seat)
        return Response(shown(AssignmentOut, view))


class SubmissionsView(TrackerView):
    """Answers to a seat."""

    @operation(
        "annotation_submit",
        roles=[Role.WORKER],
        request=SubmissionIn,
        responses={200: SubmissionOut},
    )
    def post(self, request: ApiRequest, uid: UUID) -> Response:
        """Hand in an answer as found in Label Studio; again is harmless."""
        annotation, status = submissions.submission_record(
            actor=request.user, assignment_uid=uid, answer=read_body(SubmissionIn, request)
        )
        answer = {"annotation_uid": annotation.uid, "status": status}
        return Response(shown(SubmissionOut, answer))


class ClipAnnotationsView(TrackerView):
    """Answers on a clip."""

    pagination_class = UidPagination

    @operation("clip_annotation_list", roles=ALL_ROLES, responses=AnnotationOut(many=True))
    def get(self, request: ApiRequest, uid: UUID) -> Response:
        """List the answers that the caller may see."""
        rows = selectors.annotations_of_clip(user=request.user, clip_uid=uid)
        return self.page(
            rows,
            lambda page: shown(
                AnnotationOut,
                views_of.annotation_views(user=request.user, annotations=page),
                many=True,
            ),
        )


class AnnotationView(TrackerView):
    """One answer."""

    @operation("annotation_read", roles=ALL_ROLES, responses=AnnotationOut)
    def get(self, request: ApiRequest, uid: UUID) -> Response:
        """Show an answer."""
        annotation = selectors.annotation_get(user=request.user, uid=uid)
        (view,) = views_of.annotation_views(user=request.user, annotations=[annotation])
        return Response(shown(AnnotationOut, view))


class ClipPrelabelsView(TrackerView):
    """Drafts of a clip."""

    @operation("clip_prelabel_list", roles=ALL_ROLES, responses=PrelabelOut(many=True))
    def get(self, request: ApiRequest, uid: UUID) -> Response:
        """List the machine's drafts, the oldest first."""
        clip = clip_get(user=request.user, uid=uid)
        return self.page(
            selectors.prelabels_of_clip(clip=clip),
            lambda rows: shown(PrelabelOut, rows, many=True),
        )
