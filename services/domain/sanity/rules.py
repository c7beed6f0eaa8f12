"""Tier 1's rules on regions that are sound one by one: layer by layer, then across layers."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from services.domain.frame_numbers import shown_frames
from services.domain.sanity.findings import (
    Finding,
    finding_about,
    make_finding,
    n_frames_said,
    quoted,
    said,
)
from services.domain.sanity.flicker import flickers
from services.domain.sanity.regions import Region
from services.domain.sanity.steps import step_findings
from services.domain.segments import Segment
from services.domain.taxonomy import Layer


def duplicates(regions: Sequence[Region]) -> Iterator[Finding]:
    """Report regions that say exactly the same."""
    alike: defaultdict[Segment, list[str]] = defaultdict(list)
    for region in regions:
        alike[region.segment].append(region.id)
    for segment, ids in alike.items():
        if len(ids) > 1:
            yield finding_about(
                "duplicate",
                f"{said(segment)} is marked {len(ids)} times. Keep one and delete the rest.",
                segment,
                ids=ids,
            )


def layer_findings(layer: Layer, regions: Sequence[Region], *, n_frames: int) -> Iterator[Finding]:
    """Check one layer's regions, given in order of time, against the layer's own rules."""
    # A duplicate is one fault, reported already; it is not also an overlap.
    seen: dict[Segment, Region] = {}
    for region in regions:
        seen.setdefault(region.segment, region)
    once = list(seen.values())
    yield from _lengths(layer, regions)
    yield from _touching(once)
    yield from _transitions(layer, once)
    yield from flickers(layer, once)
    yield from step_findings(layer, once, n_frames=n_frames)
    if layer.exclusive:
        yield from _overlaps(once)
    if layer.complete:
        yield from _gaps(layer, once, n_frames=n_frames)


def _lengths(layer: Layer, regions: Sequence[Region]) -> Iterator[Finding]:
    limits = {label.name: label for label in layer.labels}
    for region in regions:
        segment, limit = region.segment, limits[region.segment.label]
        if segment.n_frames < limit.min_frames:
            yield finding_about(
                "too_short",
                f"{said(segment)} is {n_frames_said(segment.n_frames)} long; this label needs "
                f"at least {limit.min_frames}. Look at both ends again, or delete it.",
                segment,
                ids=(region.id,),
            )
        if limit.max_frames is not None and segment.n_frames > limit.max_frames:
            yield finding_about(
                "too_long",
                f"{said(segment)} is {n_frames_said(segment.n_frames)} long; this label may have "
                f"at most {limit.max_frames}. Look at both ends again, or split it.",
                segment,
                ids=(region.id,),
            )


def _overlaps(regions: Sequence[Region]) -> Iterator[Finding]:
    """Report each region against the earlier one that reaches furthest: n findings, not n x n."""
    reaching: Region | None = None
    for region in regions:
        late = region.segment
        if reaching is not None and reaching.segment.offset > late.onset:
            early = reaching.segment
            common = (late.onset, min(early.offset, late.offset))
            yield make_finding(
                "overlap",
                f"{said(early)} and {said(late)} both cover {shown_frames(*common)}. "
                "Here only one label may hold at a time: move one of the ends.",
                frames=common,
                layer=late.layer,
                ids=(reaching.id, region.id),
            )
        if reaching is None or late.offset > reaching.segment.offset:
            reaching = region


def _gaps(layer: Layer, regions: Sequence[Region], *, n_frames: int) -> Iterator[Finding]:
    covered = 0
    for onset, offset in [
        *((region.segment.onset, region.segment.offset) for region in regions),
        (n_frames, n_frames),
    ]:
        if onset > covered:
            yield make_finding(
                "gap",
                f"No label covers {shown_frames(covered, onset)} on the layer {layer.name!r}. "
                "Here every frame needs one.",
                frames=(covered, onset),
                layer=layer.name,
            )
        covered = max(covered, offset)


def _touching(regions: Sequence[Region]) -> Iterator[Finding]:
    ends = {(region.segment.label, region.segment.offset): region for region in regions}
    for region in regions:
        before = ends.get((region.segment.label, region.segment.onset))
        if before is not None:
            yield finding_about(
                "touching_same_label",
                f"{said(before.segment)} goes on as {said(region.segment)} without a frame "
                "between. If it is one event, join them.",
                region.segment,
                ids=(before.id, region.id),
                frames=(before.segment.onset, region.segment.offset),
            )


def _transitions(layer: Layer, regions: Sequence[Region]) -> Iterator[Finding]:
    """Check what comes next: the first regions that begin at or after a region's end.

    One finding for a region, about the first that may not follow: n findings, not n x n.
    """
    allowed = {label.name: label.followed_by for label in layer.labels}
    onsets = [region.segment.onset for region in regions]
    # Regions are in order of time, so of each label at an onset the first is seen first.
    begins: defaultdict[int, dict[str, Region]] = defaultdict(dict)
    for region in regions:
        begins[region.segment.onset].setdefault(region.segment.label, region)
    for region in regions:
        segment, successors = region.segment, allowed[region.segment.label]
        place = bisect_left(onsets, segment.offset)
        if successors is None or place == len(regions):
            continue
        followers = begins[onsets[place]]
        after = next((one for label, one in followers.items() if label not in successors), None)
        if after is not None:
            wanted = ", ".join(quoted(name) for name in successors) or "nothing"
            yield make_finding(
                "forbidden_transition",
                f"{said(after.segment)} comes after {said(segment)}, where only {wanted} "
                "may follow. Something between them is missing, or a label is wrong.",
                frames=(segment.onset, after.segment.offset),
                layer=layer.name,
                label=after.segment.label,
                ids=(region.id, after.id),
            )
