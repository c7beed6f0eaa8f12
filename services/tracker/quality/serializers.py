"""Decisions on the wire."""

from __future__ import annotations

from rest_framework import serializers

from services.tracker.core.fields import ObjectField, ObjectListField
from services.tracker.core.roles import DecisionStatus, choices_of


class DecisionOut(serializers.Serializer):
    """How a clip's round ended."""

    uid = serializers.UUIDField()
    round = serializers.IntegerField()
    status = serializers.ChoiceField(choices_of(DecisionStatus))
    segments = ObjectListField()
    comparison = ObjectField(source="comparison.document")
    policy_version = serializers.IntegerField(source="policy.version")
    taxonomy_version = serializers.IntegerField(source="taxonomy.version")
    decided_at = serializers.DateTimeField()
