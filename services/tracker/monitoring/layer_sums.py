"""Sums over pairs of blind opinions, measured layer by layer."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from services.domain.metrics.layer_sums import FIGURES, N_GROUPS, LayerSums
from services.tracker.monitoring.sums import Amounts, Sums


def by_figure() -> Any:
    """Return a column of one whole number for each of the domain's ``FIGURES``."""
    return ArrayField(models.BigIntegerField(), size=len(FIGURES))


class LayerMeasures(Sums):
    """The sums of ``services.domain.metrics.layer_sums.LayerSums``, column by field.

    A layer's clips fall into groups, so that its figures have intervals; whether the machine's
    draft was shown is told apart. The first opinion is that of the person of the lower id.
    """

    KEY = ("project", "taxonomy", "layer", "with_draft", "clip_group")

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    layer = models.TextField()
    with_draft = models.BooleanField()
    clip_group = models.PositiveSmallIntegerField()
    n_pairs = models.BigIntegerField()
    above = by_figure()
    below = by_figure()
    n_defined = by_figure()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "taxonomy", "layer", "with_draft", "clip_group"],
                name="layer_measures_once",
            ),
            models.CheckConstraint(
                condition=models.Q(clip_group__lt=N_GROUPS), name="layer_measures_group"
            ),
        ]

    def __str__(self) -> str:
        return f"measures of {self.layer}, group {self.clip_group}"

    @staticmethod
    def amounts_of(sums: LayerSums) -> Amounts:
        """Return one pair's sums by column."""
        return {
            "n_pairs": sums.n_pairs,
            "above": list(sums.above),
            "below": list(sums.below),
            "n_defined": list(sums.n_defined),
        }
