"""The few lines at the top of a task: what to do, what came back, what is disputed.

Frames are written as Label Studio shows them. Nobody is named, and nothing here depends on
who sat in which seat or who came first.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from services.domain.comparison import Comparison, Dispute, DisputeKind
from services.domain.findings import Finding, n_frames_said, quoted, shown_frames
from services.domain.segments import Segment

DRAFT = "A machine's draft is filled in: correct it wherever it is wrong, add what is missing."
NO_DRAFT = "There is no draft: mark every segment yourself."
CORRECT = "Correct your answer below and press Update."


def clip_line(name: str, *, n_frames: int, rate: Fraction) -> str:
    """Name the clip and its length."""
    return f"{name} · {n_frames} frames at {float(rate):.6g} frames a second."


def annotation_brief(clip: str, *, has_draft: bool) -> str:
    """Say what an annotator has to do on a new task."""
    return f"{clip}\n{DRAFT if has_draft else NO_DRAFT}"


def arbitration_brief(clip: str, comparison: Comparison) -> str:
    """Say what the two opinions dispute; ``a`` of the comparison is X, ``b`` is Y."""
    layers = {dispute.layer for dispute in comparison.disputes}
    several = len(layers | {item.segment.layer for item in comparison.agreed}) > 1
    count = len(comparison.disputes)
    lines = [
        f"{clip} {count} {'point is' if count == 1 else 'points are'} disputed.",
        "What both agree on is filled in; the locked rows show X and Y. Draw the final segments "
        "of these points, then choose a verdict.",
    ]
    lines += [
        f"{number}. {_dispute(dispute, with_layer=several)}"
        for number, dispute in enumerate(comparison.disputes, start=1)
    ]
    return "\n".join(lines)


def returned_brief(opening: str, findings: Sequence[Finding]) -> str:
    """Say why an answer came back, before what the task said at first."""
    errors = [finding for finding in findings if finding.severity == "error"]
    remarks = [finding for finding in findings if finding.severity != "error"]
    lines = [f"This answer came back. {CORRECT}"]
    lines += [f"{number}. {finding.message}" for number, finding in enumerate(errors, start=1)]
    lines += [f"Remark: {finding.message}" for finding in remarks]
    return "\n".join([*lines, "", opening])


def _dispute(dispute: Dispute, *, with_layer: bool) -> str:
    x, y = dispute.a, dispute.b
    layer = f"{dispute.layer}: " if with_layer else ""
    if x is None:
        return f"{layer}only Y has {_held(y)}."
    if y is None:
        return f"{layer}only X has {_held(x)}."
    if dispute.kind is DisputeKind.LABEL_MISMATCH:
        return f"{layer}X has {_held(x)}, Y has {_held(y)}."
    shifts = [
        f"Y {verb} {n_frames_said(abs(delta))} {'later' if delta > 0 else 'earlier'}"
        for verb, delta in (("starts", dispute.onset_delta), ("ends", dispute.offset_delta))
        if delta
    ]
    return f"{layer}{_held(x)} in X, {_range(y)} in Y: {', '.join(shifts)}."


def _held(segment: Segment | None) -> str:
    return "nothing" if segment is None else f"{quoted(segment.label)} ({_range(segment)})"


def _range(segment: Segment) -> str:
    return shown_frames(segment.onset, segment.offset)
