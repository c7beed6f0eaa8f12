"""Projects, who takes part in them, and the versions of their rules."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from services.domain.errors import ConflictError
from services.tracker.core.models import Row


class Project(Row):
    """A client's body of clips, worked under one policy and taxonomy at a time."""

    slug = models.CharField(max_length=64, unique=True)
    title = models.CharField(max_length=200)
    policy = models.ForeignKey(
        "PolicyVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    taxonomy = models.ForeignKey(
        "TaxonomyVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    members = models.ManyToManyField("people.User", through="Membership", related_name="projects")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.slug

    @property
    def rules(self) -> PolicyVersion:
        """The policy that work is handed out under."""
        if self.policy is None:
            raise ConflictError(f"{self.slug} has no policy yet.", code="no_policy")
        return self.policy

    @property
    def labels(self) -> TaxonomyVersion:
        """The labels that work is handed out under."""
        if self.taxonomy is None:
            raise ConflictError(f"{self.slug} has no taxonomy yet.", code="no_taxonomy")
        return self.taxonomy


class Membership(models.Model):
    """A person's part in a project, in the role of the account."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="memberships")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.project_id}"


class PolicyVersion(models.Model):
    """A project's numbers as they once stood; never changed (trigger)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="policies")
    version = models.PositiveIntegerField()
    document = models.JSONField()
    hash = models.CharField(max_length=64)
    created_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="policy_version_once")
        ]

    def __str__(self) -> str:
        return f"policy {self.version} of {self.project_id}"


class TaxonomyVersion(models.Model):
    """A project's labels as they once stood; never changed (trigger)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="taxonomies")
    version = models.PositiveIntegerField()
    document = models.JSONField()
    hash = models.CharField(max_length=64)
    created_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="taxonomy_version_once")
        ]

    def __str__(self) -> str:
        return f"taxonomy {self.version} of {self.project_id}"
