"""More than two opinions on one clip: everyone against everyone, and the one in the middle.

Conventions
-----------
Every pair is compared once, the name that sorts first as side ``a``. The *medoid* is the
opinion that is least far from all others, where the distance of two opinions is 1 minus
their agreement; two empty opinions agree, so their distance is 0. Ties go to the opinion in
fewer disputes, then to the name that sorts first. A medoid is one person's whole opinion; a
mean of all would be nobody's.

References
----------
Kaufman and Rousseeuw, "Clustering by means of medoids", 1987.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from services.domain.comparison.compare import compare
from services.domain.comparison.disputes import Comparison, ComparisonCounts
from services.domain.comparison.tolerances import FrameTimes
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from services.domain.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """All pairs of two or more opinions on one clip.

    Parameters
    ----------
    names : tuple of str
        Of the opinions, sorted.
    pairs : mapping
        The comparison of each two names in that order.
    """

    names: tuple[str, ...]
    pairs: Mapping[tuple[str, str], Comparison]

    def comparison(self, a: str, b: str) -> Comparison:
        """Return the comparison of two different opinions, either way round."""
        if (a, b) in self.pairs:
            return self.pairs[a, b]
        return self.pairs[b, a].mirrored()

    def counts(self, a: str, b: str) -> ComparisonCounts:
        """Return one cell of the matrix."""
        return self.comparison(a, b).counts

    @property
    def total(self) -> ComparisonCounts:
        """Sums over all pairs."""
        return sum((item.counts for item in self.pairs.values()), start=ComparisonCounts())

    @property
    def medoid(self) -> str:
        """Name of the opinion in the middle."""
        return min(self.names, key=self._remoteness)

    def star(self) -> dict[str, Comparison]:
        """Return each other opinion against the medoid, which is side ``a``."""
        medoid = self.medoid
        return {name: self.comparison(medoid, name) for name in self.names if name != medoid}

    def as_json(self) -> dict[str, Any]:
        """Return the matrix and the medoid; the comparisons have forms of their own."""
        return {
            "names": list(self.names),
            "medoid": self.medoid,
            "pairs": [
                {
                    "a": a,
                    "b": b,
                    "agreement": comparison.counts.agreement,
                    "counts": asdict(comparison.counts),
                }
                for (a, b), comparison in self.pairs.items()
            ],
        }

    def _remoteness(self, name: str) -> tuple[Fraction, int, str]:
        """Sum of distances from all others, exactly, so that ties are ties."""
        own = [comparison.counts for pair, comparison in self.pairs.items() if name in pair]
        far = sum((_distance(counts) for counts in own), start=Fraction(0))
        return far, sum(counts.n_disputes for counts in own), name


def compare_all(
    opinions: Mapping[str, Segmentation],
    *,
    taxonomy: Taxonomy,
    policy: Policy,
    times: FrameTimes | None = None,
) -> Panel:
    """Compare every two of several opinions on one clip.

    Parameters
    ----------
    opinions : mapping of str to Segmentation
        By any name that tells them apart.
    taxonomy, policy, times
        As for :func:`services.domain.comparison.compare.compare`.

    Raises
    ------
    InputError
        ``too_few_opinions`` when there are fewer than two, and whatever ``compare`` raises.
    """
    if len(opinions) < 2:
        raise InputError(
            f"A comparison needs two opinions, not {len(opinions)}.", code="too_few_opinions"
        )
    names = tuple(sorted(opinions))
    return Panel(
        names=names,
        pairs={
            (a, b): compare(opinions[a], opinions[b], taxonomy=taxonomy, policy=policy, times=times)
            for a, b in combinations(names, 2)
        },
    )


def _distance(counts: ComparisonCounts) -> Fraction:
    held = counts.n_a + counts.n_b
    return 1 - Fraction(2 * counts.n_agreed, held) if held else Fraction(0)
