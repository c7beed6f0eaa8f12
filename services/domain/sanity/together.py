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
    """Frames in which both labels hold, and regions that say so at the first of them."""

    onset: int
    offset: int
    regions: list[Region]


def impossible_pairs(
    regions: Sequence[Region], pairs: Sequence[tuple[str, str]]
) -> Iterator[Finding]:
    """Report the frames in which two labels hold that never can, on whichever layers.

    A finding names two regions, of those in its first frame the ones that reach furthest: a
    list of all that ever hold would grow with the square of their number.
    """
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
                ids=[region.id for region in run.regions],
            )


def _common_runs(regions: Sequence[Region], one: str, other: str) -> list[_Run]:
    """Return the longest runs of frames in which both labels hold (twice, if they are one)."""
    begin: defaultdict[int, list[Region]] = defaultdict(list)
    for region in regions:
        begin[region.segment.onset].append(region)
    needed = 2 if one == other else 1
    # Of the regions begun so far the ones that reach furthest: they hold for as long as any do.
    furthest: dict[str, list[Region]] = {one: [], other: []}
    runs: list[_Run] = []
    for frame, after in pairwise(sorted({*begin, *(r.segment.offset for r in regions)})):
        for region in begin.get(frame, ()):
            reaching = furthest[region.segment.label]
            reaching.append(region)
            reaching.sort(key=lambda held: -held.segment.offset)
            del reaching[needed:]
        holding = [r for held in furthest.values() for r in held if r.segment.offset > frame]
        if len(holding) < 2:
            continue
        if runs and runs[-1].offset == frame:
            runs[-1].offset = after
        else:
            runs.append(_Run(onset=frame, offset=after, regions=holding))
    return runs
