"""Near duplicates on the wire."""

from __future__ import annotations

from rest_framework import serializers


class NearDuplicateOut(serializers.Serializer):
    """Two clips that show the same events, as seen from the first."""

    uid = serializers.UUIDField()
    clip_uid = serializers.UUIDField()
    clip_name = serializers.CharField()
    other_uid = serializers.UUIDField()
    other_name = serializers.CharField()
    distance = serializers.FloatField()
    shift_s = serializers.FloatField()
    overlap_s = serializers.FloatField()
    found_at = serializers.DateTimeField()


class NearDuplicatesFound(serializers.Serializer):
    """What one turn of comparing came to."""

    n_compared = serializers.IntegerField()
    n_found = serializers.IntegerField()
    n_left = serializers.IntegerField()
