"""Tier 1 on one region: whether it can be used, and under which name."""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.frame_numbers import shown_frames, shown_range
from services.domain.sanity.findings import Finding, listed, make_finding, quoted
from services.domain.segments import Segment, SubmittedSegment
from services.domain.taxonomy import NameStatus, Resolved, Taxonomy


@dataclass(frozen=True, slots=True)
class Region:
    """A region that is sound in itself, under the names in use."""

    id: str
    segment: Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRegion:
    """What became of a submitted region: a sound one, a finding, or (an alias) both."""

    region: Region | None
    finding: Finding | None


def read_region(one: SubmittedSegment, *, n_frames: int, taxonomy: Taxonomy) -> ReadRegion:
    """Return the sound region, or the first reason why it cannot be used."""
    if one.problem is not None or one.onset is None or one.offset is None:
        reason = one.problem or "it has no frames"
        return _refused(
            one, "unreadable", f"A region cannot be read: {reason}. Delete it and mark it again."
        )
    first, _ = shown_range(one.onset, one.offset)
    place = f"The region that starts at frame {first}"
    if one.label is None:
        if taxonomy.layer(one.layer) is None:
            return _unknown_layer(one, place)
        return _refused(one, "unknown_label", f"{place} has no label. Choose one, or delete it.")
    resolved = taxonomy.resolve(one.layer, one.label)
    if resolved.label is None:
        return _without_label(one, one.label, resolved, taxonomy, place=place)
    if flaw := _flaw_of_frames(one.label, one.onset, one.offset, n_frames=n_frames):
        return _refused(one, *flaw)
    segment = Segment(
        layer=resolved.layer, label=resolved.label, onset=one.onset, offset=one.offset
    )
    region = Region(one.region_id, segment)
    if resolved.status is NameStatus.CURRENT:
        return ReadRegion(region=region, finding=None)
    return ReadRegion(region=region, finding=_aliased(one, one.label, segment))


def _without_label(
    one: SubmittedSegment, label: str, resolved: Resolved, taxonomy: Taxonomy, *, place: str
) -> ReadRegion:
    """Say why a name leads to no label."""
    name = quoted(label)
    if resolved.status is NameStatus.RETIRED:
        return _refused(
            one,
            "retired_label",
            f"{place} is labelled {name}, which is no longer used. Choose one of the labels "
            "shown, or delete it.",
        )
    if resolved.status is NameStatus.SPLIT:
        return _refused(
            one,
            "split_label",
            f"{place} is labelled {name}, which was split: choose "
            f"{listed(resolved.candidates, last='or')}.",
        )
    if taxonomy.layer(one.layer) is None:
        return _unknown_layer(one, place)
    return _refused(
        one,
        "unknown_label",
        f"{place} is labelled {name}, which the layer {one.layer!r} does not have. "
        "Choose one of the labels shown.",
    )


def _unknown_layer(one: SubmittedSegment, place: str) -> ReadRegion:
    return _refused(
        one,
        "unknown_layer",
        f"{place} is on the layer {one.layer!r}, which this project does not have. "
        "Delete it and mark it on one of the layers shown.",
    )


def _flaw_of_frames(
    label: str, onset: int, offset: int, *, n_frames: int
) -> tuple[str, str] | None:
    """Return code and sentence of what is wrong with the frames, or None."""
    name = quoted(label)
    first, last = shown_range(onset, offset)
    if offset < onset:
        return (
            "reversed",
            f"{name} starts at frame {first} but ends at frame {last}. "
            "Mark it from its first frame to its last.",
        )
    if offset == onset:
        return (
            "zero_length",
            f"{name} at frame {first} covers no frame. Draw it over at least one frame, "
            "or delete it.",
        )
    if onset < 0 or offset > n_frames:
        return (
            "out_of_range",
            f"{name} covers {shown_frames(onset, offset)}, but the clip has "
            f"the {shown_frames(0, n_frames)}. Bring it inside the clip.",
        )
    return None


def _aliased(one: SubmittedSegment, label: str, segment: Segment) -> Finding:
    frames = (segment.onset, segment.offset)
    now = quoted(segment.label)
    if segment.layer != one.layer:
        now += f" on the layer {segment.layer!r}"
    return make_finding(
        "aliased_label",
        f"{quoted(label)} ({shown_frames(*frames)}) is called {now} now, and was taken as that. "
        "Nothing needs to be done.",
        frames=frames,
        layer=one.layer,
        label=label,
        ids=(one.region_id,),
    )


def _refused(one: SubmittedSegment, code: str, message: str) -> ReadRegion:
    frames = None if one.onset is None or one.offset is None else (one.onset, one.offset)
    finding = make_finding(
        code, message, frames=frames, layer=one.layer, label=one.label, ids=(one.region_id,)
    )
    return ReadRegion(region=None, finding=finding)
