"""Lanes on the wire."""

from __future__ import annotations

from rest_framework import serializers

from services.tracker.core.fields import NameField
from services.tracker.core.roles import SeatKind, choices_of
from services.tracker.work.serializers import LARGEST_BIGINT, LARGEST_INT


class LaneIn(serializers.Serializer):
    """One person's own project inside Label Studio."""

    project = NameField(max_length=64)
    taxonomy_version = serializers.IntegerField(min_value=1, max_value=LARGEST_INT)
    username = NameField(max_length=150)
    kind = serializers.ChoiceField(choices_of(SeatKind))
    label_studio_project = serializers.IntegerField(min_value=1, max_value=LARGEST_BIGINT)


class LaneQuery(serializers.Serializer):
    """Which lanes to list."""

    project = NameField(max_length=64, required=False)
    kind = serializers.ChoiceField(choices_of(SeatKind), required=False)
    username = NameField(max_length=150, required=False)


class WatermarkIn(serializers.Serializer):
    """How far the lane has been swept."""

    watermark = serializers.DateTimeField()


class LaneOut(serializers.Serializer):
    """A registered lane with how far it has been swept."""

    uid = serializers.UUIDField()
    project = serializers.CharField(source="taxonomy.project.slug")
    taxonomy_version = serializers.IntegerField(source="taxonomy.version")
    username = serializers.CharField(source="user.username")
    kind = serializers.ChoiceField(choices_of(SeatKind))
    label_studio_project = serializers.IntegerField()
    watermark = serializers.DateTimeField(allow_null=True)
    n_open = serializers.IntegerField()
