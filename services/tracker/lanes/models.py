"""Lanes: each person's own project inside Label Studio."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from services.tracker.core.models import Row, one_of, word
from services.tracker.core.roles import SeatKind


class Lane(Row):
    """One Label Studio project, for one person, taxonomy version and kind; never two people."""

    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="lanes"
    )
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="lanes")
    kind = word()
    label_studio_project = models.BigIntegerField(unique=True)
    watermark = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["taxonomy", "user", "kind"], name="lane_once"),
            one_of("kind", SeatKind, name="lane_kind"),
        ]

    def __str__(self) -> str:
        return f"lane {self.label_studio_project}"
