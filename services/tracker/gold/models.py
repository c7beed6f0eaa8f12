"""Answers that are known, to whom they were shown, and how those answered."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from services.domain.workflow import ClipPurpose
from services.tracker.core.models import Row, word


class Gold(Row):
    """A decision that people are measured by; only its withdrawal is ever written (trigger)."""

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey("clips.Clip", on_delete=models.PROTECT, related_name="+")
    decision = models.ForeignKey("quality.Decision", on_delete=models.PROTECT, related_name="gold")
    promoted_by = models.CharField(max_length=200)
    promoted_at = models.DateTimeField(db_default=Now())
    note = models.TextField(blank=True)
    withdrawn_by = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null: it stands
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["decision"], condition=Q(withdrawn_at__isnull=True), name="gold_once"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="gold_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"gold of clip {self.source_id}"


class Showing(Row):
    """That a person gets a clip whose answer is known; never changed (trigger)."""

    gold = models.ForeignKey(Gold, on_delete=models.PROTECT, related_name="showings")
    # The clip that the gold is of: decided anew, it is still one that the person has seen.
    source = models.ForeignKey("clips.Clip", on_delete=models.PROTECT, related_name="showings")
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    clip = models.OneToOneField("clips.Clip", on_delete=models.PROTECT, related_name="showing")
    purpose = word()
    # The change of standing that the person is on trial by.
    trial = models.ForeignKey(
        "standing.StandingEvent", null=True, on_delete=models.PROTECT, related_name="showings"
    )
    planned_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "user"], name="gold_shown_once"),
            models.CheckConstraint(
                condition=Q(purpose=str(ClipPurpose.HONEYPOT), trial__isnull=True)
                | Q(purpose=str(ClipPurpose.CALIBRATION), trial__isnull=False),
                name="showing_purpose",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.clip_id} for {self.user_id}"


class Score(models.Model):
    """An answer held against the known one; never changed (trigger)."""

    showing = models.OneToOneField(Showing, on_delete=models.PROTECT, related_name="score")
    annotation = models.OneToOneField(
        "annotations.Annotation", on_delete=models.PROTECT, related_name="+"
    )
    comparison = models.JSONField()
    policy = models.ForeignKey("projects.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    scored_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"score of {self.showing_id}"
