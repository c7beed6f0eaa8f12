"""Clips on the wire."""

from __future__ import annotations

from rest_framework import serializers

from services.domain.workflow import ClipPurpose, ClipState, Stage
from services.tracker.core.fields import NameField, ObjectField
from services.tracker.core.roles import choices_of

MOST_CLIPS = 5000
ANY = "any"


class ClipIn(serializers.Serializer):
    """A clip to register; its source is its identity within the project."""

    name = NameField()
    source_uri = serializers.RegexField(r"^(file|s3)://\S", max_length=2000)


class ClipsIn(serializers.Serializer):
    """Clips to register."""

    clips = serializers.ListField(child=ClipIn(), allow_empty=False, max_length=MOST_CLIPS)


class ClipRegistered(serializers.Serializer):
    """What became of one clip."""

    uid = serializers.UUIDField()
    name = serializers.CharField()
    created = serializers.BooleanField()


class ClipsRegistered(serializers.Serializer):
    """What became of all clips, in the order asked."""

    n_created = serializers.IntegerField()
    n_known = serializers.IntegerField()
    clips = ClipRegistered(many=True)


class ClipQuery(serializers.Serializer):
    """Which clips to list."""

    state = serializers.ChoiceField(choices_of(ClipState), required=False)
    due = serializers.ChoiceField(choices_of(Stage), required=False)
    held = serializers.BooleanField(required=False, allow_null=True, default=None)
    name = NameField(required=False)
    purpose = serializers.ChoiceField([*choices_of(ClipPurpose), (ANY, ANY)], default="work")


class ClipOut(serializers.Serializer):
    """A clip as managers and workers see it."""

    uid = serializers.UUIDField()
    project = serializers.CharField(source="project.slug")
    name = serializers.CharField()
    source_uri = serializers.CharField()
    purpose = serializers.ChoiceField(choices_of(ClipPurpose))
    state = serializers.ChoiceField(choices_of(ClipState))
    due = serializers.ChoiceField(choices_of(Stage), allow_null=True)
    held = serializers.BooleanField()
    round = serializers.IntegerField()
    n_frames = serializers.IntegerField(allow_null=True)
    rate = serializers.CharField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    reason = ObjectField(allow_null=True)
    taxonomy_version = serializers.IntegerField(
        source="taxonomy.version", allow_null=True, default=None
    )
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()


class ClipEventOut(serializers.Serializer):
    """One link of a clip's history."""

    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    step = serializers.CharField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField()
    round = serializers.IntegerField()
    payload = ObjectField()
    previous_hash = serializers.CharField()
    hash = serializers.CharField()
