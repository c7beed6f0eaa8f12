"""What was measured: rows that never change (triggers)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from services.tracker.core.models import Row, one_of, word
from services.tracker.monitoring.vocabulary import ReferenceKind


class Measurement(Row):
    """An answer beside a reference; never changed (trigger).

    ``document`` is the comparison: the reference on side a, the answer on side b.
    """

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="measurements"
    )
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="measurements")
    clip = models.ForeignKey("clips.Clip", on_delete=models.PROTECT, related_name="measurements")
    annotation = models.ForeignKey(
        "annotations.Annotation", on_delete=models.PROTECT, related_name="measurements"
    )
    reference = word()
    document = models.JSONField()
    policy = models.ForeignKey("projects.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    measured_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["annotation", "reference"], name="measurement_once"),
            one_of("reference", ReferenceKind, name="measurement_reference"),
        ]
        indexes = [
            # Exactly the monitor's query: a person's history against gold, in its order.
            models.Index(fields=["project", "reference", "user", "id"], name="measurement_history"),
        ]

    def __str__(self) -> str:
        return f"answer {self.annotation_id} against {self.reference}"
