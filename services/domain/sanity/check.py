"""Tier 1: whether an answer can be right at all, before a second person's time is spent on it.

Conventions
-----------
The rules come from the taxonomy. Every flaw becomes a :class:`Finding` that names the
frames and says, to the person who made it, what to do. An *error* sends the task back; a
*warning* is shown and does not. Regions that are unsound in themselves (unreadable,
unknown, reversed, out of range) are left out of the checks that need sound neighbours. A
region under an older name of a label is read as that label: all checks, and the
segmentation, know the names in use only.

Findings come in order of time and do not depend on the order of the regions. The codes are
listed in ``services.domain.sanity.findings``.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.domain.sanity.findings import Finding, SanityReport, finding_order, make_finding
from services.domain.sanity.regions import Region, read_region
from services.domain.sanity.rules import duplicates, layer_findings
from services.domain.sanity.together import impossible_pairs
from services.domain.segments import Segmentation, SubmittedSegment
from services.domain.taxonomy import Taxonomy


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
        read = read_region(one, n_frames=n_frames, taxonomy=taxonomy)
        if read.finding is not None:
            findings.append(read.finding)
        if read.region is not None:
            regions.append(read.region)
    if not submitted:
        findings.append(_empty(n_frames=n_frames, taxonomy=taxonomy))
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


def _empty(*, n_frames: int, taxonomy: Taxonomy) -> Finding:
    """Point out an answer without a region, which may be meant."""
    can_be_right = not any(
        layer.complete or (layer.steps_from_end_to_end and layer.required_steps)
        for layer in taxonomy.layers
    )
    advice = " If nothing happens in this clip, that is a valid answer." if can_be_right else ""
    return make_finding("empty", f"Nothing is marked.{advice}", frames=(0, n_frames))
