"""Hold two plain opinions against each other: the figures, and the disputes.

Conventions
-----------
With a taxonomy, a label's bare name tells its layer, and older names count as the ones in
use. Without one all labels share one layer; it is exclusive, as long as neither of the two
opinions overlaps itself, because nothing says what may overlap; such pairs, which have no
split or merge, are counted. The disputes follow the
house's default policy (three frames, inclusive), and the taxonomy where it says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations, pairwise
from typing import Final

from orchestration.plain_files.opinion import Opinion, refuse_unsound
from services.domain.comparison.compare import compare
from services.domain.comparison.disputes import Comparison
from services.domain.errors import InputError
from services.domain.metrics.pair import PairMetrics, measure_pair
from services.domain.policy import Policy
from services.domain.segments import DEFAULT_LAYER, Segment, Segmentation
from services.domain.taxonomy import NameStatus, Taxonomy

MAY_OVERLAP: Final = "may-overlap"
_UNSAID: Final = Taxonomy.parse(
    {"name": "none", "version": 1, "layers": [{"name": DEFAULT_LAYER, "labels": [{"name": "-"}]}]}
)
_POLICY: Final = Policy()
DISPUTE_TOLERANCE: Final = _POLICY.tolerance_frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two annotators on one item."""

    a: Opinion
    b: Opinion
    n_frames: int
    metrics: PairMetrics
    comparison: Comparison
    may_overlap: bool
    """Whether, for want of a taxonomy, their layer counted as one that may overlap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item with its annotators' opinions, in their order of appearance.

    ``named`` holds the segments of each opinion in the file's order, under the names in use.
    """

    name: str
    rate: Fraction | None
    n_frames: int
    opinions: tuple[Opinion, ...]
    named: tuple[tuple[Segment, ...], ...]


class Yardstick:
    """What pairs are measured by: tolerances for the figures, a taxonomy for the disputes."""

    def __init__(self, *, tolerances: Sequence[int], taxonomy: Taxonomy | None = None) -> None:
        self.tolerances = tuple(tolerances)
        self.taxonomy = taxonomy

    def refuse(self, opinion: Opinion) -> None:
        """Refuse an opinion that cannot be compared.

        Raises
        ------
        InputError
            For segments that cover nothing, and labels that the taxonomy has never had.
        """
        refuse_unsound(opinion)
        if self.taxonomy is None:
            return
        for number, span in enumerate(opinion.spans, start=1):
            if self.taxonomy.layer_of(span.label) is None:
                raise InputError(
                    f"segment {number}: the taxonomy {self.taxonomy.name!r} has no label "
                    f'"{span.label}". Correct it, or list the name among a label\'s aliases; '
                    "`segue check` lists every such segment."
                )

    def item(self, opinions: Sequence[Opinion]) -> Item:
        """Put the opinions on one item together."""
        rates = [opinion.rate for opinion in opinions if opinion.rate is not None]
        named = cache(self._name_in_use)
        return Item(
            name=opinions[0].item,
            rate=rates[0] if rates else None,
            n_frames=max(opinion.end for opinion in opinions),
            opinions=tuple(opinions),
            named=tuple(
                tuple(
                    Segment(label=named(span.label), onset=span.onset, offset=span.offset)
                    for span in opinion.spans
                )
                for opinion in opinions
            ),
        )

    def pairs(self, item: Item) -> Iterator[Pair]:
        """Compare every two opinions, one pair at a time: there are many of many annotators."""
        overlapping = [self.taxonomy is None and _overlaps_itself(one) for one in item.opinions]
        sides = zip(item.opinions, item.named, overlapping, strict=True)
        for (a, named_a, wild_a), (b, named_b, wild_b) in combinations(sides, 2):
            n_frames = max(a.end, b.end)
            may_overlap = wild_a or wild_b
            yield Pair(
                a=a,
                b=b,
                n_frames=n_frames,
                metrics=measure_pair(
                    named_a, named_b, n_frames=n_frames, tolerances=self.tolerances
                ),
                comparison=self._compared(a, b, n_frames, may_overlap=may_overlap),
                may_overlap=may_overlap,
            )

    def _compared(self, a: Opinion, b: Opinion, n_frames: int, *, may_overlap: bool) -> Comparison:
        one, other = (
            Segmentation.of(
                (
                    Segment(
                        label=span.label,
                        onset=span.onset,
                        offset=span.offset,
                        layer=MAY_OVERLAP if may_overlap else self.layer_of(span.label),
                    )
                    for span in opinion.spans
                ),
                n_frames=n_frames,
            )
            for opinion in (a, b)
        )
        return compare(one, other, taxonomy=self.taxonomy or _UNSAID, policy=_POLICY)

    def layer_of(self, label: str) -> str:
        """Return the layer that a label is on."""
        found = None if self.taxonomy is None else self.taxonomy.layer_of(label)
        return found or DEFAULT_LAYER

    def _name_in_use(self, label: str) -> str:
        if self.taxonomy is None:
            return label
        found = self.taxonomy.resolve(self.layer_of(label), label)
        return found.label if found.status is NameStatus.ALIASED and found.label else label


def _overlaps_itself(opinion: Opinion) -> bool:
    ordered = sorted((span.onset, span.offset) for span in opinion.spans)
    return any(after[0] < before[1] for before, after in pairwise(ordered))
