"""Tier 1's rule on labels that can never hold together, on one layer or across layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.domain.frame_numbers import shown_frames
from services.domain.sanity.findings import Finding, make_finding, quoted
from services.domain.sanity.regions import Region


@dataclass(slots=True, kw_only=True)
class _Run:
    """Frames in which both labels hold, and the places of the regions that say so."""

    onset: int
    offset: int
    places: set[int]


def impossible_pairs(
    regions: Sequence[Region], pairs: Sequence[tuple[str, str]]
) -> Iterator[Finding]:
    """Report the frames in which two labels hold that never can, on whichever layers."""
    by_label: defaultdict[str, list[Region]] = defaultdict(list)
    for region in regions:
        by_label[region.segment.label].append(region)
    for one, other in sorted({(min(pair), max(pair)) for pair in pairs}):
        involved = by_label[one] if one == other else by_label[one] + by_label[other]
        for run in _common_runs(involved, one, other):
            yield make_finding(
                "impossible_together",
                f"{quoted(one)} and {quoted(other)} are both marked in "
                f"{shown_frames(run.onset, run.offset)}, which cannot be. Correct one of them.",
                frames=(run.onset, run.offset),
                ids=[involved[place].id for place in run.places],
            )


def _common_runs(regions: Sequence[Region], one: str, other: str) -> list[_Run]:
    """Return the longest runs of frames in which both labels hold (twice, if they are one)."""
    begin: defaultdict[int, list[int]] = defaultdict(list)
    end: defaultdict[int, list[int]] = defaultdict(list)
    for place, region in enumerate(regions):
        begin[region.segment.onset].append(place)
        end[region.segment.offset].append(place)
    needed = 2 if one == other else 1
    holding = {one: set[int](), other: set[int]()}
    runs: list[_Run] = []
    for frame, after in pairwise(sorted(begin.keys() | end.keys())):
        for place in end[frame]:
            holding[regions[place].segment.label].remove(place)
        for place in begin[frame]:
            holding[regions[place].segment.label].add(place)
        if min(len(places) for places in holding.values()) < needed:
            continue
        if runs and runs[-1].offset == frame:
            runs[-1].offset = after
            runs[-1].places.update(begin[frame])
        else:
            places = holding[one] | holding[other]
            runs.append(_Run(onset=frame, offset=after, places=places))
    return runs
