"""What an answer adds up to against a reference, label by label: sums, never rows.

Conventions
-----------
The reference (gold, or what an arbiter accepted) is side ``a`` of the comparison, the
person's answer side ``b``. Deltas are frames by which the answer comes later: positive is
late. All tallies add up, so a person's figures over a year are one row a label.

Each reference segment is counted in exactly one of agreed, shifted, missed, confused, split
and merged; each segment of the answer in ``n_answered`` of its own label.

Deltas are taken where both carry one label: from agreed and shifted pairs, and from the
outer boundaries of a split or merge. A reference boundary at the clip's first or last frame
is left out: the edge put it there, nobody's eye, and its delta of 0 would hide a bias.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import accumulate
from math import sqrt
from typing import Any, Final, Self

from services.domain.comparison.disputes import Comparison, DisputeKind
from services.domain.errors import reading
from services.domain.monitoring.intervals import LEVEL, Interval, Share, mean_interval
from services.domain.segments import Segment

CLAMP_FRAMES: Final = 30
"""Deltas beyond this share the outermost bins of a histogram."""

LabelKey = tuple[str, str]
"""Layer and label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaTally:
    """Signed deltas of one side, summed.

    Parameters
    ----------
    n, total, squares : int
        How many, their sum in frames, and the sum of their squares; never clamped.
    histogram : tuple of (int, int)
        Deltas in frames, clamped to ``CLAMP_FRAMES`` either way, ascending, with how many
        there are of each; none that are not there.
    """

    n: int = 0
    total: int = 0
    squares: int = 0
    histogram: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, deltas: Iterable[int]) -> Self:
        """Sum these deltas."""
        given = list(deltas)
        clamped = Counter(max(-CLAMP_FRAMES, min(CLAMP_FRAMES, delta)) for delta in given)
        return cls(
            n=len(given),
            total=sum(given),
            squares=sum(delta * delta for delta in given),
            histogram=tuple(sorted(clamped.items())),
        )

    def __add__(self, other: DeltaTally) -> DeltaTally:
        bins = Counter(dict(self.histogram))
        bins.update(dict(other.histogram))
        return DeltaTally(
            n=self.n + other.n,
            total=self.total + other.total,
            squares=self.squares + other.squares,
            histogram=tuple(sorted(bins.items())),
        )

    @property
    def bias(self) -> float | None:
        """Mean delta in frames, late is positive; None without any."""
        return self.total / self.n if self.n else None

    def bias_interval(self, level: float = LEVEL) -> Interval | None:
        """Return the interval of the mean delta; None below two deltas."""
        return mean_interval(self.n, self.total, self.squares, level=level)

    @property
    def spread(self) -> float | None:
        """Standard deviation in frames (n - 1); None below two deltas."""
        if self.n < 2:
            return None
        return sqrt((self.squares * self.n - self.total * self.total) / (self.n * (self.n - 1)))

    @property
    def median(self) -> float | None:
        """Median of the clamped deltas, which one slip cannot move; None without any."""
        return _median(self.histogram)

    @property
    def deviation(self) -> float | None:
        """Median absolute deviation from the median, in frames; None without any."""
        middle = self.median
        if middle is None:
            return None
        return _median(tuple((abs(delta - middle), count) for delta, count in self.histogram))

    @property
    def late(self) -> Share:
        """Share of boundaries put later than the reference."""
        return Share(part=sum(c for delta, c in self.histogram if delta > 0), whole=self.n)

    @property
    def early(self) -> Share:
        """Share of boundaries put earlier than the reference."""
        return Share(part=sum(c for delta, c in self.histogram if delta < 0), whole=self.n)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; only bins that hold something are named."""
        return {
            "n": self.n,
            "total": self.total,
            "squares": self.squares,
            "histogram": {str(delta): count for delta, count in self.histogram},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is missing, unknown or of the wrong form.
        """
        with reading("a tally of deltas", data):
            bins = sorted((int(delta), count) for delta, count in data["histogram"].items())
            return cls(**{**data, "histogram": tuple(bins)})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTally:
    """One label's sums over compared clips.

    Parameters
    ----------
    n_reference, n_answered : int
        Segments of the label in the reference and in the answer.
    n_agreed, n_shifted : int
        Reference segments answered with this label: within tolerance, and outside it.
    n_missed : int
        Reference segments that nothing in the answer pairs with.
    n_extra : int
        Answered segments that nothing in the reference pairs with.
    n_confused : int
        Reference segments answered with another label.
    n_mistaken : int
        Answered segments of this label where the reference has another.
    n_split, n_merged : int
        Reference segments answered by several of the label, and several by one.
    onset, offset : DeltaTally
        Deltas of each side.
    """

    n_reference: int = 0
    n_answered: int = 0
    n_agreed: int = 0
    n_shifted: int = 0
    n_missed: int = 0
    n_extra: int = 0
    n_confused: int = 0
    n_mistaken: int = 0
    n_split: int = 0
    n_merged: int = 0
    onset: DeltaTally = DeltaTally()
    offset: DeltaTally = DeltaTally()

    def __add__(self, other: LabelTally) -> LabelTally:
        return LabelTally(
            **{
                field.name: getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            }
        )

    @property
    def misses(self) -> Share:
        """Share of reference segments that were not seen."""
        return Share(part=self.n_missed, whole=self.n_reference)

    @property
    def extras(self) -> Share:
        """Share of answered segments that nothing in the reference pairs with."""
        return Share(part=self.n_extra, whole=self.n_answered)

    @property
    def confusions(self) -> Share:
        """Share of reference segments answered with another label."""
        return Share(part=self.n_confused, whole=self.n_reference)

    @property
    def recall(self) -> Share:
        """Share of reference segments that the answer agrees with."""
        return Share(part=self.n_agreed, whole=self.n_reference)

    @property
    def precision(self) -> Share:
        """Share of answered segments that the reference agrees with."""
        return Share(part=self.n_agreed, whole=self.n_answered)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        counts = {f.name: getattr(self, f.name) for f in fields(self) if f.name.startswith("n_")}
        return counts | {"onset": self.onset.as_json(), "offset": self.offset.as_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is missing, unknown or of the wrong form.
        """
        with reading("a label's tally", data):
            sides = {side: DeltaTally.from_json(data[side]) for side in ("onset", "offset")}
            return cls(**{**data, **sides})


def tally(comparison: Comparison) -> dict[LabelKey, LabelTally]:
    """Sum a comparison of a reference (``a``) with an answer (``b``), label by label.

    Returns
    -------
    dict
        One tally for each layer and label that either holds, in order of name.
    """
    counts: defaultdict[LabelKey, Counter[str]] = defaultdict(Counter)
    deltas: defaultdict[LabelKey, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))

    def measure(reference: tuple[Segment, ...], answer: tuple[Segment, ...]) -> None:
        onsets, offsets = deltas[_key(reference[0])]
        onset = min(segment.onset for segment in reference)
        offset = max(segment.offset for segment in reference)
        if onset > 0:
            onsets.append(min(segment.onset for segment in answer) - onset)
        if offset < comparison.n_frames:
            offsets.append(max(segment.offset for segment in answer) - offset)

    for agreed in comparison.agreed:
        counts[_key(agreed.a)].update(n_reference=1, n_answered=1, n_agreed=1)
        measure((agreed.a,), (agreed.b,))
    for dispute in comparison.disputes:
        of_reference, of_answer = _FIELDS[dispute.kind]
        for segment in dispute.a:
            counts[_key(segment)].update({"n_reference": 1, of_reference: 1})
        for segment in dispute.b:
            counts[_key(segment)].update({"n_answered": 1} | dict.fromkeys(of_answer, 1))
        if dispute.kind in _ONE_LABEL:
            measure(dispute.a, dispute.b)
    return {
        key: LabelTally(
            **counts[key],
            onset=DeltaTally.of(deltas[key][0]),
            offset=DeltaTally.of(deltas[key][1]),
        )
        for key in sorted(counts)
    }


_FIELDS: Final[Mapping[DisputeKind, tuple[str, tuple[str, ...]]]] = {
    DisputeKind.MISSING: ("n_missed", ()),
    DisputeKind.EXTRA: ("", ("n_extra",)),
    DisputeKind.LABEL_MISMATCH: ("n_confused", ("n_mistaken",)),
    DisputeKind.BOUNDARY_SHIFT: ("n_shifted", ()),
    DisputeKind.SPLIT: ("n_split", ()),
    DisputeKind.MERGE: ("n_merged", ()),
}
"""What a dispute's reference segments, and its answered ones, count as besides."""

_ONE_LABEL: Final = frozenset({DisputeKind.BOUNDARY_SHIFT, DisputeKind.SPLIT, DisputeKind.MERGE})


def _key(segment: Segment) -> LabelKey:
    return segment.layer, segment.label


def _median(bins: Iterable[tuple[float, int]]) -> float | None:
    """Return the median of values given with their counts."""
    values = sorted(bins)
    n = sum(count for _, count in values)
    if not n:
        return None
    ends = list(accumulate(count for _, count in values))
    low, high = (values[bisect_left(ends, rank)][0] for rank in ((n + 1) // 2, n // 2 + 1))
    return (low + high) / 2
