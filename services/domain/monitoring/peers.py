"""How far two blind opinions agree, as whole numbers that add up over any number of clips.

Conventions
-----------
The unit is a segment of either opinion. Each one ends in exactly one of five ways, so
``n_segments = n_agreed + n_alone + n_mislabelled + n_shifted + n_divided``, and agreement is
the share that ended well (F1 of the pair of opinions, as in ``ComparisonCounts``).

Segments of one clip stand or fall together: their clip is the unit that was drawn. The
interval is therefore Wilson's with the number of segments reduced by the design effect, which
is the ratio estimator's variance between clips over that of independent segments [1]_. For
that the sums of squares and of products over clips are kept; all sums are integers, so adding
up in any order gives the same to the last digit.

Ratios over nothing are None; so is their interval, and one over fewer than two clips.

References
----------
.. [1] L. Kish, "Survey Sampling", Wiley, 1965, sections 6.3 and 8.2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from math import hypot
from typing import Self

from services.domain.comparison.disputes import Comparison, DisputeKind
from services.domain.monitoring.intervals import Interval, Share, wilson
from services.domain.segments import Segment

_ENDS = {
    DisputeKind.MISSING: "n_alone",
    DisputeKind.EXTRA: "n_alone",
    DisputeKind.LABEL_MISMATCH: "n_mislabelled",
    DisputeKind.BOUNDARY_SHIFT: "n_shifted",
    DisputeKind.SPLIT: "n_divided",
    DisputeKind.MERGE: "n_divided",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerTally:
    """Sums over clips of what became of two opinions' segments.

    Parameters
    ----------
    n_clips : int
        Clips with at least one such segment.
    n_segments : int
        Segments of both opinions.
    n_agreed, n_alone, n_mislabelled, n_shifted, n_divided : int
        Segments that agreed; had no partner; had one with another label; had one whose
        boundaries were out of tolerance; were split or merged.
    n_pairs : int
        Pairs with one label, one to one, whose boundaries can be compared.
    onset_frames, offset_frames : int
        Frames between the two onsets (offsets) of those pairs, without sign.
    segments_squared, agreed_squared, segments_by_agreed : int
        Sums over clips of n_segments², n_agreed² and their product.
    """

    n_clips: int = 0
    n_segments: int = 0
    n_agreed: int = 0
    n_alone: int = 0
    n_mislabelled: int = 0
    n_shifted: int = 0
    n_divided: int = 0
    n_pairs: int = 0
    onset_frames: int = 0
    offset_frames: int = 0
    segments_squared: int = 0
    agreed_squared: int = 0
    segments_by_agreed: int = 0

    @classmethod
    def of_clip(cls, counts: Mapping[str, int]) -> Self:
        """Make the sums over one clip from what was counted on it."""
        n, agreed = counts["n_segments"], counts["n_agreed"]
        return cls(
            **counts,
            n_clips=1,
            segments_squared=n * n,
            agreed_squared=agreed * agreed,
            segments_by_agreed=n * agreed,
        )

    def __add__(self, other: PeerTally) -> PeerTally:
        return PeerTally(
            **{
                field.name: getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            }
        )

    @property
    def agreement(self) -> float | None:
        """Share of segments that agree; None without any."""
        return Share(part=self.n_agreed, whole=self.n_segments).value

    @property
    def agreement_interval(self) -> Interval | None:
        """95 % interval of the agreement; None below two clips, or without segments."""
        if self.n_clips < 2 or not self.n_segments:
            return None
        n, agreed, clips = self.n_segments, self.n_agreed, self.n_clips
        # n² times the squared residuals, in integers: nothing is lost before the division.
        residuals = (
            self.agreed_squared * n * n
            - 2 * agreed * n * self.segments_by_agreed
            + agreed * agreed * self.segments_squared
        )
        between = clips / (clips - 1) * residuals / n**4
        # An agreed pair is one event seen from two sides.
        independent = agreed * (n - agreed) / (n * n) / (n / 2)
        effect = max(1.0, between / independent) if independent else 1.0
        size = n / 2 / effect
        return wilson(agreed / n * size, size)

    @property
    def mean_onset_frames(self) -> float | None:
        """Mean distance of two people's onsets; None without comparable pairs."""
        return _share(self.onset_frames, self.n_pairs)

    @property
    def mean_offset_frames(self) -> float | None:
        """Mean distance of two people's offsets; None without comparable pairs."""
        return _share(self.offset_frames, self.n_pairs)


def agreement_difference(one: PeerTally, other: PeerTally) -> tuple[float, Interval | None] | None:
    """Return the difference of two agreements with its 95 % interval.

    None where either is undefined; the interval alone is None where either's is. It is
    Newcombe's, made of both intervals, so it too takes the clip as the unit (Statistics in
    Medicine 17, 1998, 873-890, method 10).
    """
    a, b = one.agreement, other.agreement
    if a is None or b is None:
        return None
    of_a, of_b = one.agreement_interval, other.agreement_interval
    if of_a is None or of_b is None:
        return a - b, None
    low = a - b - hypot(a - of_a[0], of_b[1] - b)
    high = a - b + hypot(of_a[1] - a, b - of_b[0])
    return a - b, (low, high)


def tally_peers(comparison: Comparison) -> dict[tuple[str, str], PeerTally]:
    """Count one clip's comparison by (layer, label) of the segments."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for segment, end in _ends(comparison):
        counts = found.setdefault((segment.layer, segment.label), Counter(_ZERO))
        counts.update(("n_segments", end))
    for one, other in _pairs(comparison):
        counts = found[one.layer, one.label]
        counts["n_pairs"] += 1
        counts["onset_frames"] += abs(other.onset - one.onset)
        counts["offset_frames"] += abs(other.offset - one.offset)
    return {key: PeerTally.of_clip(counts) for key, counts in found.items()}


def tally_clip(comparison: Comparison) -> PeerTally:
    """Count one clip's comparison over all labels; the clip counts even when it is empty."""
    counts = Counter(_ZERO)
    for tally in tally_peers(comparison).values():
        counts.update({name: getattr(tally, name) for name in _ZERO})
    return PeerTally.of_clip(counts)


_ZERO = {
    field.name: 0
    for field in fields(PeerTally)
    if field.name not in {"n_clips", "segments_squared", "agreed_squared", "segments_by_agreed"}
}


def _ends(comparison: Comparison) -> Iterable[tuple[Segment, str]]:
    for agreed in comparison.agreed:
        yield agreed.a, "n_agreed"
        yield agreed.b, "n_agreed"
    for dispute in comparison.disputes:
        for segment in (*dispute.a, *dispute.b):
            yield segment, _ENDS[dispute.kind]


def _pairs(comparison: Comparison) -> Iterable[tuple[Segment, Segment]]:
    for agreed in comparison.agreed:
        yield agreed.a, agreed.b
    for dispute in comparison.disputes:
        if dispute.kind is DisputeKind.BOUNDARY_SHIFT:
            yield dispute.a[0], dispute.b[0]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
