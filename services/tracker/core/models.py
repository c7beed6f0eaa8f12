"""What the models of all apps are made of."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Any

from django.db import models
from django.db.models import Q


class Row(models.Model):
    """A row with an int inside and a UID outside."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True


def one_of(field: str, vocabulary: type[StrEnum], *, name: str) -> models.CheckConstraint:
    """Hold a column to a vocabulary, in the database."""
    return models.CheckConstraint(
        condition=Q(**{f"{field}__in": [str(item) for item in vocabulary]}), name=name
    )


def word(**kwargs: Any) -> Any:
    """Return a column for a word of a vocabulary."""
    return models.CharField(max_length=32, **kwargs)
