"""The few lines at the top of a task: what to do, what came back, what is disputed.

Frames are written as Label Studio shows them. Nobody is named, and nothing here depends on
who sat in which seat or who came first.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from services.domain.comparison.disputes import Comparison, Dispute, DisputeKind
from services.domain.frame_numbers import shown_frames, shown_range
from services.domain.hints import FrameRange, Hints
from services.domain.sanity.findings import Finding, n_frames_said, said
from services.domain.segments import Segment

DRAFT = "A machine's draft is filled in: correct it wherever it is wrong, add what is missing."
NO_DRAFT = "There is no draft: mark every segment yourself."
CORRECT = "Correct your answer below and press Update."
TAKEN = "This answer was taken."
NO_DUTY = (
    "Nothing has to be done. A correction (Update) counts for as long as the clip is undecided."
)
MOST_PIECES = 6
"""Pieces of a split that a sentence lists; the locked rows show them all."""
MOST_POINTED_OUT = 8
"""Shots or stretches of one kind that a sentence lists; the strip shows them all."""


def clip_line(name: str, *, n_frames: int, rate: Fraction) -> str:
    """Name the clip and its length."""
    return f"{name} · {n_frames} frames at {float(rate):.6g} frames a second."


def hints_line(hints: Hints | None) -> str:
    """Say where a machine saw shots, black and standing pictures; nothing where it saw none."""
    if hints is None:
        return ""
    shots = [str(shown_range(frame, frame + 1)[0]) for frame in hints.shots]
    found = {
        "a shot starts at frame" if len(shots) == 1 else "shots start at frames": shots,
        "black:": _stretches(hints.black),
        "nothing moves:": _stretches(hints.frozen),
    }
    said = [f"{what} {_some(places)}" for what, places in found.items() if places]
    return f"A machine's hints, shown on the strip: {'; '.join(said)}." if said else ""


def annotation_brief(clip: str, *, has_draft: bool, hints: Hints | None = None) -> str:
    """Say what an annotator has to do on a new task."""
    lines = [clip, DRAFT if has_draft else NO_DRAFT, hints_line(hints)]
    return "\n".join(line for line in lines if line)


def arbitration_brief(clip: str, comparison: Comparison, *, hints: Hints | None = None) -> str:
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
    return "\n".join([*lines, *filter(None, [hints_line(hints)])])


def returned_brief(opening: str, findings: Sequence[Finding]) -> str:
    """Say why an answer came back, before what the task said at first."""
    errors = [finding for finding in findings if finding.severity == "error"]
    remarks = [finding for finding in findings if finding.severity != "error"]
    lines = [f"This answer came back. {CORRECT}"]
    lines += [f"{number}. {finding.message}" for number, finding in enumerate(errors, start=1)]
    lines += [f"Remark: {finding.message}" for finding in remarks]
    return "\n".join([*lines, "", opening])


def passed_brief(opening: str, findings: Sequence[Finding]) -> str:
    """Say that an answer was taken, and what was remarked, before what the task said at first."""
    lines = [f"{TAKEN} {NO_DUTY}" if findings else TAKEN]
    lines += [f"Remark: {finding.message}" for finding in findings]
    return "\n".join([*lines, "", opening])


def _dispute(dispute: Dispute, *, with_layer: bool) -> str:
    layer = f"{dispute.layer}: " if with_layer else ""
    if not dispute.a or not dispute.b:
        name, (held,) = ("X", dispute.a) if dispute.a else ("Y", dispute.b)
        return f"{layer}only {name} has {said(held)}."
    if dispute.kind is DisputeKind.SPLIT:
        return f"{layer}{_pieces(dispute.a, dispute.b, whole_in='X', pieces_in='Y')}"
    if dispute.kind is DisputeKind.MERGE:
        return f"{layer}{_pieces(dispute.b, dispute.a, whole_in='Y', pieces_in='X')}"
    (x,), (y,) = dispute.a, dispute.b
    if dispute.kind is DisputeKind.LABEL_MISMATCH:
        return f"{layer}X has {said(x)}, Y has {said(y)}."
    shifts = [
        f"Y {verb} {n_frames_said(abs(delta))} {'later' if delta > 0 else 'earlier'}"
        for verb, delta in (("starts", dispute.onset_delta), ("ends", dispute.offset_delta))
        if delta
    ]
    return f"{layer}{said(x)} in X, {_range(y)} in Y: {', '.join(shifts)}."


def _pieces(
    whole: Sequence[Segment], pieces: Sequence[Segment], *, whole_in: str, pieces_in: str
) -> str:
    """Say that one opinion has one segment where the other has several."""
    (one,) = whole
    listed = [_range(piece) for piece in pieces[:MOST_PIECES]]
    if len(pieces) > MOST_PIECES:
        listed.append(f"{len(pieces) - MOST_PIECES} more")
    return (
        f"{said(one)} is one segment in {whole_in} and {len(pieces)} in {pieces_in}: "
        f"{', '.join(listed[:-1])} and {listed[-1]}."
    )


def _stretches(found: Sequence[FrameRange]) -> list[str]:
    return [shown_frames(stretch.onset, stretch.offset) for stretch in found]


def _some(places: Sequence[str]) -> str:
    n_more = len(places) - MOST_POINTED_OUT
    listed = ", ".join(places[:MOST_POINTED_OUT])
    return f"{listed} and {n_more} more" if n_more > 0 else listed


def _range(segment: Segment) -> str:
    return shown_frames(segment.onset, segment.offset)
