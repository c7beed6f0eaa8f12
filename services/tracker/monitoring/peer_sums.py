"""Sums over pairs of blind opinions."""

from __future__ import annotations

from django.db import models

from services.domain.monitoring.peers import PeerTally
from services.tracker.monitoring.sums import Sums


class PeerSums(Sums):
    """Sums of ``services.domain.monitoring.peers.PeerTally``, column by field."""

    n_clips = models.BigIntegerField()
    n_segments = models.BigIntegerField()
    n_agreed = models.BigIntegerField()
    n_alone = models.BigIntegerField()
    n_mislabelled = models.BigIntegerField()
    n_shifted = models.BigIntegerField()
    n_divided = models.BigIntegerField()
    n_pairs = models.BigIntegerField()
    onset_frames = models.BigIntegerField()
    offset_frames = models.BigIntegerField()
    segments_squared = models.BigIntegerField()
    agreed_squared = models.BigIntegerField()
    segments_by_agreed = models.BigIntegerField()

    class Meta:
        abstract = True

    @property
    def tally(self) -> PeerTally:
        """The sums as the domain's."""
        return PeerTally(**self.amounts)


class LabelAgreement(PeerSums):
    """Agreement of two blind opinions by label, with the machine's draft before them or not."""

    KEY = ("project", "taxonomy", "layer", "label", "with_draft")

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    layer = models.TextField()
    label = models.TextField()
    with_draft = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "taxonomy", "layer", "label", "with_draft"],
                name="label_agreement_once",
            )
        ]

    def __str__(self) -> str:
        return f"agreement on {self.layer}/{self.label}"


class PairAgreement(PeerSums):
    """Agreement of two people by name, the lower id first."""

    KEY = ("project", "user_a", "user_b", "with_draft")

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    user_a = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    user_b = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    with_draft = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user_a", "user_b", "with_draft"], name="pair_agreement_once"
            ),
            models.CheckConstraint(
                condition=models.Q(user_a__lt=models.F("user_b")), name="pair_agreement_order"
            ),
        ]

    def __str__(self) -> str:
        return f"agreement of {self.user_a_id} and {self.user_b_id}"


class DayAgreement(PeerSums):
    """Agreement over all labels by the day (UTC) on which the opinions were compared."""

    KEY = ("project", "day", "with_draft")

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    with_draft = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "day", "with_draft"], name="day_agreement_once"
            )
        ]

    def __str__(self) -> str:
        return f"agreement on {self.day}"


class VoteSums(Sums):
    """How often two people gave these two labels for one thing; "" stands for nothing."""

    KEY = ("project", "taxonomy", "user_a", "user_b", "label_a", "label_b")

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    user_a = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    user_b = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    label_a = models.TextField(blank=True)
    label_b = models.TextField(blank=True)
    n = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "taxonomy", "user_a", "user_b", "label_a", "label_b"],
                name="vote_sums_once",
            ),
            models.CheckConstraint(
                condition=models.Q(user_a__lt=models.F("user_b")), name="vote_sums_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label_a or 'nothing'} against {self.label_b or 'nothing'}"
