"""What tells clips that show the same events, and the pairs that were found.

Apart from what ingest says of a file, so that a shadow clip, which copies that, has nothing
here: it is compared with nobody, and nobody with it.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from services.tracker.core.models import Row


class Footprint(models.Model):
    """A clip's fingerprint; ``compared_at`` is null until it was held against the others."""

    clip = models.OneToOneField("clips.Clip", on_delete=models.PROTECT, related_name="footprint")
    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    samples = models.BinaryField()
    compared_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["project", "id"],
                condition=Q(compared_at__isnull=True),
                name="footprint_uncompared",
            )
        ]

    def __str__(self) -> str:
        return f"footprint of {self.clip_id}"


class CoarseWord(models.Model):
    """A word of a clip's fingerprint; the constraint's index tells who has it."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    word = models.IntegerField()
    clip = models.ForeignKey(
        "clips.Clip", on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "word", "clip"], name="coarse_word_once")
        ]

    def __str__(self) -> str:
        return f"{self.word:05x} of {self.clip_id}"


class NearDuplicate(Row):
    """Two clips that show the same events; ``shift_s``: when ``other`` begins in ``clip``."""

    clip = models.ForeignKey("clips.Clip", on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey("clips.Clip", on_delete=models.PROTECT, related_name="+")
    distance = models.FloatField()
    # Quarters of a second, which floats hold exactly.
    shift_s = models.FloatField()
    overlap_s = models.FloatField()
    found_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clip", "other"], name="near_duplicate_once"),
            # Whichever of two is compared first, they make one pair.
            models.CheckConstraint(
                condition=Q(clip__lt=F("other")), name="near_duplicate_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clip_id} and {self.other_id}"
