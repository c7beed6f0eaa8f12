"""Tier 1's rule on flicker: A, a very short B, and A again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

from services.domain.sanity.findings import Finding, finding_about, n_frames_said, quoted, said
from services.domain.sanity.regions import Region
from services.domain.segments import Segment
from services.domain.taxonomy import Layer


def flickers(layer: Layer, regions: Sequence[Region]) -> Iterator[Finding]:
    """Point out labels that interrupt another one for a moment.

    Notes
    -----
    B is shorter than ``flicker_frames``; the A that ends last before B begins and the A that
    begins first after B ends lie at most ``flicker_frames`` apart (inclusive); no A holds
    during B; and nothing but B lies wholly between the two. What only reaches into the pause,
    on a layer whose labels may overlap, changes nothing. A pause between two A is no B and is
    not reported.
    """
    if not layer.flicker_frames:
        return
    by_label: defaultdict[str, list[Region]] = defaultdict(list)
    for region in regions:
        by_label[region.segment.label].append(region)
    tracks = [_Track(by_label[label]) for label in sorted(by_label)]
    pauses = _Pauses(regions)
    for region in regions:
        if region.segment.n_frames >= layer.flicker_frames:
            continue
        for track in tracks:
            pair = track.around(region.segment)
            if pair is None:
                continue
            pause = pair[0].segment.offset, pair[1].segment.onset
            if pause[1] - pause[0] <= layer.flicker_frames and pauses.hold_one(*pause):
                yield _interrupted(*pair, region)


class _Track:
    """One label's regions, given in order of time, to be looked up by their boundaries."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._by_onset = regions
        self._by_offset = sorted(regions, key=lambda region: region.segment.offset)
        self._onsets = [region.segment.onset for region in regions]
        self._offsets = [region.segment.offset for region in self._by_offset]

    def around(self, segment: Segment) -> tuple[Region, Region] | None:
        """Return what ends last before a segment and what begins first after it.

        None where there is no such pair, or where the label holds during the segment.
        """
        n_begun = bisect_left(self._onsets, segment.offset)
        n_ended = bisect_right(self._offsets, segment.onset)
        if n_begun > n_ended or not n_ended or n_begun == len(self._onsets):
            return None
        last = bisect_left(self._offsets, self._offsets[n_ended - 1])
        return self._by_offset[last], self._by_onset[n_begun]


class _Pauses:
    """How many of a layer's regions, given in order of time, lie wholly within some frames."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._onsets = [region.segment.onset for region in regions]
        # Of the regions from each on, the second offset to come; None where there is none.
        self._second: list[int | None] = []
        first: int | None = None
        second: int | None = None
        for region in reversed(regions):
            offset = region.segment.offset
            if first is None or offset < first:
                first, second = offset, first
            elif second is None or offset < second:
                second = offset
            self._second.append(second)
        self._second.reverse()

    def hold_one(self, onset: int, offset: int) -> bool:
        """Whether only one region lies wholly within frames that hold one at least."""
        second = self._second[bisect_left(self._onsets, onset)]
        return second is None or second > offset


def _interrupted(before: Region, after: Region, region: Region) -> Finding:
    return finding_about(
        "flicker",
        f"{said(region.segment)} interrupts {quoted(before.segment.label)} for only "
        f"{n_frames_said(region.segment.n_frames)}. If nothing changed there, delete it and "
        "join the two.",
        region.segment,
        ids=(before.id, region.id, after.id),
    )
