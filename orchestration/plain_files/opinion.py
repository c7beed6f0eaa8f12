"""One line of a plain file: what one person marked on one item, checked field by field.

Conventions
-----------
Frames are 0-based and the end is exclusive. Where a boundary has a frame, the frame counts;
where it has only seconds, it is snapped to the nearest frame, halves to the even one. Fields
that are not known here are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from orchestration.plain_files.rates import exact, kind_of, read_rate, write_rate
from orchestration.plain_files.snapping import Snapping
from services.domain.errors import InputError

LAST_FRAME: Final = 10**12
"""Thirty years at a thousand frames a second; beyond it, sums of frames lose exactness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A labelled stretch ``[onset, offset)`` as written, sound or not.

    ``snapped`` says how it was written, if that was in seconds; it serves refusals only and is
    not kept with the opinion.
    """

    label: str
    onset: int
    offset: int
    snapped: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one annotator said of one item, in the file's order."""

    line: int
    item: str
    annotator: str
    rate: Fraction | None
    n_frames: int | None
    spans: tuple[Span, ...]

    @property
    def end(self) -> int:
        """Last frame known of: the item's end as written, or that of the last segment."""
        return max(self.n_frames or 0, max((span.offset for span in self.spans), default=0))


def read_opinion(line: int, data: Mapping[str, Any], *, snapping: Snapping) -> Opinion:
    """Read one line's object; what was snapped is added to ``snapping``.

    Raises
    ------
    InputError
        With a sentence that names the field, what is wrong and what to do.
    """
    rate = read_rate(data.get("fps"))
    item = _text(data, "item", "the clip's name")
    found = data.get("segments")
    if not isinstance(found, list):
        given = kind_of(found) if "segments" in data else "missing"
        raise InputError(
            f"segments must be a list, not {given}. Who marked nothing has an empty list, []."
        )
    spans = []
    for number, segment in enumerate(found, start=1):
        try:
            spans.append(_span(segment, rate, snapping, where=(line, item)))
        except InputError as fault:
            raise InputError(f"segment {number}: {fault.detail}") from fault
    return Opinion(
        line=line,
        item=item,
        annotator=_text(data, "annotator", "who marked it"),
        rate=rate,
        n_frames=_length(data.get("n_frames")),
        spans=tuple(spans),
    )


def refuse_unsound(opinion: Opinion) -> None:
    """Refuse segments that cover nothing or begin before the clip: they compare with nothing.

    Raises
    ------
    InputError
        Naming the first such segment.
    """
    for number, span in enumerate(opinion.spans, start=1):
        if 0 <= span.onset < span.offset:
            continue
        frames = span.snapped or f"start_frame {span.onset} and end_frame {span.offset}"
        if span.onset < 0:
            flaw = f"starts before the clip ({frames}). Frames count from 0"
        elif span.onset == span.offset:
            flaw = f"covers no frame ({frames}). The end is exclusive: one frame is [n, n + 1)"
        else:
            flaw = f"ends before it starts ({frames}). Swap the two, or mark it again"
        raise InputError(
            f'segment {number}: "{span.label}" {flaw}. `segue check` lists every such segment.'
        )


def _text(data: Mapping[str, Any], name: str, what: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        given = kind_of(value) if name in data else "missing"
        raise InputError(f"{name} must be text ({what}), not {given}.")
    if not value.strip():
        raise InputError(f"{name} is empty. Give {what}.")
    if not _is_unicode(value):
        raise InputError(f"{name} holds half a character (a lone surrogate). Write it in UTF-8.")
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _length(value: Any) -> int | None:
    if value is None:
        return None
    frames = _whole(value, "n_frames", "or null where the length is not known")
    if frames < 1:
        raise InputError(f"n_frames must be at least 1, not {frames}; give null if not known.")
    return frames


def _span(data: Any, rate: Fraction | None, snapping: Snapping, *, where: tuple[int, str]) -> Span:
    if not isinstance(data, dict):
        raise InputError(
            f"it must be an object with label, start_frame and end_frame, not {kind_of(data)}."
        )
    label = _text(data, "label", "the label's name")
    onset = _boundary(data, "start", rate, snapping, where=where)
    offset = _boundary(data, "end", rate, snapping, where=where)
    seconds = [f"{data[f'{side}_s']} s" for side in ("start", "end") if _in_seconds(data, side)]
    snapped = seconds and f"frames {onset} and {offset}, snapped from {' and '.join(seconds)}"
    return Span(label=label, onset=onset, offset=offset, snapped=snapped or "")


def _in_seconds(data: Mapping[str, Any], side: str) -> bool:
    return data.get(f"{side}_frame") is None


def _boundary(
    data: Mapping[str, Any],
    side: str,
    rate: Fraction | None,
    snapping: Snapping,
    *,
    where: tuple[int, str],
) -> int:
    frame, seconds = data.get(f"{side}_frame"), data.get(f"{side}_s")
    if frame is not None:
        return _whole(frame, f"{side}_frame", "counted from 0")
    if seconds is None:
        raise InputError(
            f"{side}_frame is missing, and so is {side}_s. "
            "Give the frame, or the seconds with the item's fps."
        )
    if isinstance(seconds, bool) or not isinstance(seconds, int | Decimal):
        raise InputError(f"{side}_s must be a number of seconds, not {kind_of(seconds)}.")
    if rate is None:
        raise InputError(
            f"only {side}_s is given, and fps is not. "
            f"Give the item's fps, or {side}_frame, so that seconds can be told as frames."
        )
    exact_frame = exact(seconds) * rate
    if abs(exact_frame) > LAST_FRAME:
        raise InputError(f"{side}_s is {seconds}, too far out at {write_rate(rate)} fps.")
    return snapping.snap(exact_frame, rate=rate, where=where)


def _whole(value: Any, name: str, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise InputError(f"{name} must be a whole number ({what}), not {kind_of(value)}.")
    if isinstance(value, int):
        frames = value
    else:
        # 576.0 is a whole number: tables that went through floats have it so.
        written = exact(value)
        if written.denominator != 1:
            raise InputError(f"{name} must be a whole number ({what}), not {value}.")
        frames = int(written)
    if abs(frames) > LAST_FRAME:
        raise InputError(f"{name} is {str(value)[:40]}, beyond frame {LAST_FRAME:,}.")
    return frames
