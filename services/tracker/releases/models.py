"""Releases: frozen sets of accepted clips and the files made from them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from services.tracker.core.models import Row, one_of, word
from services.tracker.core.roles import ReleaseState


class Release(Row):
    """A named, frozen set of accepted clips; once published it never changes (trigger)."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="releases"
    )
    version = models.CharField(max_length=64)
    state = word(default=ReleaseState.BUILDING)
    taxonomy = models.ForeignKey(
        "projects.TaxonomyVersion", on_delete=models.PROTECT, related_name="+"
    )
    n_clips = models.PositiveIntegerField()
    request_hash = models.CharField(max_length=64)
    fault = models.TextField(blank=True)
    created_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "version"],
                condition=~Q(state=ReleaseState.FAILED),
                name="release_once",
            ),
            one_of("state", ReleaseState, name="release_state"),
            models.CheckConstraint(
                condition=Q(state=ReleaseState.PUBLISHED) ^ Q(published_at__isnull=True),
                name="release_published_at",
            ),
        ]

    def __str__(self) -> str:
        return self.version


class ReleaseClip(models.Model):
    """One accepted clip of a release, by the decision that is released (append-only)."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="clips")
    decision = models.ForeignKey("quality.Decision", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "decision"], name="release_clip_once")
        ]

    def __str__(self) -> str:
        return f"{self.decision_id} in {self.release_id}"


class ReleaseFile(models.Model):
    """One file of a release and where it is stored (append-only)."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    n_bytes = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100)
    storage_key = models.CharField(max_length=500)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "path"], name="release_file_once")
        ]

    def __str__(self) -> str:
        return self.path
