"""What a comparison of two opinions yields: agreed segments, disputes and counts.

The kinds are defined, and the rules behind them, in ``services.domain.comparison``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

from services.domain.errors import InputError
from services.domain.segments import Segment


class DisputeKind(StrEnum):
    """What two opinions differ in; ``services.domain.comparison`` defines each."""

    MISSING = "missing"
    EXTRA = "extra"
    LABEL_MISMATCH = "label_mismatch"
    BOUNDARY_SHIFT = "boundary_shift"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedSegment:
    """A segment both opinions hold: the accepted value and what each of them said."""

    segment: Segment
    a: Segment
    b: Segment

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "segment": self.segment.as_json(),
            "a": self.a.as_json(),
            "b": self.b.as_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote."""
        return cls(**{name: Segment.from_json(data[name]) for name in ("segment", "a", "b")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """One difference that a person has to decide.

    Parameters
    ----------
    kind : DisputeKind
        What the opinions differ in.
    layer : str
        The layer it is on.
    onset, offset : int
        The frames ``[onset, offset)`` that either opinion covers.
    a, b : Segment or None
        What each opinion holds; None where it holds nothing.
    """

    kind: DisputeKind
    layer: str
    onset: int
    offset: int
    a: Segment | None
    b: Segment | None

    @classmethod
    def over(cls, kind: DisputeKind, *, a: Segment | None, b: Segment | None) -> Self:
        """Make the dispute over these segments; at least one must be given."""
        held = [segment for segment in (a, b) if segment is not None]
        return cls(
            kind=kind,
            layer=held[0].layer,
            onset=min(segment.onset for segment in held),
            offset=max(segment.offset for segment in held),
            a=a,
            b=b,
        )

    @property
    def onset_delta(self) -> int | None:
        """Frames by which ``b`` begins later; None unless both opinions hold a segment."""
        return None if self.a is None or self.b is None else self.b.onset - self.a.onset

    @property
    def offset_delta(self) -> int | None:
        """Frames by which ``b`` ends later; None unless both opinions hold a segment."""
        return None if self.a is None or self.b is None else self.b.offset - self.a.offset

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, with the deltas for the reader's sake."""
        return {
            "kind": str(self.kind),
            "layer": self.layer,
            "onset": self.onset,
            "offset": self.offset,
            "a": None if self.a is None else self.a.as_json(),
            "b": None if self.b is None else self.b.as_json(),
            "onset_delta": self.onset_delta,
            "offset_delta": self.offset_delta,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote; the derived fields are derived again."""
        a, b = (data[name] and Segment.from_json(data[name]) for name in ("a", "b"))
        return cls.over(DisputeKind(data["kind"]), a=a, b=b)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonCounts:
    """Sums over compared segments; add them up first, divide last.

    Parameters
    ----------
    n_a, n_b : int
        Segments of each opinion.
    n_agreed : int
        Pairs that agree.
    n_missing, n_extra, n_label_mismatch, n_boundary_shift : int
        Disputes of each kind.
    n_same_label : int
        Pairs with one label, agreed or shifted: those whose boundaries can be compared.
    n_onsets_within, n_offsets_within : int
        Boundaries of those pairs that lie within tolerance.
    """

    n_a: int = 0
    n_b: int = 0
    n_agreed: int = 0
    n_missing: int = 0
    n_extra: int = 0
    n_label_mismatch: int = 0
    n_boundary_shift: int = 0
    n_same_label: int = 0
    n_onsets_within: int = 0
    n_offsets_within: int = 0

    def __add__(self, other: ComparisonCounts) -> ComparisonCounts:
        return ComparisonCounts(
            **{
                field.name: getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            }
        )

    @property
    def n_disputes(self) -> int:
        """Items that an arbiter has to decide."""
        return self.n_missing + self.n_extra + self.n_label_mismatch + self.n_boundary_shift

    @property
    def agreement(self) -> float | None:
        """Share of segments, of both opinions, that agree (F1); None without any segment."""
        return _share(2 * self.n_agreed, self.n_a + self.n_b)

    @property
    def onset_agreement(self) -> float | None:
        """Share of onsets, of both opinions, that have an answer within tolerance (F1)."""
        return _share(2 * self.n_onsets_within, self.n_a + self.n_b)

    @property
    def offset_agreement(self) -> float | None:
        """Share of offsets, of both opinions, that have an answer within tolerance (F1)."""
        return _share(2 * self.n_offsets_within, self.n_a + self.n_b)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two opinions on one clip agree on and what they dispute, in order of time."""

    agreed: tuple[AgreedSegment, ...]
    disputes: tuple[Dispute, ...]
    counts: ComparisonCounts
    n_frames: int

    @property
    def is_agreed(self) -> bool:
        """Whether nothing is left to decide."""
        return not self.disputes

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "n_frames": self.n_frames,
            "agreed": [agreed.as_json() for agreed in self.agreed],
            "disputes": [dispute.as_json() for dispute in self.disputes],
            "counts": asdict(self.counts),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is missing, unknown or of the wrong form.
        """
        try:
            return cls(
                agreed=tuple(AgreedSegment.from_json(item) for item in data["agreed"]),
                disputes=tuple(Dispute.from_json(item) for item in data["disputes"]),
                counts=ComparisonCounts(**data["counts"]),
                n_frames=data["n_frames"],
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise InputError(f"This is not a comparison: {error!r}.") from error


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
