"""Claims and reports on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from services.domain.multiview.layout import MAX_VIEWS
from services.domain.workflow import AssignmentState, ClipState, Stage
from services.tracker.clips.serializers import GroupViewIn
from services.tracker.core.fields import (
    HashField,
    KeyField,
    NameField,
    ObjectField,
    ObjectListField,
)
from services.tracker.core.roles import SeatKind, Verdict, choices_of

MOST_ITEMS = 1000
LARGEST_INT = 2**31 - 1
LARGEST_BIGINT = 2**63 - 1


class WorkClaimIn(serializers.Serializer):
    """Ask for clips on which a stage is due."""

    stage = serializers.ChoiceField(choices_of(Stage))
    project = NameField(max_length=64, required=False, allow_null=True, default=None)
    limit = serializers.IntegerField(min_value=1, max_value=MOST_ITEMS, default=50)
    lease_s = serializers.IntegerField(
        min_value=1, max_value=3600, required=False, allow_null=True, default=None
    )
    worker = NameField(max_length=100)


class SeatWork(serializers.Serializer):
    """One person's seat to put into Label Studio."""

    assignment_uid = serializers.UUIDField()
    username = serializers.CharField()
    kind = serializers.ChoiceField(choices_of(SeatKind))
    state = serializers.ChoiceField(choices_of(AssignmentState))
    shows_prelabel = serializers.BooleanField()
    prelabel = ObjectListField(allow_null=True)
    findings = ObjectListField()
    task_id = serializers.IntegerField(allow_null=True)


class OpinionWork(serializers.Serializer):
    """One submitted answer; never with a name."""

    annotation_uid = serializers.UUIDField()
    assignment_uid = serializers.UUIDField()
    kind = serializers.ChoiceField(choices_of(SeatKind))
    opinion = serializers.ChoiceField(["x", "y", "arbiter"])
    state = serializers.ChoiceField(choices_of(AssignmentState))
    segments = ObjectListField()
    verdict = serializers.ChoiceField(choices_of(Verdict), allow_null=True)
    note = serializers.CharField(allow_blank=True)
    task_id = serializers.IntegerField(allow_null=True)
    came_back = serializers.BooleanField()


class ModelWork(serializers.Serializer):
    """The model that drafts a clip, as it lies in the store."""

    version = serializers.IntegerField()
    extractor = serializers.CharField()
    storage_key = serializers.CharField()
    sha256 = serializers.CharField()


class WorkItem(serializers.Serializer):
    """One claimed clip with all that its stage needs."""

    lease_uid = serializers.UUIDField()
    expires_at = serializers.DateTimeField()
    stage = serializers.ChoiceField(choices_of(Stage))
    clip_uid = serializers.UUIDField()
    project = serializers.CharField()
    name = serializers.CharField()
    source_uri = serializers.CharField()
    round = serializers.IntegerField()
    attempt = serializers.IntegerField()
    policy = ObjectField()
    taxonomy = ObjectField()
    timebase = ObjectField(allow_null=True)
    proxy_key = serializers.CharField(allow_null=True)
    hints = ObjectField(allow_null=True)
    strip_key = serializers.CharField(allow_null=True)
    views = GroupViewIn(many=True)
    model = ModelWork(allow_null=True)
    prelabel = ObjectListField()
    gold = ObjectListField(allow_null=True)
    seats = SeatWork(many=True)
    opinions = OpinionWork(many=True)
    comparison = ObjectField(allow_null=True)


class WorkClaimed(serializers.Serializer):
    """The claimed clips; empty when nothing is due."""

    items = WorkItem(many=True)


class LeaseExtended(serializers.Serializer):
    """Until when the lease now runs."""

    lease_uid = serializers.UUIDField()
    expires_at = serializers.DateTimeField()


class GroupViewDone(serializers.Serializer):
    """The view is sound and has its place in time."""

    name = NameField(max_length=100)
    sha256 = HashField()
    timebase = ObjectField()
    probe = ObjectField()
    alignment = ObjectField(allow_null=True)
    frame_map = ObjectField(allow_null=True)


class IngestDone(serializers.Serializer):
    """The clip is sound; its proxy is stored."""

    outcome = serializers.ChoiceField(["ingested"])
    sha256 = HashField()
    timebase = ObjectField()
    width = serializers.IntegerField(min_value=1, max_value=100_000)
    height = serializers.IntegerField(min_value=1, max_value=100_000)
    proxy_key = KeyField()
    proxy_sha256 = HashField()
    proxy_bytes = serializers.IntegerField(min_value=1, max_value=LARGEST_BIGINT)
    probe = ObjectField()
    fingerprint = ObjectField(required=False, allow_null=True, default=None)
    hints = ObjectField(required=False, allow_null=True, default=None)
    strip_key = KeyField(required=False, allow_null=True, default=None)
    views = serializers.ListField(child=GroupViewDone(), max_length=MAX_VIEWS, default=list)


class IngestRefused(serializers.Serializer):
    """The file can never be labelled exactly."""

    outcome = serializers.ChoiceField(["refused"])
    code = NameField(max_length=100)
    detail = serializers.CharField(max_length=5000)
    probe = ObjectField(required=False)


class PrelabelDone(serializers.Serializer):
    """A machine's draft."""

    outcome = serializers.ChoiceField(["prelabelled"])
    model = NameField(max_length=200)
    segments = ObjectListField()
    details = ObjectField(default=dict)


class PushedTask(serializers.Serializer):
    """The seat's task is in Label Studio, with its present findings."""

    assignment_uid = serializers.UUIDField()
    lane_uid = serializers.UUIDField()
    task_id = serializers.IntegerField(min_value=0, max_value=LARGEST_BIGINT)


class TasksPushed(serializers.Serializer):
    """The result of dispatch and of arbitrate; no tasks when no seat waits any more."""

    outcome = serializers.ChoiceField(["pushed"])
    tasks = serializers.ListField(child=PushedTask(), max_length=100)


class SanityVerdict(serializers.Serializer):
    """Tier 1 on one answer."""

    annotation_uid = serializers.UUIDField()
    passed = serializers.BooleanField()
    findings = ObjectListField()


class CheckDone(serializers.Serializer):
    """Tier 1 on every unchecked answer, and tier 2 when all seats have passed."""

    outcome = serializers.ChoiceField(["checked"])
    verdicts = serializers.ListField(child=SanityVerdict(), max_length=100)
    comparison = ObjectField(required=False, allow_null=True, default=None)
    accepted = ObjectListField(required=False, allow_null=True, default=None)


class StageFailed(serializers.Serializer):
    """The stage could not be done this time."""

    outcome = serializers.ChoiceField(["failed"])
    code = NameField(max_length=100)
    detail = serializers.CharField(max_length=5000)
    transient = serializers.BooleanField()


class WorkReported(serializers.Serializer):
    """What the tracker made of a report."""

    clip_uid = serializers.UUIDField()
    state = serializers.ChoiceField(choices_of(ClipState))
    due = serializers.ChoiceField(choices_of(Stage), allow_null=True)
    round = serializers.IntegerField()
    repeated = serializers.BooleanField()


REPORTS: dict[str, type[serializers.Serializer[Any]]] = {
    "ingested": IngestDone,
    "refused": IngestRefused,
    "prelabelled": PrelabelDone,
    "pushed": TasksPushed,
    "checked": CheckDone,
    "failed": StageFailed,
}
