"""How annotators came to stand where they do; never changed (trigger)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from services.domain.standing import AnnotatorStanding
from services.tracker.core.models import Row, one_of, word


class StandingEvent(Row):
    """One change of an annotator's standing in a project, with its cause.

    The newest one says where the person stands; who has none is active.
    """

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    before = word()
    after = word()
    cause = models.JSONField()
    actor = models.CharField(max_length=200)
    reverses = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="reversal"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            one_of("before", AnnotatorStanding, name="standing_before"),
            one_of("after", AnnotatorStanding, name="standing_after"),
        ]
        indexes = [models.Index(fields=["project", "user", "-id"], name="standing_newest")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.project_id}: {self.after}"
