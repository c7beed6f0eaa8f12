"""What the monitor saw and did: rows that are never changed (triggers), so an audit trail."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from services.tracker.core.models import Row, one_of, word
from services.tracker.monitoring.vocabulary import ConsequenceKind, ReopenOutcome


class Inspection(Row):
    """One look at everybody's answers to gold in a project."""

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="+")
    policy = models.ForeignKey("projects.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    # The newest measurement that was looked at: without a newer one there is nothing to see.
    newest = models.ForeignKey(
        "monitoring.Measurement", null=True, on_delete=models.PROTECT, related_name="+"
    )
    n_people = models.PositiveIntegerField()
    n_clips = models.PositiveIntegerField()
    reliability = models.JSONField()
    actor = models.CharField(max_length=200)
    inspected_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="inspection_newest")]

    def __str__(self) -> str:
        return f"inspection {self.uid}"


class Alarm(Row):
    """What stood out about one person in one inspection: one signal or several."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="alarms")
    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="alarms")
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="alarms")
    signals = models.JSONField()
    raised_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inspection", "user"], name="alarm_once"),
        ]
        indexes = [models.Index(fields=["project", "user"], name="alarm_by_person")]

    def __str__(self) -> str:
        return f"alarm over {self.user_id}"

    @property
    def taken_back(self) -> Reversal | None:
        """Its reversal, if there is one."""
        return getattr(self, "reversal", None)

    @property
    def borne_out(self) -> Confirmation | None:
        """Its second look, if later answers bore it out."""
        return getattr(self, "confirmation", None)


class Confirmation(Row):
    """That an alarm's signals stood out again, in later answers alone: the second look."""

    alarm = models.OneToOneField(Alarm, on_delete=models.PROTECT, related_name="confirmation")
    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="+")
    # Those of the alarm's signals that the inspection named, as it did.
    signals = models.JSONField()
    # The person's answers since the alarm.
    n_later = models.PositiveIntegerField()
    confirmed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"confirmation of alarm {self.alarm_id}"


class Consequence(models.Model):
    """What followed an alarm, as the policy says."""

    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="consequences")
    kind = word()
    reason = models.TextField()
    # Recalibrate and pause: the change of standing; None where the person stood there already,
    # or where a later consequence of the same alarm lets him stand elsewhere.
    standing = models.ForeignKey(
        "standing.StandingEvent", null=True, on_delete=models.PROTECT, related_name="+"
    )
    # Reopen: the gold clip before the fault, the last one that was sound; None: there is none.
    after = models.ForeignKey(
        "monitoring.Measurement", null=True, on_delete=models.PROTECT, related_name="+"
    )
    # Reopen: answers that came after this are in doubt; None: all are.
    since = models.DateTimeField(null=True)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alarm", "kind"], name="consequence_once"),
            one_of("kind", ConsequenceKind, name="consequence_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} after alarm {self.alarm_id}"


class ReopenedClip(models.Model):
    """A clip that a consequence reached: opened again, or why it could not be."""

    consequence = models.ForeignKey(Consequence, on_delete=models.PROTECT, related_name="clips")
    clip = models.ForeignKey("clips.Clip", on_delete=models.PROTECT, related_name="+")
    # The decision that was opened again.
    decision = models.ForeignKey("quality.Decision", on_delete=models.PROTECT, related_name="+")
    outcome = word()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consequence", "clip"], name="reopened_once"),
            one_of("outcome", ReopenOutcome, name="reopened_outcome"),
        ]

    def __str__(self) -> str:
        return f"clip {self.clip_id}: {self.outcome}"


class Reversal(Row):
    """That a manager took an alarm and all that followed it back."""

    alarm = models.OneToOneField(Alarm, on_delete=models.PROTECT, related_name="reversal")
    actor = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    outcome = models.JSONField()
    reversed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"reversal of alarm {self.alarm_id}"
