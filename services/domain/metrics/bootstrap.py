"""Ratios of sums over many clips, each with an interval, in memory that does not grow.

Conventions
-----------
A figure over clips is a ratio of sums. Its interval is a bootstrap over clips: frames and
segments of one clip depend on each other, clips do not, so clips are what is drawn anew.
Instead of keeping all clips to draw from, each clip is added to every replicate as often as
an independent Poisson(1) draw says. The draws of a clip follow from the seed and the clip's
name alone: order does not matter, parts can be summed apart and merged, and everything that
belongs to one clip, such as its pairs of annotators, shares its fate.

Where sums are all that is kept, clips are put into groups by lot and each group is summed
apart: groups are then what is drawn (``grouped_rows``). As long as clips are few against the
groups hardly two share one; later the groups differ as little as the clips in them make them.

References
----------
Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7(1), 1979
(percentile intervals); Oza and Russell, "Online bagging and boosting", AISTATS 2001; Chamandy
et al., "Estimating uncertainty for massive data streams", Google, 2012 (Poisson draws);
Wolter, "Introduction to Variance Estimation", 2nd edition, 2007, chapter 2 (random groups).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.domain.errors import InputError

Values = npt.NDArray[np.float64]
PRODUCT_ROWS = 20
"""Replicates that are drawn together."""


class SummaryRow(NamedTuple):
    """One figure: its value, the ends of its interval, and how often it was defined.

    ``value`` is None where nothing could be compared. ``low`` and ``high`` are None, too, as
    long as one clip alone had something, which says nothing about how clips differ. ``n`` counts
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
        # Of those that define a figure: the first to have come, and whether another has.
        self._first_items: list[str | None] = [None] * len(self.names)
        self._varies = np.zeros(len(self.names), dtype=np.bool_)

    def add(self, item: str, ratios: Iterable[tuple[float, float]]) -> None:
        """Add to the clip ``item`` what is divided by what, in the order of the names."""
        if item != self._item:
            self._item, self._weights = item, self._draw(item)
        parts = np.array(list(ratios), dtype=np.float64)
        self._sums += np.outer(self._weights, parts.T.ravel())
        defined = parts[:, 1] > 0
        self._n_defined += defined
        self._note([item if is_defined else None for is_defined in defined.tolist()])

    def merge(self, other: RatioBootstrap) -> None:
        """Add all that another one holds.

        Raises
        ------
        InputError
            If it was made with other names, or another seed, level or number of replicates.
        """
        if self._settings != other._settings:
            raise InputError("Summaries that were set up differently cannot be merged.")
        self._varies |= other._varies
        self._note(other._first_items)
        self._sums += other._sums
        self._n_defined += other._n_defined

    def rows(self) -> list[SummaryRow]:
        """Return every figure, in the order of the names."""
        above, below = np.split(self._sums, 2, axis=1)
        return _summary(
            self.names,
            above=above,
            below=below,
            varies=self._varies,
            n_defined=self._n_defined.tolist(),
            level=self.level,
        )

    @property
    def _settings(self) -> tuple[object, ...]:
        return self.names, self.seed, self.level, self._sums.shape

    def _note(self, items: Sequence[str | None]) -> None:
        """Take note of the clip that defines each figure, where one does."""
        for place, (first, item) in enumerate(zip(self._first_items, items, strict=True)):
            if first is None:
                self._first_items[place] = item
            elif item not in (None, first):
                self._varies[place] = True

    def _draw(self, item: str) -> Values:
        digest = hashlib.sha256(f"{self.seed}\n{item}".encode()).digest()
        generator = np.random.default_rng(int.from_bytes(digest, "big"))
        return np.concatenate(([1.0], generator.poisson(1.0, len(self._sums) - 1)))


def grouped_rows(
    names: Sequence[str],
    *,
    above: Values,
    below: Values,
    n_defined: Sequence[int],
    seed: int = 0,
    n_replicates: int = 1000,
    level: float = 0.95,
) -> list[SummaryRow]:
    """Return the figures of sums that are kept apart by group of clips.

    Parameters
    ----------
    names : sequence of str
        Of the ratios.
    above, below : array of float, shape (groups, ratios)
        What is divided by what; a group without clips holds zeros.
    n_defined : sequence of int
        What had something to compare, for each ratio.
    seed : int
        Equal seeds give equal intervals.
    n_replicates : int
        Bootstrap replicates.
    level : float
        Coverage of the intervals, in (0, 1).

    Notes
    -----
    A figure that only one group has something for has no interval.
    """
    draws = _group_draws(seed, n_replicates, len(above))
    sums = np.hstack((above, below))
    # A few rows at a time: larger products go to threads, which a busy machine keeps waiting.
    drawn = [draws[row : row + PRODUCT_ROWS] @ sums for row in range(0, len(draws), PRODUCT_ROWS)]
    drawn_above, drawn_below = np.split(np.concatenate(drawn), 2, axis=1)
    return _summary(
        names,
        above=drawn_above,
        below=drawn_below,
        varies=np.count_nonzero(below, axis=0) > 1,
        n_defined=n_defined,
        level=level,
    )


@lru_cache(maxsize=8)
def _group_draws(seed: int, n_replicates: int, n_groups: int) -> Values:
    """Return how often each replicate has each group; row 0 has each once."""
    draws = np.random.default_rng(seed).poisson(1.0, (n_replicates, n_groups))
    return np.concatenate((np.ones((1, n_groups)), draws))


def _summary(
    names: Sequence[str],
    *,
    above: Values,
    below: Values,
    varies: npt.NDArray[np.bool_],
    n_defined: Sequence[int],
    level: float,
) -> list[SummaryRow]:
    """Return figures from sums (row 0) and replicates of them (all other rows).

    ``varies`` says which figures' clips can differ, so that an interval means something.
    """
    lows, highs = _percentiles(above[1:], below[1:], level)
    has_interval = varies & (below[1:] > 0).any(axis=0)
    return [
        SummaryRow(
            name,
            float(above[0, place] / below[0, place]) if below[0, place] else None,
            float(lows[place]) if has_interval[place] else None,
            float(highs[place]) if has_interval[place] else None,
            n_defined[place],
        )
        for place, name in enumerate(names)
    ]


def _percentiles(above: Values, below: Values, level: float) -> tuple[Values, Values]:
    """Return the ends of each column's interval over the replicates that have something to divide.

    Linear between order statistics, as NumPy's quantiles, which take a column at a time where
    some replicates are left out.
    """
    is_drawn = below.T > 0
    ratios = np.divide(above.T, below.T, out=np.full(is_drawn.shape, np.nan), where=is_drawn)
    ratios.sort(axis=1)  # those left out come last
    columns = np.arange(len(ratios))
    last = np.maximum(is_drawn.sum(axis=1) - 1, 0)
    ends = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        place = share * last
        at = ratios[columns, np.floor(place).astype(np.int64)]
        after = ratios[columns, np.ceil(place).astype(np.int64)]
        ends.append(at + (after - at) * (place % 1))
    return ends[0], ends[1]
