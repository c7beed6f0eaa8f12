"""Sums over one person's answers."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from services.domain.monitoring.anchoring import DraftTally
from services.domain.monitoring.confusion import Cell
from services.domain.monitoring.durations import TimeTally
from services.domain.monitoring.tallies import CLAMP_FRAMES, DeltaTally, LabelTally
from services.tracker.core.models import one_of, word
from services.tracker.monitoring.sums import Amounts, Sums
from services.tracker.monitoring.vocabulary import ReferenceKind

DELTAS = range(-CLAMP_FRAMES, CLAMP_FRAMES + 1)
"""The bins of a histogram of deltas, in frames."""


def histogram() -> Any:
    """Return a column for the bins of ``DeltaTally``: from the earliest to the latest."""
    return ArrayField(models.BigIntegerField(), size=2 * CLAMP_FRAMES + 1)


class PersonSums(Sums):
    """What a person's answers add up to against references, by label.

    The sums of ``services.domain.monitoring.tallies.LabelTally``, with the number of clips.
    """

    KEY = ("project", "taxonomy", "user", "reference", "layer", "label")

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    reference = word()
    layer = models.TextField()
    label = models.TextField()
    n_clips = models.BigIntegerField()
    n_reference = models.BigIntegerField()
    n_answered = models.BigIntegerField()
    n_agreed = models.BigIntegerField()
    n_shifted = models.BigIntegerField()
    n_missed = models.BigIntegerField()
    n_extra = models.BigIntegerField()
    n_confused = models.BigIntegerField()
    n_mistaken = models.BigIntegerField()
    n_split = models.BigIntegerField()
    n_merged = models.BigIntegerField()
    onset_n = models.BigIntegerField()
    onset_total = models.BigIntegerField()
    onset_squares = models.BigIntegerField()
    onset_histogram = histogram()
    offset_n = models.BigIntegerField()
    offset_total = models.BigIntegerField()
    offset_squares = models.BigIntegerField()
    offset_histogram = histogram()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "taxonomy", "user", "reference", "layer", "label"],
                name="person_sums_once",
            ),
            one_of("reference", ReferenceKind, name="person_sums_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.layer}/{self.label} against {self.reference}"

    @property
    def tally(self) -> LabelTally:
        """The sums as the domain's."""
        counts = {n: v for n, v in self.amounts.items() if n.startswith("n_") and n != "n_clips"}
        return LabelTally(**counts, onset=self._deltas("onset"), offset=self._deltas("offset"))

    @staticmethod
    def amounts_of(tally: LabelTally) -> Amounts:
        """Return one clip's tally by column."""
        amounts: Amounts = {"n_clips": 1}
        for field in fields(tally):
            value = getattr(tally, field.name)
            if isinstance(value, DeltaTally):
                amounts[f"{field.name}_n"] = value.n
                amounts[f"{field.name}_total"] = value.total
                amounts[f"{field.name}_squares"] = value.squares
                bins = dict(value.histogram)
                amounts[f"{field.name}_histogram"] = [bins.get(delta, 0) for delta in DELTAS]
            else:
                amounts[field.name] = value
        return amounts

    def _deltas(self, side: str) -> DeltaTally:
        bins = zip(DELTAS, getattr(self, f"{side}_histogram"), strict=True)
        return DeltaTally(
            n=getattr(self, f"{side}_n"),
            total=getattr(self, f"{side}_total"),
            squares=getattr(self, f"{side}_squares"),
            histogram=tuple((delta, n) for delta, n in bins if n),
        )


class ConfusionSums(Sums):
    """Which label a person gave where the reference has which; "" stands for nothing."""

    KEY = (
        "project",
        "taxonomy",
        "user",
        "reference",
        "layer",
        "reference_label",
        "answered_label",
    )

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    reference = word()
    layer = models.TextField()
    reference_label = models.TextField(blank=True)
    answered_label = models.TextField(blank=True)
    n = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "project",
                    "taxonomy",
                    "user",
                    "reference",
                    "layer",
                    "reference_label",
                    "answered_label",
                ],
                name="confusion_sums_once",
            ),
            one_of("reference", ReferenceKind, name="confusion_sums_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.reference_label or 'nothing'} as {self.answered_label}"

    @property
    def cell(self) -> Cell:
        """The matrix cell as the domain's."""
        return self.layer, self.reference_label or None, self.answered_label or None


class SeatSums(Sums):
    """What a person's answers took, and what they did to the drafts, if there were any.

    ``time_*`` are the sums of ``services.domain.monitoring.durations.TimeTally``, ``draft_*`` of
    ``services.domain.monitoring.anchoring.DraftTally``.
    """

    KEY = ("project", "user", "with_draft")

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    with_draft = models.BooleanField()
    time_n = models.BigIntegerField()
    time_total_ms = models.BigIntegerField()
    time_logs = models.BigIntegerField()
    time_logs_squared = models.BigIntegerField()
    draft_n_boundaries = models.BigIntegerField()
    draft_n_untouched = models.BigIntegerField()
    draft_n_flawed = models.BigIntegerField()
    draft_n_flaws_kept = models.BigIntegerField()
    draft_n_probes = models.BigIntegerField()
    draft_n_noticed = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user", "with_draft"], name="seat_sums_once")
        ]

    def __str__(self) -> str:
        return f"answers of {self.user_id}"

    @property
    def time(self) -> TimeTally:
        """The times as the domain's."""
        return TimeTally(**{f.name: getattr(self, f"time_{f.name}") for f in fields(TimeTally)})

    @property
    def draft(self) -> DraftTally:
        """What became of drafts as the domain's."""
        return DraftTally(**{f.name: getattr(self, f"draft_{f.name}") for f in fields(DraftTally)})

    @staticmethod
    def amounts_of(*, time: TimeTally | None = None, draft: DraftTally | None = None) -> Amounts:
        """Return tallies by column."""
        times, drafts = asdict(time or TimeTally()), asdict(draft or DraftTally())
        return {
            **{f"time_{name}": value for name, value in times.items()},
            **{f"draft_{name}": value for name, value in drafts.items()},
        }
