"""Models that draft clips: what each learnt from, how good it is, and which one is in use."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from services.domain.training_set import Side
from services.tracker.core.models import Row, one_of, word


class Act(StrEnum):
    """How the model in use came to be another."""

    PROMOTED = "promoted"
    WITHDRAWN = "withdrawn"


class ModelVersion(Row):
    """A trained model and all that is needed to train it again; never changed (trigger)."""

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    data_hash = models.CharField(max_length=64)
    seed = models.BigIntegerField()
    config = models.JSONField()
    extractor = models.CharField(max_length=200)
    code_version = models.CharField(max_length=200)
    storage_key = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64)
    n_bytes = models.PositiveBigIntegerField()
    n_train = models.PositiveIntegerField()
    n_held_out = models.PositiveIntegerField()
    # What it was measured against; null is the cold start.
    rival = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    scores = models.JSONField()
    metrics = models.JSONField()
    rival_metrics = models.JSONField()
    verdict = models.JSONField()
    trained_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    trained_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="model_version_once"),
            models.UniqueConstraint(fields=["project", "sha256"], name="model_content_once"),
        ]

    def __str__(self) -> str:
        return f"model {self.version} of {self.project_id}"


class Lesson(models.Model):
    """A decision that a model learnt from or was judged by; never changed (trigger)."""

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="lessons")
    decision = models.ForeignKey("quality.Decision", on_delete=models.PROTECT, related_name="+")
    side = word()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "decision"], name="lesson_once"),
            one_of("side", Side, name="lesson_side"),
        ]

    def __str__(self) -> str:
        return f"{self.decision_id} of {self.model_id}"


class Promotion(Row):
    """That another model drafts a taxonomy's clips from now on; never changed (trigger).

    The newest row of a project and taxonomy says which; null is the cold start.
    """

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    act = word()
    before = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="+")
    after = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="+")
    actor = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            one_of("act", Act, name="promotion_act"),
            models.CheckConstraint(
                condition=Q(before__isnull=True)
                | Q(after__isnull=True)
                | ~Q(before=models.F("after")),
                name="promotion_changes_something",
            ),
            models.CheckConstraint(
                condition=Q(act=str(Act.PROMOTED), after__isnull=False)
                | Q(act=str(Act.WITHDRAWN), before__isnull=False),
                name="promotion_has_its_model",
            ),
        ]
        indexes = [models.Index(fields=["project", "taxonomy", "-id"], name="promotion_newest")]

    def __str__(self) -> str:
        return f"{self.act}: {self.before_id} -> {self.after_id}"
