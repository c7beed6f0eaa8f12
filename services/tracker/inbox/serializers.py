"""Hints on the wire."""

from __future__ import annotations

from rest_framework import serializers

from services.tracker.core.fields import ObjectField
from services.tracker.inbox.services import LARGEST_ID


class InboxQuery(serializers.Serializer):
    """Which hints to list."""

    after = serializers.IntegerField(min_value=0, max_value=LARGEST_ID, required=False)


class InboxDoneIn(serializers.Serializer):
    """Which hints have been followed."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=LARGEST_ID), max_length=10_000
    )


class InboxHint(serializers.Serializer):
    """A webhook that waits to be read as a hint."""

    id = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    label_studio_project = serializers.IntegerField(allow_null=True)
    body = ObjectField()
