"""Label Studio's webhooks as they came: hints, never truth."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class InboxMessage(models.Model):
    """One webhook's body."""

    raw = models.BinaryField()
    body = models.JSONField(default=dict)
    label_studio_project = models.BigIntegerField(null=True)
    received_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="inbox_waiting")
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"
