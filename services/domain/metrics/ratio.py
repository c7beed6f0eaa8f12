"""What is divided by what: a ratio that still adds up."""

from __future__ import annotations

from typing import NamedTuple


class Ratio(NamedTuple):
    """Two sums, so that over many clips the ratio is one of sums, never a mean of ratios."""

    above: float
    below: float

    @property
    def value(self) -> float | None:
        """The ratio; None where there is nothing to divide by."""
        return self.above / self.below if self.below else None
