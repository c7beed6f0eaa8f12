"""Annotators' standings on the wire."""

from __future__ import annotations

from rest_framework import serializers

from services.domain.standing import AnnotatorStanding
from services.tracker.core.fields import ObjectField
from services.tracker.core.roles import choices_of

LONGEST_NOTE = 2000


class StandingNote(serializers.Serializer):
    """Why."""

    note = serializers.CharField(
        max_length=LONGEST_NOTE, allow_blank=True, required=False, default=""
    )


class StandingIn(StandingNote):
    """Where an annotator shall stand, and why."""

    standing = serializers.ChoiceField(choices_of(AnnotatorStanding))


class StandingOut(serializers.Serializer):
    """Where an annotator stands; the rest is null for who never stood elsewhere."""

    username = serializers.CharField()
    standing = serializers.ChoiceField(choices_of(AnnotatorStanding))
    since = serializers.DateTimeField(allow_null=True)
    cause = ObjectField(allow_null=True)
    actor = serializers.CharField(allow_null=True)
    event_uid = serializers.UUIDField(allow_null=True)


class StandingEventOut(serializers.Serializer):
    """One change of an annotator's standing."""

    uid = serializers.UUIDField()
    username = serializers.CharField(source="user.username")
    before = serializers.ChoiceField(choices_of(AnnotatorStanding))
    after = serializers.ChoiceField(choices_of(AnnotatorStanding))
    cause = ObjectField()
    actor = serializers.CharField()
    reverses_uid = serializers.UUIDField(allow_null=True)
    at = serializers.DateTimeField()
