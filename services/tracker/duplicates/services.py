"""Near duplicates are looked for here: after ingest, in turns, and without a lock on any clip.

A clip's words are kept with its ingest, so of two that come in at once the one that is compared
later finds the other. What a turn costs does not depend on how many clips a project has.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from services.domain.fingerprint import Fingerprint, Likeness, likeness
from services.domain.likeness_words import LEAST_SHARED, likeness_words
from services.tracker.clips.models import Clip
from services.tracker.duplicates.models import CoarseWord, Footprint, NearDuplicate
from services.tracker.projects.models import Project

TURN_S = 5.0
MOST_HOLDERS = 200
MOST_COMPARED = 32
MOST_SAMPLES = 400_000

# A word that many clips have says little: only its newest holders are looked at, and it counts
# for less. The index ends at the clip, so they are read off it in order.
LIKELY = """
WITH held AS (
    SELECT holder.clip_id, count(*) OVER (PARTITION BY mine.word) AS n_holders
    FROM unnest(%(words)s::integer[]) AS mine (word)
    CROSS JOIN LATERAL (
        SELECT clip_id FROM duplicates_coarseword
        WHERE project_id = %(project)s AND word = mine.word AND clip_id <> %(clip)s
        ORDER BY clip_id DESC LIMIT %(holders)s
    ) AS holder
)
SELECT clip_id FROM held
GROUP BY clip_id HAVING count(*) >= %(shared)s
ORDER BY sum(1.0 / n_holders) DESC, clip_id DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn did, and how many clips still wait to be compared."""

    n_compared: int
    n_found: int
    n_left: int


def footprint_keep(*, clip: Clip, fingerprint: Fingerprint) -> None:
    """Keep what a clip is told by; the caller opens the transaction."""
    Footprint.objects.create(clip=clip, project_id=clip.project_id, samples=fingerprint.data)
    CoarseWord.objects.bulk_create(
        CoarseWord(project_id=clip.project_id, word=word, clip=clip)
        for word in likeness_words(fingerprint)
    )


def near_duplicates_find(*, project: Project) -> Turn:
    """Compare clips that were not compared yet, for some seconds; call again for the rest."""
    began, n_compared, n_found = time.monotonic(), 0, 0
    while time.monotonic() - began < TURN_S:
        found = _compare_next(project)
        if found is None:
            break
        n_compared, n_found = n_compared + 1, n_found + found
    n_left = Footprint.objects.filter(project=project, compared_at=None).count()
    return Turn(n_compared=n_compared, n_found=n_found, n_left=n_left)


@transaction.atomic
def _compare_next(project: Project) -> int | None:
    """Compare the oldest clip that nobody else is at; return the pairs, or None for no clip."""
    waiting = Footprint.objects.filter(project=project, compared_at=None).order_by("pk")
    own = waiting.select_for_update(skip_locked=True).first()
    if own is None:
        return None
    pairs = [_pair(own.clip_id, other, found) for other, found in _near(own)]
    NearDuplicate.objects.bulk_create(pairs, ignore_conflicts=True)
    Footprint.objects.filter(pk=own.pk).update(compared_at=timezone.now())
    return len(pairs)


def _near(own: Footprint) -> Iterable[tuple[int, Likeness]]:
    mine = Fingerprint(data=bytes(own.samples))
    known = _known(own.clip_id)
    likely = [clip for clip in _likely(own, likeness_words(mine)) if clip not in known]
    rows = dict(Footprint.objects.filter(clip__in=likely).values_list("clip", "samples"))
    n_samples = 0
    for other in likely:  # the likeliest first
        theirs = Fingerprint(data=bytes(rows[other]))
        n_samples += max(len(mine), len(theirs))
        if n_samples > MOST_SAMPLES:
            return
        found = likeness(mine, theirs)
        if found is not None and found.is_near:
            yield other, found


def _known(clip: int) -> set[int]:
    """Return the clips whose own turn found this one already."""
    pairs = NearDuplicate.objects.filter(Q(clip=clip) | Q(other=clip))
    return {end for pair in pairs.values_list("clip", "other") for end in pair}


def _likely(own: Footprint, words: list[int]) -> list[int]:
    values: dict[str, Any] = {
        "words": words,
        "project": own.project_id,
        "clip": own.clip_id,
        "holders": MOST_HOLDERS,
        "shared": LEAST_SHARED,
        "most": MOST_COMPARED,
    }
    with connection.cursor() as cursor:
        cursor.execute(LIKELY, values)
        return [clip for (clip,) in cursor.fetchall()]


def _pair(own: int, other: int, found: Likeness) -> NearDuplicate:
    seen = found if own < other else found.mirrored()
    return NearDuplicate(
        clip_id=min(own, other),
        other_id=max(own, other),
        distance=seen.distance,
        shift_s=float(seen.shift_s),
        overlap_s=float(seen.overlap_s),
    )
