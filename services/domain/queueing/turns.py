"""Whose turn a place is: shares kept within one at every prefix.

References
----------
Tijdeman, R. (1980). The chairman assignment problem. Discrete Mathematics 32, 323-330.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.domain.queueing.rules import Stratum

# Sums of shares and counts are off by rounding; a deficit this near to a limit is at it.
ROUNDING = 1e-9


class Turns:
    """Hands out places to strata in turn.

    After ``n`` turns each stratum has had ``share * n`` of them, give or take less than one.
    Where a stratum is dropped the count begins anew with the others' shares in proportion.
    """

    def __init__(self, shares: Mapping[Stratum, float]) -> None:
        self.shares = {stratum: share for stratum, share in shares.items() if share > 0}
        self._begin()

    def _begin(self) -> None:
        total = sum(self.shares.values())
        self.shares = {stratum: share / total for stratum, share in self.shares.items()}
        self.n_turns = 0
        self.counts = dict.fromkeys(self.shares, 0)
        self.slack = 1 / (2 * len(self.shares) - 2) if len(self.shares) > 1 else 0.0

    def drop(self, stratum: Stratum) -> None:
        """Leave a stratum out from here on; one is always left."""
        del self.shares[stratum]
        self._begin()

    def peek(self) -> Stratum:
        """Return whose turn is next: of those that may have it, who must have it soonest."""
        soonest, chosen = float("inf"), next(iter(self.shares))
        for stratum, share in self.shares.items():
            owed = share * (self.n_turns + 1) - self.counts[stratum]
            if owed < self.slack - ROUNDING:
                continue
            left = (1 - self.slack - owed) / share
            if left < soonest - ROUNDING:
                soonest, chosen = left, stratum
        return chosen

    def take(self, stratum: Stratum) -> None:
        """Count a turn."""
        self.n_turns += 1
        self.counts[stratum] += 1
