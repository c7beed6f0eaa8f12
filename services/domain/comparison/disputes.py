"""What a comparison of two opinions yields: agreed segments, disputes and counts.

The kinds are defined, and the rules behind them, in ``services.domain.comparison.compare``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final, Self

from services.domain.errors import InputError, reading
from services.domain.segments import Segment


class DisputeKind(StrEnum):
    """What two opinions differ in; ``services.domain.comparison.compare`` defines each."""

    MISSING = "missing"
    EXTRA = "extra"
    LABEL_MISMATCH = "label_mismatch"
    BOUNDARY_SHIFT = "boundary_shift"
    SPLIT = "split"
    MERGE = "merge"


_SIZES: Final = {
    DisputeKind.MISSING: (1, 0),
    DisputeKind.EXTRA: (0, 1),
    DisputeKind.LABEL_MISMATCH: (1, 1),
    DisputeKind.BOUNDARY_SHIFT: (1, 1),
    DisputeKind.SPLIT: (1, 2),
    DisputeKind.MERGE: (2, 1),
}
"""Segments of each opinion that a dispute is over; 2 stands for 2 or more."""

_MIRRORED: Final = {
    DisputeKind.MISSING: DisputeKind.EXTRA,
    DisputeKind.EXTRA: DisputeKind.MISSING,
    DisputeKind.SPLIT: DisputeKind.MERGE,
    DisputeKind.MERGE: DisputeKind.SPLIT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedSegment:
    """A segment both opinions hold: the accepted value and what each of them said."""

    segment: Segment
    a: Segment
    b: Segment

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"segment": self.segment.as_json(), "a": self.a.as_json(), "b": self.b.as_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote."""
        return cls(**{name: Segment.from_json(data[name]) for name in ("segment", "a", "b")})


def _read_side(data: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None) -> list[Segment]:
    """Read what one opinion holds.

    Comparisons on record are never rewritten, and the first ones hold one segment or None.
    """
    if data is None:
        return []
    return [Segment.from_json(item) for item in ([data] if isinstance(data, Mapping) else data)]


def _in_order(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    held = tuple(segments)
    return tuple(sorted(held, key=lambda segment: segment.order)) if len(held) > 1 else held


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
    a, b : tuple of Segment
        What each opinion holds, in order of time; empty where it holds nothing. Several only
        on the many side of a split or merge.
    """

    kind: DisputeKind
    layer: str
    onset: int
    offset: int
    a: tuple[Segment, ...]
    b: tuple[Segment, ...]

    @classmethod
    def over(cls, kind: DisputeKind, *, a: Iterable[Segment], b: Iterable[Segment]) -> Self:
        """Make the dispute over these segments.

        Raises
        ------
        InputError
            If the kind cannot be over so many segments.
        """
        one, other = _in_order(a), _in_order(b)
        if (min(len(one), 2), min(len(other), 2)) != _SIZES[kind]:
            raise InputError(f"No {kind} is over {len(one)} and {len(other)} segments.")
        held = one + other
        return cls(
            kind=kind,
            layer=held[0].layer,
            onset=min([segment.onset for segment in held]),
            offset=max([segment.offset for segment in held]),
            a=one,
            b=other,
        )

    @property
    def onset_delta(self) -> int | None:
        """Frames by which ``b``'s first onset is later; None unless both hold a segment."""
        if not self.a or not self.b:
            return None
        first_a, first_b = (min(s.onset for s in side) for side in (self.a, self.b))
        return first_b - first_a

    @property
    def offset_delta(self) -> int | None:
        """Frames by which ``b``'s last offset is later; None unless both hold a segment."""
        if not self.a or not self.b:
            return None
        last_a, last_b = (max(s.offset for s in side) for side in (self.a, self.b))
        return last_b - last_a

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, with the deltas for the reader's sake."""
        return {
            "kind": str(self.kind),
            "layer": self.layer,
            "onset": self.onset,
            "offset": self.offset,
            "a": [segment.as_json() for segment in self.a],
            "b": [segment.as_json() for segment in self.b],
            "onset_delta": self.onset_delta,
            "offset_delta": self.offset_delta,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote; the derived fields are derived again."""
        a, b = (_read_side(data[name]) for name in ("a", "b"))
        return cls.over(DisputeKind(data["kind"]), a=a, b=b)

    def mirrored(self) -> Self:
        """Return the dispute as the other opinion sees it."""
        return type(self)(
            kind=_MIRRORED.get(self.kind, self.kind),
            layer=self.layer,
            onset=self.onset,
            offset=self.offset,
            a=self.b,
            b=self.a,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonCounts:
    """Sums over compared segments; add them up first, divide last.

    Parameters
    ----------
    n_a, n_b : int
        Segments of each opinion.
    n_agreed : int
        Pairs that agree.
    n_missing, n_extra, n_label_mismatch, n_boundary_shift, n_split, n_merge : int
        Disputes of each kind.
    n_same_label : int
        Outcomes with one label on both sides (agreed, shifted, split, merged): those whose
        boundaries can be compared.
    n_onsets_within, n_offsets_within : int
        Boundaries of those that lie within tolerance; of a split or merge the outer ones.
    """

    n_a: int = 0
    n_b: int = 0
    n_agreed: int = 0
    n_missing: int = 0
    n_extra: int = 0
    n_label_mismatch: int = 0
    n_boundary_shift: int = 0
    n_split: int = 0
    n_merge: int = 0
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

    def mirrored(self) -> Self:
        """Return the counts as the other opinion sees them."""
        return replace(
            self,
            n_a=self.n_b,
            n_b=self.n_a,
            n_missing=self.n_extra,
            n_extra=self.n_missing,
            n_split=self.n_merge,
            n_merge=self.n_split,
        )

    @property
    def n_disputes(self) -> int:
        """Items that an arbiter has to decide."""
        alone = self.n_missing + self.n_extra
        paired = self.n_label_mismatch + self.n_boundary_shift
        return alone + paired + self.n_split + self.n_merge

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

    def mirrored(self) -> Self:
        """Return the comparison as the other opinion sees it."""
        return replace(
            self,
            agreed=tuple(replace(item, a=item.b, b=item.a) for item in self.agreed),
            disputes=tuple(item.mirrored() for item in self.disputes),
            counts=self.counts.mirrored(),
        )

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
        with reading("a comparison"):
            return cls(
                agreed=tuple(AgreedSegment.from_json(item) for item in data["agreed"]),
                disputes=tuple(Dispute.from_json(item) for item in data["disputes"]),
                counts=ComparisonCounts(**data["counts"]),
                n_frames=data["n_frames"],
            )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
