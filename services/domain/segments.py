"""Half-open segments on integer source frames: the one form of a temporal label.

Conventions
-----------
A segment covers the frames ``onset <= f < offset``. Onset and offset are its two
boundaries. What a person submitted is kept as :class:`SubmittedSegment`, which may be
wrong in any way; :class:`Segment` cannot be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from services.domain.errors import InputError, reading

DEFAULT_LAYER = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A label on the frames ``[onset, offset)`` of one layer.

    Parameters
    ----------
    label : str
        Name of the label class.
    onset, offset : int
        First frame, and the frame after the last; ``0 <= onset < offset``.
    layer : str
        Layer of the taxonomy the label belongs to.
    score : float, optional
        Confidence in [0, 1]; machine proposals only.
    onset_spread, offset_spread : int
        Frames between the earliest and latest opinion that went into the boundary, or the
        half-width of a model's uncertainty; 0 where there was one opinion.
    """

    label: str
    onset: int
    offset: int
    layer: str = DEFAULT_LAYER
    score: float | None = None
    onset_spread: int = 0
    offset_spread: int = 0

    def __post_init__(self) -> None:
        for name in ("onset", "offset", "onset_spread", "offset_spread"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise InputError(
                    f"Segment {self.label!r}: {name} must be an integer frame, not {value!r}."
                )
        if not 0 <= self.onset < self.offset:
            raise InputError(
                f"Segment {self.label!r}: [{self.onset}, {self.offset}) breaks 0 <= onset < offset."
            )
        if self.score is not None and not 0 <= self.score <= 1:
            raise InputError(f"Segment {self.label!r}: score {self.score} is outside 0..1.")

    @property
    def n_frames(self) -> int:
        """Length in frames."""
        return self.offset - self.onset

    @property
    def order(self) -> tuple[int, int, str, str]:
        """Where the segment stands in canonical order: by time, then layer, then label."""
        return self.onset, self.offset, self.layer, self.label

    def overlap(self, other: Segment) -> int:
        """Return the number of frames both cover (0 when they only touch)."""
        return max(0, min(self.offset, other.offset) - max(self.onset, other.onset))

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; optional fields only where they say something."""
        data: dict[str, Any] = {
            "layer": self.layer,
            "label": self.label,
            "onset": self.onset,
            "offset": self.offset,
        }
        if self.score is not None:
            data["score"] = self.score
        if self.onset_spread or self.offset_spread:
            data["onset_spread"] = self.onset_spread
            data["offset_spread"] = self.offset_spread
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is missing, unknown or of the wrong type.
        """
        with reading("a segment", data):
            return cls(**data)


@dataclass(frozen=True, slots=True)
class Segmentation:
    """All segments that one author put on one clip, in canonical order.

    Order is by (onset, offset, layer, label), so equal content is equal. Overlaps are
    allowed here: whether they may be is the taxonomy's word, not this type's.
    """

    segments: tuple[Segment, ...]
    n_frames: int

    @classmethod
    def of(cls, segments: Iterable[Segment], *, n_frames: int) -> Self:
        """Sort and bound-check segments.

        Raises
        ------
        InputError
            If a segment reaches beyond the clip.
        """
        ordered = tuple(sorted(segments, key=lambda segment: segment.order))
        for segment in ordered:
            if segment.offset > n_frames:
                raise InputError(
                    f"Segment {segment.label!r} ends at frame {segment.offset}, "
                    f"but the clip has {n_frames} frames."
                )
        return cls(segments=ordered, n_frames=n_frames)

    def layer(self, name: str) -> tuple[Segment, ...]:
        """Return the segments of one layer, in order."""
        return tuple(segment for segment in self.segments if segment.layer == name)

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.segments)

    def __len__(self) -> int:
        return len(self.segments)

    def as_json(self) -> list[dict[str, Any]]:
        """Return the segments' JSON forms, in order."""
        return [segment.as_json() for segment in self.segments]

    @classmethod
    def from_json(cls, data: Iterable[Mapping[str, Any]], *, n_frames: int) -> Self:
        """Read what :meth:`as_json` wrote."""
        return cls.of((Segment.from_json(item) for item in data), n_frames=n_frames)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedSegment:
    """One region exactly as a person left it, sound or not.

    ``onset``/``offset`` are half-open frames when the tool's own coordinates could be read,
    else None with the reason in ``problem``. Tier 1 turns every flaw into a finding that the
    person can act on; nothing a person made is ever dropped in silence.
    """

    region_id: str
    layer: str
    label: str | None
    onset: int | None
    offset: int | None
    problem: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "region_id": self.region_id,
            "layer": self.layer,
            "label": self.label,
            "onset": self.onset,
            "offset": self.offset,
            "problem": self.problem,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is missing or unknown.
        """
        with reading("a submitted segment", data):
            return cls(**data)
