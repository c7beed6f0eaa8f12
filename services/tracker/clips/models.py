"""Clips, what is known of their files, and their hash-chained history."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from services.domain.timebase import Timebase
from services.domain.workflow import ClipPurpose, ClipState, Stage
from services.tracker.core.models import Row, one_of, word

SHADOW_STATES = (ClipState.PRELABELLED, ClipState.IN_ANNOTATION, ClipState.SCORED)


class Clip(Row):
    """One video and where it stands; written by ``clips.services.clip_write`` only.

    ``version`` counts the clip's events, so it is both the lock of the compare-and-swap and
    the length of the chain whose last link is ``head``.
    """

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="clips")
    name = models.CharField(max_length=500)
    source_uri = models.CharField(max_length=2000)
    sha256 = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null: not known yet
    n_frames = models.PositiveIntegerField(null=True)
    rate = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null: not known yet
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    # In the database too: clips come in by SQL of our own.
    purpose = word(db_default=str(ClipPurpose.WORK))
    gold = models.ForeignKey(
        "gold.Gold", null=True, on_delete=models.PROTECT, related_name="shadows"
    )
    state = word()
    version = models.PositiveIntegerField()
    head = models.CharField(max_length=64)
    round = models.PositiveSmallIntegerField(default=1)
    due = word(null=True)
    due_at = models.DateTimeField(db_default=Now())
    held = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.JSONField(null=True)
    leased_until = models.DateTimeField(null=True)
    # When a shadow clip is scored; drawn as its answer first passes, and open to edits till then.
    closes_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # A shadow clip is its source's likeness.
            models.UniqueConstraint(
                fields=["project", "source_uri"],
                condition=Q(purpose=str(ClipPurpose.WORK)),
                name="clip_source_once",
            ),
            models.UniqueConstraint(
                fields=["project", "sha256"],
                condition=Q(sha256__isnull=False, purpose=str(ClipPurpose.WORK)),
                name="clip_content_once",
            ),
            one_of("purpose", ClipPurpose, name="clip_purpose"),
            models.CheckConstraint(
                condition=Q(purpose=str(ClipPurpose.WORK)) ^ Q(gold__isnull=False),
                name="shadow_has_gold",
            ),
            models.CheckConstraint(
                condition=~Q(state=str(ClipState.SCORED)) | ~Q(purpose=str(ClipPurpose.WORK)),
                name="only_shadows_are_scored",
            ),
            models.CheckConstraint(
                condition=Q(purpose=str(ClipPurpose.WORK))
                | Q(state__in=[str(state) for state in SHADOW_STATES]),
                name="shadows_are_never_decided",
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | ~Q(purpose=str(ClipPurpose.WORK)),
                name="only_shadows_close_by_time",
            ),
            one_of("state", ClipState, name="clip_state"),
            models.CheckConstraint(
                condition=Q(due__isnull=True) | Q(due__in=[str(stage) for stage in Stage]),
                name="clip_due",
            ),
            models.CheckConstraint(condition=Q(round__gte=1), name="clip_round"),
            models.CheckConstraint(
                condition=Q(held=False) | Q(reason__isnull=False, due__isnull=False),
                name="clip_held_has_reason",
            ),
        ]
        indexes = [
            # Exactly the claim's query, over all projects and within one.
            models.Index(
                fields=["due", "due_at", "id"],
                condition=Q(due__isnull=False, held=False),
                name="clip_claimable",
            ),
            models.Index(
                fields=["project", "due", "due_at", "id"],
                condition=Q(due__isnull=False, held=False),
                name="clip_claimable_in_project",
            ),
            models.Index(
                fields=["leased_until"],
                condition=Q(leased_until__isnull=False),
                name="clip_leased",
            ),
            models.Index(fields=["project", "state"], name="clip_by_state"),
        ]

    def __str__(self) -> str:
        return self.name


class Media(models.Model):
    """What ingest found out about a clip's file."""

    clip = models.OneToOneField(Clip, on_delete=models.PROTECT, related_name="media")
    timebase = models.JSONField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    proxy_key = models.CharField(max_length=500)
    proxy_sha256 = models.CharField(max_length=64)
    proxy_bytes = models.PositiveBigIntegerField()
    probe = models.JSONField()
    hints = models.JSONField(null=True)
    strip_key = models.CharField(max_length=500, null=True)  # noqa: DJ001 - null: made without

    def __str__(self) -> str:
        return f"media of {self.clip_id}"


class View(models.Model):
    """One camera of a clip that is a group; the first is the clip's own source.

    What ingest found out about it comes later; the reference has neither alignment nor map.
    """

    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="views")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    source_uri = models.CharField(max_length=2000)
    sync = models.CharField(max_length=16)
    offset_s = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null: to be found
    drift_ppm = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null: not known yet
    timebase = models.JSONField(null=True)
    probe = models.JSONField(null=True)
    alignment = models.JSONField(null=True)
    frame_map = models.JSONField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["clip", "position"], name="view_position_once"),
            models.UniqueConstraint(fields=["clip", "name"], name="view_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def n_frames(self) -> int | None:
        """Frames of the view itself."""
        return Timebase.from_json(self.timebase).n_frames if self.timebase else None

    @property
    def rate(self) -> str | None:
        """The view's own rate."""
        return self.timebase["rate"] if self.timebase else None


class ClipEvent(models.Model):
    """One link of a clip's history; never changed (trigger)."""

    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    step = word()
    before = word(null=True)
    after = word()
    round = models.PositiveSmallIntegerField()
    payload = models.JSONField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clip", "seq"], name="clip_event_once")]

    def __str__(self) -> str:
        return f"{self.seq}: {self.step}"
