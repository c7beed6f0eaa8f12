"""Leases: who works on which clip, until when, and what came of it."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from services.domain.workflow import Stage
from services.tracker.core.models import Row, one_of, word


class LeaseEnd(StrEnum):
    """How a lease ended."""

    REPORTED = "reported"
    EXPIRED = "expired"


class Lease(Row):
    """A worker's claim on one stage of one clip; at most one is open a clip."""

    clip = models.ForeignKey("clips.Clip", on_delete=models.PROTECT, related_name="leases")
    stage = word()
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    worker = models.CharField(max_length=200)
    attempt = models.PositiveSmallIntegerField()
    lease_s = models.PositiveIntegerField()
    # The rules the work is done under are those handed out, whatever is applied meanwhile.
    policy = models.ForeignKey("projects.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    claimed_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    ended = word(null=True)
    ended_at = models.DateTimeField(null=True)
    report_hash = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null: no report
    answer = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clip"], condition=Q(ended__isnull=True), name="one_open_lease_a_clip"
            ),
            one_of("stage", Stage, name="lease_stage"),
            models.CheckConstraint(
                condition=Q(ended__isnull=True, report_hash__isnull=True)
                | Q(ended=LeaseEnd.EXPIRED, report_hash__isnull=True)
                | Q(ended=LeaseEnd.REPORTED, report_hash__isnull=False, answer__isnull=False),
                name="lease_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} on clip {self.clip_id}"
