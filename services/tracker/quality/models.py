"""What the checks found and how rounds ended; none of it is ever changed (triggers)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from services.tracker.core.models import Row, one_of, word
from services.tracker.core.roles import DecisionStatus


class SanityCheck(models.Model):
    """Tier 1 on one answer."""

    annotation = models.OneToOneField(
        "annotations.Annotation", on_delete=models.PROTECT, related_name="sanity"
    )
    passed = models.BooleanField()
    findings = models.JSONField()
    policy = models.ForeignKey("projects.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"tier 1 on {self.annotation_id}"


class Comparison(Row):
    """Tier 2 on the two opinions of a round; x and y are in their drawn order."""

    clip = models.ForeignKey("clips.Clip", on_delete=models.PROTECT, related_name="comparisons")
    round = models.PositiveSmallIntegerField()
    x = models.ForeignKey("annotations.Annotation", on_delete=models.PROTECT, related_name="+")
    y = models.ForeignKey("annotations.Annotation", on_delete=models.PROTECT, related_name="+")
    document = models.JSONField()
    policy = models.ForeignKey("projects.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    compared_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clip", "round"], name="comparison_once"),
            models.CheckConstraint(condition=~models.Q(x=models.F("y")), name="comparison_of_two"),
        ]

    def __str__(self) -> str:
        return f"tier 2 on clip {self.clip_id} round {self.round}"


class Decision(Row):
    """How a clip's round ended, and under which rules."""

    clip = models.ForeignKey("clips.Clip", on_delete=models.PROTECT, related_name="decisions")
    round = models.PositiveSmallIntegerField()
    status = word()
    segments = models.JSONField()
    comparison = models.ForeignKey(Comparison, on_delete=models.PROTECT, related_name="+")
    arbitration = models.ForeignKey(
        "annotations.Annotation", null=True, on_delete=models.PROTECT, related_name="+"
    )
    policy = models.ForeignKey("projects.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clip", "round"], name="decision_once"),
            one_of("status", DecisionStatus, name="decision_status"),
            models.CheckConstraint(
                condition=models.Q(status=DecisionStatus.AGREED)
                ^ models.Q(arbitration__isnull=False),
                name="decision_has_its_author",
            ),
        ]

    def __str__(self) -> str:
        return f"clip {self.clip_id} round {self.round}: {self.status}"
