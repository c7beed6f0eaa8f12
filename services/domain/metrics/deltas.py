"""Sums over signed deltas, from which means and spreads follow without the deltas.

Conventions
-----------
A delta is ``b`` minus ``a`` in frames: positive where the second opinion is later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaSums:
    """Number, sum, sum of absolute values and sum of squares of some deltas."""

    n: int = 0
    total: int = 0
    absolute: int = 0
    squares: int = 0

    @classmethod
    def of(cls, deltas: Sequence[int]) -> Self:
        """Sum deltas up."""
        return cls(
            n=len(deltas),
            total=sum(deltas),
            absolute=sum(map(abs, deltas)),
            squares=sum(delta * delta for delta in deltas),
        )

    def __add__(self, other: DeltaSums) -> DeltaSums:
        return DeltaSums(
            n=self.n + other.n,
            total=self.total + other.total,
            absolute=self.absolute + other.absolute,
            squares=self.squares + other.squares,
        )

    @property
    def mean(self) -> float | None:
        """Mean delta: the bias of ``b`` against ``a``; None without a delta."""
        return self.total / self.n if self.n else None

    @property
    def mean_absolute(self) -> float | None:
        """Mean distance; None without a delta."""
        return self.absolute / self.n if self.n else None

    @property
    def deviation(self) -> float | None:
        """Standard deviation over the deltas (divisor n); None without a delta."""
        if not self.n:
            return None
        return float((self.n * self.squares - self.total**2) ** 0.5 / self.n)
