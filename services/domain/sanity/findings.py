"""What tier 1 tells a person about an answer, in frames as that person sees them.

Codes
-----
Of one region: ``unreadable``, ``unknown_layer``, ``unknown_label``, ``retired_label``,
``split_label``, ``reversed``, ``zero_length``, ``out_of_range``, ``too_short``, ``too_long``.
Of several: ``duplicate``, ``overlap``, ``gap``, ``impossible_together``,
``forbidden_transition``, ``out_of_order``, ``skipped_step``.
Warnings: ``aliased_label``, ``flicker``, ``touching_same_label``, ``empty``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self

from services.domain.errors import reading
from services.domain.frame_numbers import shown_frames
from services.domain.segments import Segment, Segmentation

__all__ = [
    "WARNINGS",
    "Finding",
    "SanityReport",
    "Severity",
    "finding_about",
    "finding_order",
    "listed",
    "make_finding",
    "n_frames_said",
    "quoted",
    "said",
    "shown_frames",
]

Severity = Literal["error", "warning"]

WARNINGS: Final = frozenset({"aliased_label", "flicker", "touching_same_label", "empty"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One flaw of an answer.

    Parameters
    ----------
    code : str
        One of the codes in the module's docstring.
    severity : "error" or "warning"
        Whether the task goes back for it.
    onset, offset : int or None
        The frames ``[onset, offset)`` it concerns; None where they cannot be told. As
        submitted, so a reversed region's onset is not before its offset.
    layer, label : str or None
        What it concerns, where it is one layer or label.
    message : str
        To the annotator, with frames as the annotator's screen numbers them.
    region_ids : tuple of str
        The regions to look at, sorted.
    """

    code: str
    severity: Severity
    onset: int | None
    offset: int | None
    layer: str | None
    label: str | None
    message: str
    region_ids: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self) | {"region_ids": list(self.region_ids)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is missing or unknown.
        """
        with reading("a finding", data):
            return cls(**{**data, "region_ids": tuple(data["region_ids"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class SanityReport:
    """What tier 1 says of one answer: the findings, and the segments when it passed."""

    findings: tuple[Finding, ...]
    segmentation: Segmentation | None

    @property
    def passed(self) -> bool:
        """Whether no finding is an error."""
        return not any(finding.severity == "error" for finding in self.findings)


def make_finding(
    code: str,
    message: str,
    *,
    frames: tuple[int, int] | None,
    layer: str | None = None,
    label: str | None = None,
    ids: Sequence[str] = (),
) -> Finding:
    """Make a finding; its code decides the severity."""
    return Finding(
        code=code,
        severity="warning" if code in WARNINGS else "error",
        onset=frames[0] if frames else None,
        offset=frames[1] if frames else None,
        layer=layer,
        label=label,
        message=message,
        region_ids=tuple(sorted(ids)),
    )


def finding_about(
    code: str,
    message: str,
    segment: Segment,
    *,
    ids: Sequence[str],
    frames: tuple[int, int] | None = None,
) -> Finding:
    """Make a finding about one segment."""
    return make_finding(
        code,
        message,
        frames=frames or (segment.onset, segment.offset),
        layer=segment.layer,
        label=segment.label,
        ids=ids,
    )


def finding_order(finding: Finding) -> tuple[object, ...]:
    """Return the sort key of findings: what has no frames first, then by time."""
    frames = (finding.onset, finding.offset)
    placed = (-1, -1) if finding.onset is None or finding.offset is None else frames
    return (
        *placed,
        finding.layer or "",
        finding.code,
        finding.label or "",
        finding.region_ids,
        finding.message,
    )


def said(segment: Segment) -> str:
    """Name a segment to a person, with its frames."""
    return f"{quoted(segment.label)} ({shown_frames(segment.onset, segment.offset)})"


def quoted(label: str) -> str:
    """Name a label to a person."""
    return f'"{label}"'


def listed(labels: Sequence[str], *, last: str) -> str:
    """Name several labels to a person: the word stands before the last of them."""
    names = [quoted(label) for label in labels]
    return f" {last} ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def n_frames_said(count: int) -> str:
    """Write a number of frames."""
    return "1 frame" if count == 1 else f"{count} frames"
