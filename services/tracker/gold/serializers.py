"""Known answers on the wire; who labels never gets any of this."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from services.domain.comparison.disputes import Comparison
from services.domain.workflow import AssignmentState, ClipPurpose
from services.tracker.core.fields import ObjectField
from services.tracker.core.roles import DecisionStatus, choices_of

LONGEST_NOTE = 2000


class GoldNote(serializers.Serializer):
    """Why."""

    note = serializers.CharField(
        max_length=LONGEST_NOTE, allow_blank=True, required=False, default=""
    )


class GoldIn(GoldNote):
    """A clip whose decision shall be gold, and why."""

    clip_uid = serializers.UUIDField()


class GoldOut(serializers.Serializer):
    """A decision that people are measured by."""

    uid = serializers.UUIDField()
    project = serializers.CharField(source="project.slug")
    clip_uid = serializers.UUIDField(source="source.uid")
    clip_name = serializers.CharField(source="source.name")
    decision_uid = serializers.UUIDField(source="decision.uid")
    status = serializers.ChoiceField(choices_of(DecisionStatus), source="decision.status")
    round = serializers.IntegerField(source="decision.round")
    taxonomy_version = serializers.IntegerField(source="decision.taxonomy.version")
    is_fit = serializers.BooleanField()
    n_shown = serializers.IntegerField()
    n_scored = serializers.IntegerField()
    promoted_by = serializers.CharField()
    promoted_at = serializers.DateTimeField()
    note = serializers.CharField(allow_blank=True)
    withdrawn_by = serializers.CharField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    withdrawn_note = serializers.CharField(allow_blank=True)


class ShowingQuery(serializers.Serializer):
    """Which showings to list."""

    username = serializers.CharField(max_length=150, required=False)
    purpose = serializers.ChoiceField(
        [(str(item), str(item)) for item in ClipPurpose if item is not ClipPurpose.WORK],
        required=False,
    )


class ShowingOut(serializers.Serializer):
    """That a person gets a known clip, and, once answered, how the answer compares."""

    uid = serializers.UUIDField()
    gold_uid = serializers.UUIDField(source="gold.uid")
    username = serializers.CharField(source="user.username")
    purpose = serializers.ChoiceField(choices_of(ClipPurpose))
    clip_uid = serializers.UUIDField(source="clip.uid")
    clip_name = serializers.CharField(source="clip.name")
    seat_state = serializers.ChoiceField(choices_of(AssignmentState))
    planned_at = serializers.DateTimeField()
    scored_at = serializers.DateTimeField(source="score.scored_at", allow_null=True, default=None)
    annotation_uid = serializers.UUIDField(
        source="score.annotation.uid", allow_null=True, default=None
    )
    agreement = serializers.SerializerMethodField()
    comparison = ObjectField(source="score.comparison", allow_null=True, default=None)

    def get_agreement(self, showing: Any) -> float | None:
        """Return the share of segments, gold's and the answer's, that agree."""
        score = getattr(showing, "score", None)
        if score is None:
            return None
        return Comparison.from_json(score.comparison).counts.agreement
