"""Clips that show the same events as another one: have them looked for, and say which they are."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from services.client.api import TrackerClient
from services.client.payloads import NearDuplicateOut

log = structlog.get_logger(__name__)

MOST_TURNS = 1000


def flag_near_duplicates(tracker: TrackerClient, slug: str) -> int:
    """Have a project's newly ingested clips compared with the others; return the pairs found.

    What somebody else compares just now is not waited for.
    """
    n_found = 0
    for _ in range(MOST_TURNS):
        turn = tracker.near_duplicates_find(slug)
        n_found += turn.n_found
        if not turn.n_compared or not turn.n_left:
            break
    if n_found:
        log.info("near_duplicates", project=slug, n_found=n_found)
    return n_found


def near_duplicate_lines(pairs: Iterable[NearDuplicateOut]) -> list[str]:
    """Say which clips show the same events, one line a pair."""
    return [
        f"{pair.clip_name} and {pair.other_name} show the same for {pair.overlap_s:g} s"
        f"{_shift(pair)} (distance {pair.distance:.2f})."
        for pair in pairs
    ]


def _shift(pair: NearDuplicateOut) -> str:
    if not pair.shift_s:
        return ""
    first, later = (
        (pair.clip_name, pair.other_name) if pair.shift_s > 0 else (pair.other_name, pair.clip_name)
    )
    return f"; {later} begins {abs(pair.shift_s):g} s into {first}"
