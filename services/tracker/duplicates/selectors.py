"""Pairs of clips that look alike, and who may know of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from services.tracker.clips.selectors import clip_get
from services.tracker.duplicates.models import NearDuplicate
from services.tracker.people.models import User
from services.tracker.projects.selectors import project_by_slug


def near_duplicates(*, user: User, slug: str) -> QuerySet[NearDuplicate]:
    """Return a project's pairs."""
    project = project_by_slug(user=user, slug=slug)
    return _pairs().filter(clip__project=project)


def near_duplicates_of(*, user: User, uid: UUID) -> QuerySet[NearDuplicate]:
    """Return the pairs that a clip is one of, or raise NotFoundError."""
    clip = clip_get(user=user, uid=uid)
    return _pairs().filter(Q(clip=clip) | Q(other=clip))


def pair_seen_from(pair: NearDuplicate, uid: UUID) -> dict[str, Any]:
    """Return a pair with the given clip as its first."""
    if pair.clip.uid == uid:
        return pair_shown(pair)
    return pair_shown(pair) | {
        "clip_uid": pair.other.uid,
        "clip_name": pair.other.name,
        "other_uid": pair.clip.uid,
        "other_name": pair.clip.name,
        "shift_s": -pair.shift_s,
    }


def pair_shown(pair: NearDuplicate) -> dict[str, Any]:
    """Return a pair in its outer form."""
    return {
        "uid": pair.uid,
        "clip_uid": pair.clip.uid,
        "clip_name": pair.clip.name,
        "other_uid": pair.other.uid,
        "other_name": pair.other.name,
        "distance": pair.distance,
        "shift_s": pair.shift_s,
        "overlap_s": pair.overlap_s,
        "found_at": pair.found_at,
    }


def _pairs() -> QuerySet[NearDuplicate]:
    return NearDuplicate.objects.select_related("clip", "other")
