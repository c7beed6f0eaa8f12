"""Pre-label models on the wire."""

from __future__ import annotations

from rest_framework import serializers

from services.domain.training_set import Side
from services.tracker.core.fields import (
    HashField,
    KeyField,
    NameField,
    ObjectField,
    ObjectListField,
)
from services.tracker.core.roles import choices_of
from services.tracker.drafts.models import Act
from services.tracker.work.serializers import LARGEST_BIGINT, LARGEST_INT

LARGEST_CHECKPOINT = 2 * 2**30
MOST_CLIPS = 200_000
LONGEST_NOTE = 2000


class TrainingClip(serializers.Serializer):
    """An accepted clip to learn from, or to be judged by."""

    decision_uid = serializers.UUIDField()
    clip_uid = serializers.UUIDField()
    recording = serializers.CharField(help_text="Never on both sides.")
    side = serializers.ChoiceField(choices_of(Side))
    segments = ObjectListField()
    timebase = ObjectField()
    proxy_key = serializers.CharField()
    proxy_sha256 = serializers.CharField()


class DecisionsField(serializers.ListField):
    """Decisions by uid."""

    child = serializers.UUIDField()


class ModelIn(serializers.Serializer):
    """A trained model, what it learnt from, and how it drafts the held-out clips."""

    taxonomy_version = serializers.IntegerField(min_value=1, max_value=LARGEST_INT)
    data_hash = HashField()
    train = DecisionsField(allow_empty=False, max_length=MOST_CLIPS)
    held_out = DecisionsField(allow_empty=False, max_length=MOST_CLIPS)
    seed = serializers.IntegerField(min_value=0, max_value=LARGEST_BIGINT)
    config = ObjectField()
    extractor = NameField(max_length=200)
    code_version = NameField(max_length=200)
    storage_key = KeyField()
    sha256 = HashField()
    n_bytes = serializers.IntegerField(min_value=1, max_value=LARGEST_CHECKPOINT)
    rival_version = serializers.IntegerField(
        min_value=1, max_value=LARGEST_INT, allow_null=True, help_text="Null is the cold start."
    )
    scores = ObjectListField(max_length=MOST_CLIPS)
    rival_scores = ObjectListField(max_length=MOST_CLIPS)


class ModelNote(serializers.Serializer):
    """Why."""

    note = serializers.CharField(
        max_length=LONGEST_NOTE, allow_blank=True, required=False, default=""
    )


class ModelOut(serializers.Serializer):
    """A model with its figures, and those of what it was measured against."""

    uid = serializers.UUIDField()
    project = serializers.CharField(source="project.slug")
    version = serializers.IntegerField()
    taxonomy_version = serializers.IntegerField(source="taxonomy.version")
    taxonomy_hash = serializers.CharField(source="taxonomy.hash")
    data_hash = serializers.CharField()
    seed = serializers.IntegerField()
    config = ObjectField()
    extractor = serializers.CharField()
    code_version = serializers.CharField()
    storage_key = serializers.CharField()
    sha256 = serializers.CharField()
    n_bytes = serializers.IntegerField()
    n_train = serializers.IntegerField()
    n_held_out = serializers.IntegerField()
    rival_version = serializers.IntegerField(source="rival.version", allow_null=True, default=None)
    metrics = ObjectField()
    rival_metrics = ObjectField()
    verdict = ObjectField()
    is_current = serializers.BooleanField()
    trained_at = serializers.DateTimeField()


class TrainingState(serializers.Serializer):
    """What there is to learn from, and what drafts now (null: the cold start)."""

    taxonomy_version = serializers.IntegerField()
    n_train = serializers.IntegerField()
    n_held_out = serializers.IntegerField()
    n_gold_left_out = serializers.IntegerField()
    n_new = serializers.IntegerField()
    current = ModelOut(allow_null=True)
    newest = ModelOut(allow_null=True)


class PromotionOut(serializers.Serializer):
    """That another model came into use; null is the cold start."""

    uid = serializers.UUIDField()
    project = serializers.CharField(source="project.slug")
    taxonomy_version = serializers.IntegerField(source="taxonomy.version")
    act = serializers.ChoiceField(choices_of(Act))
    before_version = serializers.IntegerField(
        source="before.version", allow_null=True, default=None
    )
    after_version = serializers.IntegerField(source="after.version", allow_null=True, default=None)
    actor = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
