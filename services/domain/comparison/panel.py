"""More than two opinions on one clip: everyone against everyone, and the one in the middle.

Conventions
-----------
Every pair is compared once, either way round. The *medoid* is the opinion that is least far
from all others, where the distance of two opinions is 1 minus their agreement; two empty
opinions agree, so their distance is 0. Ties go to the opinion in fewer disputes, then to the
name that sorts first. A medoid is one person's whole opinion; a mean of all would be nobody's.

References
----------
Kaufman and Rousseeuw, "Clustering by means of medoids", 1987.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from services.domain.comparison.disputes import Comparison, ComparisonCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """All pairs of two or more opinions on one clip.

    Parameters
    ----------
    names : tuple of str
        Of the opinions, sorted.
    pairs : mapping
        The comparison of each two names, in either order.
    """

    names: tuple[str, ...]
    pairs: Mapping[tuple[str, str], Comparison]

    @property
    def medoid(self) -> str:
        """Name of the opinion in the middle."""
        return min(self.names, key=self._remoteness)

    def _remoteness(self, name: str) -> tuple[Fraction, int, str]:
        """Sum of distances from all others, exactly, so that ties are ties."""
        own = [comparison.counts for pair, comparison in self.pairs.items() if name in pair]
        far = sum((_distance(counts) for counts in own), start=Fraction(0))
        return far, sum(counts.n_disputes for counts in own), name


def _distance(counts: ComparisonCounts) -> Fraction:
    held = counts.n_a + counts.n_b
    return 1 - Fraction(2 * counts.n_agreed, held) if held else Fraction(0)
