"""Tier 1's rule on flicker: A, a very short B, and A again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

from services.domain.sanity.findings import Finding, finding_about, n_frames_said, quoted, said
from services.domain.sanity.regions import Region
from services.domain.taxonomy import Layer

# Which region of each label begins, or ends, at a frame.
_At = dict[int, dict[str, Region]]


def flickers(layer: Layer, regions: Sequence[Region]) -> Iterator[Finding]:
    """Point out labels that interrupt another one for a moment.

    Notes
    -----
    B is shorter than ``flicker_frames``, and its neighbours of label A lie at most
    ``flicker_frames`` apart (inclusive). Neighbours are what ends last before B begins and
    what begins first after B ends: on an exclusive layer, the segments before and after it.
    A pause between two A is no B and is not reported.
    """
    if not layer.flicker_frames:
        return
    begins: _At = defaultdict(dict)
    ends: _At = defaultdict(dict)
    for region in regions:
        begins[region.segment.onset].setdefault(region.segment.label, region)
        ends[region.segment.offset].setdefault(region.segment.label, region)
    onsets, offsets = sorted(begins), sorted(ends)
    for region in regions:
        segment = region.segment
        if segment.n_frames >= layer.flicker_frames:
            continue
        before = bisect_right(offsets, segment.onset) - 1
        after = bisect_left(onsets, segment.offset)
        if before < 0 or after == len(onsets):
            continue
        if onsets[after] - offsets[before] <= layer.flicker_frames:
            yield from _interrupted(region, ends[offsets[before]], begins[onsets[after]])


def _interrupted(
    region: Region, before: dict[str, Region], after: dict[str, Region]
) -> Iterator[Finding]:
    for label in sorted((before.keys() & after.keys()) - {region.segment.label}):
        yield finding_about(
            "flicker",
            f"{said(region.segment)} interrupts {quoted(label)} for only "
            f"{n_frames_said(region.segment.n_frames)}. If nothing changed there, delete it and "
            "join the two.",
            region.segment,
            ids=(before[label].id, region.id, after[label].id),
        )
