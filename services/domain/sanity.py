"""Tier 1: whether an answer can be right at all, before a second person's time is spent on it.

Conventions
-----------
The rules come from the taxonomy. Every flaw becomes a :class:`Finding` that names the
frames and says, to the person who made it, what to do. An *error* sends the task back; a
*warning* is shown and does not. Regions that are unsound in themselves (unreadable,
unknown, reversed, out of range) are left out of the checks that need sound neighbours.

Findings come in order of time and do not depend on the order of the regions. The codes are
listed in ``services.domain.findings``.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.domain.findings import (
    Finding,
    SanityReport,
    finding_order,
    make_finding,
    quoted,
    shown_frames,
)
from services.domain.sanity_rules import Region, duplicates, impossible_pairs, layer_findings
from services.domain.segments import Segment, Segmentation, SubmittedSegment
from services.domain.taxonomy import Taxonomy

__all__ = ["Finding", "SanityReport", "check_submission"]


def check_submission(
    submitted: Sequence[SubmittedSegment], *, n_frames: int, taxonomy: Taxonomy
) -> SanityReport:
    """Check one person's answer against the taxonomy.

    Parameters
    ----------
    submitted : sequence of SubmittedSegment
        All regions of the answer, in any order.
    n_frames : int
        Length of the clip.
    taxonomy : Taxonomy
        The version that the person worked with.

    Returns
    -------
    SanityReport
        With the segmentation only when it passed.
    """
    findings: list[Finding] = []
    regions: list[Region] = []
    for one in submitted:
        found = _flaw(one, n_frames=n_frames, taxonomy=taxonomy)
        if isinstance(found, Finding):
            findings.append(found)
        else:
            regions.append(found)
    if not submitted:
        findings.append(
            make_finding(
                "empty",
                "Nothing is marked. If nothing happens in this clip, that is a valid answer.",
                frames=(0, n_frames),
            )
        )
    regions.sort(key=lambda region: (region.segment.order, region.id))
    findings += duplicates(regions)
    for layer in taxonomy.layers:
        own = [region for region in regions if region.segment.layer == layer.name]
        findings += layer_findings(layer, own, n_frames=n_frames)
    findings += impossible_pairs(regions, taxonomy.impossible_together)
    report = SanityReport(findings=tuple(sorted(findings, key=finding_order)), segmentation=None)
    if not report.passed:
        return report
    return SanityReport(
        findings=report.findings,
        segmentation=Segmentation.of((region.segment for region in regions), n_frames=n_frames),
    )


def _flaw(one: SubmittedSegment, *, n_frames: int, taxonomy: Taxonomy) -> Finding | Region:
    """Return the first reason why a region cannot be used, or the sound region."""

    def flaw(code: str, message: str) -> Finding:
        frames = None if one.onset is None or one.offset is None else (one.onset, one.offset)
        return make_finding(
            code, message, frames=frames, layer=one.layer, label=one.label, ids=(one.region_id,)
        )

    if one.problem is not None or one.onset is None or one.offset is None:
        reason = one.problem or "it has no frames"
        return flaw(
            "unreadable", f"A region cannot be read: {reason}. Delete it and mark it again."
        )
    place = f"The region that starts at frame {one.onset + 1}"
    layer = taxonomy.layer(one.layer)
    if layer is None:
        return flaw(
            "unknown_layer",
            f"{place} is on the layer {one.layer!r}, which this project does not have. "
            "Delete it and mark it on one of the layers shown.",
        )
    if one.label is None:
        return flaw("unknown_label", f"{place} has no label. Choose one, or delete it.")
    name = quoted(one.label)
    limits = taxonomy.find(one.layer, one.label)
    if limits is None:
        return flaw(
            "unknown_label",
            f"{place} is labelled {name}, which the layer {one.layer!r} does not have. "
            "Choose one of the labels shown.",
        )
    if one.offset < one.onset:
        return flaw(
            "reversed",
            f"{name} starts at frame {one.onset + 1} but ends at frame {one.offset}. "
            "Mark it from its first frame to its last.",
        )
    if one.offset == one.onset:
        return flaw(
            "zero_length",
            f"{name} at frame {one.onset + 1} covers no frame. Draw it over at least one frame, "
            "or delete it.",
        )
    if one.onset < 0 or one.offset > n_frames:
        return flaw(
            "out_of_range",
            f"{name} covers {shown_frames(one.onset, one.offset)}, but the clip has the frames "
            f"1 to {n_frames}. Bring it inside the clip.",
        )
    return Region(
        one.region_id,
        Segment(layer=one.layer, label=one.label, onset=one.onset, offset=one.offset),
    )
