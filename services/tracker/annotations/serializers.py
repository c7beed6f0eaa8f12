"""Seats, answers and drafts on the wire."""

from __future__ import annotations

from rest_framework import serializers

from services.domain.workflow import AssignmentState
from services.tracker.core.fields import NameField, ObjectField, ObjectListField
from services.tracker.core.roles import SeatKind, Verdict, choices_of
from services.tracker.work.serializers import LARGEST_BIGINT


class AssignmentQuery(serializers.Serializer):
    """Which seats to list."""

    lane = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(choices_of(AssignmentState), required=False)
    project = NameField(max_length=64, required=False)
    clip = serializers.UUIDField(required=False)


class AssignmentOut(serializers.Serializer):
    """A seat, as much of it as the reader may know."""

    uid = serializers.UUIDField()
    project = serializers.CharField()
    clip_name = serializers.CharField()
    clip_uid = serializers.UUIDField(allow_null=True)
    username = serializers.CharField()
    kind = serializers.ChoiceField(choices_of(SeatKind))
    round = serializers.IntegerField()
    state = serializers.ChoiceField(choices_of(AssignmentState))
    shows_prelabel = serializers.BooleanField()
    findings = ObjectListField()
    lane_uid = serializers.UUIDField(allow_null=True)
    task_id = serializers.IntegerField(allow_null=True)
    annotation_uid = serializers.UUIDField(allow_null=True)
    changed_at = serializers.DateTimeField(allow_null=True)


class SubmissionIn(serializers.Serializer):
    """A person's answer as found in Label Studio."""

    label_studio_annotation = serializers.IntegerField(min_value=0, max_value=LARGEST_BIGINT)
    label_studio_updated_at = serializers.DateTimeField()
    segments = ObjectListField()
    lead_time_s = serializers.FloatField(
        min_value=0, max_value=1e9, required=False, allow_null=True, default=None
    )
    verdict = serializers.ChoiceField(
        choices_of(Verdict), required=False, allow_null=True, default=None
    )
    note = serializers.CharField(
        max_length=20_000, allow_blank=True, required=False, default="", trim_whitespace=False
    )


class SubmissionOut(serializers.Serializer):
    """How the tracker took a submission."""

    annotation_uid = serializers.UUIDField()
    status = serializers.ChoiceField(["recorded", "repeated", "late"])


class AnnotationOut(serializers.Serializer):
    """One answer, as much of it as the reader may know."""

    uid = serializers.UUIDField()
    assignment_uid = serializers.UUIDField(allow_null=True)
    username = serializers.CharField(allow_null=True)
    opinion = serializers.ChoiceField(["x", "y", "arbiter"], allow_null=True)
    kind = serializers.ChoiceField(choices_of(SeatKind))
    round = serializers.IntegerField()
    segments = ObjectListField()
    verdict = serializers.ChoiceField(choices_of(Verdict), allow_null=True)
    note = serializers.CharField(allow_blank=True)
    passed = serializers.BooleanField(allow_null=True)
    findings = ObjectListField()
    is_late = serializers.BooleanField()
    lead_time_s = serializers.FloatField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True)


class PrelabelOut(serializers.Serializer):
    """A machine's draft."""

    uid = serializers.UUIDField()
    model = serializers.CharField()
    taxonomy_version = serializers.IntegerField(source="taxonomy.version")
    segments = ObjectListField()
    details = ObjectField()
    created_at = serializers.DateTimeField()
