"""How rounds ended."""

from __future__ import annotations

from django.db.models import QuerySet

from services.tracker.clips.models import Clip
from services.tracker.quality.models import Decision


def decisions_of_clip(*, clip: Clip) -> QuerySet[Decision]:
    """Return how a clip's rounds ended, the first round first."""
    return Decision.objects.filter(clip=clip).select_related("comparison", "policy", "taxonomy")
