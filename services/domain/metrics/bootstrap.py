"""Ratios of sums over many clips, each with an interval, in memory that does not grow.

Conventions
-----------
A figure over clips is a ratio of sums. Its interval is a bootstrap over clips: frames and
segments of one clip depend on each other, clips do not, so clips are what is drawn anew.
Instead of keeping all clips to draw from, each clip is added to every replicate as often as
an independent Poisson(1) draw says. The draws of a clip follow from the seed and the clip's
name alone: order does not matter, parts can be summed apart and merged, and everything that
belongs to one clip, such as its pairs of annotators, shares its fate.

References
----------
Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7(1), 1979
(percentile intervals); Oza and Russell, "Online bagging and boosting", AISTATS 2001; Chamandy
et al., "Estimating uncertainty for massive data streams", Google, 2012 (Poisson draws).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.domain.errors import InputError

Values = npt.NDArray[np.float64]


class SummaryRow(NamedTuple):
    """One figure: its value, the ends of its interval, and how often it was defined.

    ``value`` is None where nothing could be compared. ``low`` and ``high`` are None, too, as
    long as all came from one clip, which says nothing about how clips differ. ``n`` counts
    what was added (pairs of opinions, or clips) and had something to compare.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int


class RatioBootstrap:
    """Running sums of ratios, and of their bootstrap replicates.

    Parameters
    ----------
    names : sequence of str
        Of the ratios, in the order in which every clip gives them.
    seed : int
        Equal seeds give equal intervals.
    n_replicates : int
        Bootstrap replicates.
    level : float
        Coverage of the intervals, in (0, 1).
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        seed: int = 0,
        n_replicates: int = 1000,
        level: float = 0.95,
    ) -> None:
        self.names = tuple(names)
        self.seed = seed
        self.level = level
        # Row 0 holds the sums themselves, the others one replicate each.
        self._sums: Values = np.zeros((1 + n_replicates, 2 * len(self.names)))
        self._n_defined = np.zeros(len(self.names), dtype=np.int64)
        self._item: str | None = None
        self._weights: Values = np.zeros(0)
        self._several_items = False

    def add(self, item: str, ratios: Iterable[tuple[float, float]]) -> None:
        """Add to the clip ``item`` what is divided by what, in the order of the names."""
        if item != self._item:
            self._several_items |= self._item is not None
            self._item, self._weights = item, self._draw(item)
        parts = np.array(list(ratios), dtype=np.float64)
        self._sums += np.outer(self._weights, parts.T.ravel())
        self._n_defined += parts[:, 1] > 0

    def merge(self, other: RatioBootstrap) -> None:
        """Add all that another one holds.

        Raises
        ------
        InputError
            If it was made with other names, or another seed, level or number of replicates.
        """
        if self._settings != other._settings:
            raise InputError("Summaries that were set up differently cannot be merged.")
        self._several_items |= other._several_items or (
            None not in (self._item, other._item) and self._item != other._item
        )
        if other._item is not None:
            self._item, self._weights = other._item, other._weights
        self._sums += other._sums
        self._n_defined += other._n_defined

    def rows(self) -> list[SummaryRow]:
        """Return every figure, in the order of the names."""
        above, below = np.split(self._sums, 2, axis=1)
        rows = []
        for place, name in enumerate(self.names):
            value = float(above[0, place] / below[0, place]) if below[0, place] else None
            low, high = self._interval(above[1:, place], below[1:, place])
            rows.append(SummaryRow(name, value, low, high, int(self._n_defined[place])))
        return rows

    @property
    def _settings(self) -> tuple[object, ...]:
        return self.names, self.seed, self.level, self._sums.shape

    def _draw(self, item: str) -> Values:
        digest = hashlib.sha256(f"{self.seed}\n{item}".encode()).digest()
        generator = np.random.default_rng(int.from_bytes(digest, "big"))
        return np.concatenate(([1.0], generator.poisson(1.0, len(self._sums) - 1)))

    def _interval(self, above: Values, below: Values) -> tuple[float | None, float | None]:
        drawn = below > 0
        if not (self._several_items and drawn.any()):
            return None, None
        tail = (1 - self.level) / 2
        low, high = np.quantile(above[drawn] / below[drawn], [tail, 1 - tail])
        return float(low), float(high)
