"""What a person submitted in Label Studio, read without loss and without trust.

Label Studio checks almost nothing: labels it does not know, reversed, negative, fractional
and textual frames all come through. Whatever can be read is passed on as it is (a reversed
region stays reversed, so that tier 1 can say so); whatever cannot becomes a segment with a
``problem``. Nothing but an untouched opinion is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from labeling_bridge.regions import (
    NOTE,
    REGION_TYPE,
    SEGMENTS,
    VERDICT,
    VIDEO,
    Opinion,
    opinion_mark,
)
from services.domain.frame_numbers import range_of_shown
from services.domain.segments import SubmittedSegment
from services.domain.taxonomy import Taxonomy

Kind = Literal["annotation", "arbitration"]
Verdict = Literal["accept", "reopen", "reject"]

_VERDICTS: Final[dict[str, Verdict]] = {"accept": "accept", "reopen": "reopen", "reject": "reject"}
_TOO_LARGE: Final = 2**53  # what JavaScript, and so the tool itself, can count to
_OPINIONS: Final = {opinion.control: opinion for opinion in Opinion}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One person's answer: every region, an arbiter's verdict, and what was remarked."""

    segments: tuple[SubmittedSegment, ...]
    verdict: Verdict | None
    note: str


def parse(result: object, *, taxonomy: Taxonomy, kind: Kind) -> Answer:
    """Read the result of an annotation.

    Parameters
    ----------
    result : object
        The ``result`` field exactly as Label Studio returned it.
    taxonomy : Taxonomy
        The lane's version: it says which layer a label is in.
    kind : "annotation" or "arbitration"
        The lane's kind; only an arbiter has a verdict and sees opinions.
    """
    reader = _Reader(taxonomy=taxonomy, kind=kind)
    if not isinstance(result, list):
        wrong = reader.flawed("", 0, f"the answer is no list of regions but {_short(result)}")
        return Answer(segments=(wrong,), verdict=None, note="")
    for number, item in enumerate(result, start=1):
        reader.read(item, number)
    return reader.answer(_repeated_ids(result))


class _Reader:
    """Collects the parts of one answer."""

    def __init__(self, *, taxonomy: Taxonomy, kind: Kind) -> None:
        self._taxonomy = taxonomy
        self._is_arbitration = kind == "arbitration"
        self._segments: list[SubmittedSegment] = []
        self._verdicts: list[object] = []
        self._notes: list[str] = []

    def read(self, item: object, number: int) -> None:
        """Take one entry of the result."""
        if not isinstance(item, Mapping):
            problem = f"entry {number} of the answer is {_short(item)}"
            self._segments.append(self.flawed("", number, problem))
            return
        control, kind = item.get("from_name"), item.get("type")
        self._notes += _remarks(item)
        if self._is_arbitration and (control, kind) == (VERDICT, "choices"):
            self._verdicts.append(_field(item, "choices"))
        elif self._is_arbitration and (control, kind) == (NOTE, "textarea"):
            self._notes += _texts(_field(item, "text"))
        elif not (self._is_arbitration and _is_untouched_opinion(item)):
            self._segments.append(self._segment(item, number))

    def answer(self, repeated: set[str]) -> Answer:
        """Return the whole, with regions of one id marked."""
        segments = [
            self._shares_id(segment) if segment.region_id in repeated else segment
            for segment in self._segments
        ]
        verdict = self._verdict()
        if self._is_arbitration and verdict is None:
            problem = "a verdict is missing: choose accept, reopen or reject"
            segments.append(self.flawed(VERDICT, 0, problem))
        return Answer(segments=tuple(segments), verdict=verdict, note="\n".join(self._notes))

    def flawed(self, region_id: str, number: int, problem: str) -> SubmittedSegment:
        """Return an entry of which nothing but its place can be told."""
        return SubmittedSegment(
            region_id=region_id or f"#{number}",
            layer=self._taxonomy.layers[0].name,
            label=None,
            onset=None,
            offset=None,
            problem=problem,
        )

    def _segment(self, item: Mapping[str, Any], number: int) -> SubmittedSegment:
        region_id = item.get("id")
        has_id = isinstance(region_id, str) and _storable(region_id) == region_id != ""
        if item.get("type") != REGION_TYPE:
            problem = f"it is no segment of the timeline but {_short(item.get('type'))}"
            return self.flawed(str(region_id) if has_id else "", number, problem)
        label, label_problem = _label(item)
        frames, frames_problem = _frames(item)
        problems = [
            *_problems_of_place(item),
            *([] if has_id else [f"its id is {_short(region_id)}"]),
            *label_problem,
            *frames_problem,
        ]
        return SubmittedSegment(
            region_id=str(region_id) if has_id else f"#{number}",
            layer=self._taxonomy.layer_of(label or "") or self._taxonomy.layers[0].name,
            label=label,
            onset=frames[0] if frames else None,
            offset=frames[1] if frames else None,
            problem="; ".join(problems) or None,
        )

    def _shares_id(self, segment: SubmittedSegment) -> SubmittedSegment:
        shared = "another region has the same id"
        return SubmittedSegment.from_json(
            {
                **segment.as_json(),
                "problem": f"{segment.problem}; {shared}" if segment.problem else shared,
            }
        )

    def _verdict(self) -> Verdict | None:
        match self._verdicts:
            case [[str(choice)]]:
                return _VERDICTS.get(choice)
        return None


def _problems_of_place(item: Mapping[str, Any]) -> Iterator[str]:
    """Say what keeps a region from being one of the person's own segments."""
    control = item.get("from_name")
    if isinstance(control, str) and control in _OPINIONS:
        letter = _OPINIONS[control].upper()
        yield f"it lies in opinion {letter}, which is for reading; mark it with a final label"
    elif control != SEGMENTS:
        yield f"it was made with {_short(control)}, not with the labels of this task"
    if item.get("to_name") != VIDEO:
        yield f"it lies on {_short(item.get('to_name'))}, not on the video"


def _label(item: Mapping[str, Any]) -> tuple[str | None, list[str]]:
    labels = _field(item, REGION_TYPE)
    if labels is None or labels == []:
        return None, ["it has no label"]
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        return None, [f"its label is {_short(labels)}"]
    if len(labels) > 1:
        return None, [f"it has {len(labels)} labels: {_short(labels)}"]
    if _storable(labels[0]) != labels[0]:
        return None, [f"its label is {_short(labels[0])}"]
    return labels[0], []


def _frames(item: Mapping[str, Any]) -> tuple[tuple[int, int] | None, list[str]]:
    ranges = _field(item, "ranges")
    if not isinstance(ranges, list) or not ranges:
        return None, ["it has no frames"]
    if len(ranges) > 1:
        return None, [f"it has {len(ranges)} ranges of frames; each needs a region of its own"]
    span = ranges[0]
    if not isinstance(span, Mapping):
        return None, [f"its frames are {_short(span)}"]
    problems = [
        f"its {edge} frame is {_short(span.get(edge))}, not a whole number"
        for edge in ("start", "end")
        if not _is_frame(span.get(edge))
    ]
    if problems:
        return None, problems
    return range_of_shown(span["start"], span["end"]), []


def _is_frame(value: object) -> bool:
    # JSON's true is an int to Python, and 5.0 is a float: neither is what the tool writes.
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _TOO_LARGE


def _is_untouched_opinion(item: Mapping[str, Any]) -> bool:
    opinion = _OPINIONS.get(str(item.get("from_name")))
    region_id, value = item.get("id"), item.get("value")
    if opinion is None or not isinstance(region_id, str) or not isinstance(value, Mapping):
        return False
    written = {key: value.get(key) for key in ("ranges", REGION_TYPE)}
    return region_id.rpartition("-")[0] == opinion_mark(opinion, written)


def _repeated_ids(result: list[Any]) -> set[str]:
    """Return ids that two regions share; Label Studio would lose one of them.

    Verdict and note belong to the whole answer and share an id with nothing.
    """
    ids = [
        item["id"]
        for item in result
        if isinstance(item, Mapping) and isinstance(item.get("id"), str)
    ]
    return {region_id for region_id, count in Counter(ids).items() if count > 1}


def _remarks(item: Mapping[str, Any]) -> list[str]:
    """Return what a person wrote on a region (Label Studio keeps it as ``meta.text``)."""
    meta = item.get("meta")
    if not isinstance(meta, Mapping):
        return []
    label, _ = _label(item)
    return [f"{label or 'A region'}: {text}" for text in _texts(meta.get("text"))]


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [_storable(text) for text in values if isinstance(text, str) and text.strip()]


def _storable(text: str) -> str:
    """Return text without what no database column holds: NUL and lone surrogates."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _field(item: Mapping[str, Any], name: str) -> object:
    value = item.get("value")
    return value.get(name) if isinstance(value, Mapping) else None


def _short(value: object) -> str:
    """Write an unexpected value, cut to what fits into a sentence."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
