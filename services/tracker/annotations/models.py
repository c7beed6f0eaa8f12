"""Seats, what people answered, and what machines proposed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from services.domain.workflow import AssignmentState
from services.tracker.core.models import Row, one_of, word
from services.tracker.core.roles import SeatKind, Verdict


class Assignment(Row):
    """One person's seat on one clip in one round."""

    clip = models.ForeignKey("clips.Clip", on_delete=models.PROTECT, related_name="assignments")
    round = models.PositiveSmallIntegerField()
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="assignments")
    kind = word()
    state = word(default=AssignmentState.PLANNED)
    shows_prelabel = models.BooleanField()
    # What was moved in this seat's draft on purpose, and the draft as it is shown.
    probe = models.JSONField(null=True)
    draft = models.JSONField(null=True)
    lane = models.ForeignKey(
        "lanes.Lane", null=True, on_delete=models.PROTECT, related_name="seats"
    )
    task_id = models.BigIntegerField(null=True)
    findings = models.JSONField(default=list)
    current = models.ForeignKey("Annotation", null=True, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clip", "round", "user"], name="seat_once"),
            models.UniqueConstraint(
                fields=["clip", "round"],
                condition=Q(kind=SeatKind.ARBITRATION),
                name="one_arbiter_a_round",
            ),
            one_of("state", AssignmentState, name="seat_state"),
            one_of("kind", SeatKind, name="seat_kind"),
            models.CheckConstraint(
                condition=Q(probe__isnull=True, draft__isnull=True)
                | Q(probe__isnull=False, draft__isnull=False),
                name="seat_probe_has_its_draft",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["submitted", "passed"]) | Q(current__isnull=False),
                name="seat_answered",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user"], condition=~Q(state=AssignmentState.CLOSED), name="seat_load"
            ),
            models.Index(fields=["lane", "state"], name="seat_by_lane"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of clip {self.clip_id} round {self.round}"


class Annotation(Row):
    """A person's answer as found in Label Studio; never changed (trigger)."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="annotations")
    label_studio_annotation = models.BigIntegerField()
    label_studio_updated_at = models.DateTimeField()
    segments = models.JSONField()
    sha256 = models.CharField(max_length=64)
    verdict = word(null=True)
    note = models.TextField(blank=True)
    lead_time_s = models.FloatField(null=True)
    is_late = models.BooleanField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "label_studio_annotation", "label_studio_updated_at"],
                name="annotation_once",
            ),
            models.CheckConstraint(
                condition=Q(verdict__isnull=True) | Q(verdict__in=[str(v) for v in Verdict]),
                name="annotation_verdict",
            ),
        ]

    def __str__(self) -> str:
        return f"answer {self.uid}"


class Prelabel(Row):
    """A machine's draft; never changed (trigger)."""

    clip = models.ForeignKey("clips.Clip", on_delete=models.PROTECT, related_name="prelabels")
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    model = models.CharField(max_length=200)
    segments = models.JSONField()
    details = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"draft {self.uid}"
