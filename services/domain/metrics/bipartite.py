"""A maximum matching of two sides, in a time that no shape of them makes explode.

Conventions
-----------
Hopcroft and Karp's phases: breadth first, the columns are layered by how short an alternating
path leads to them; then the shortest paths to free columns are taken depth first. A column
that was tried once in a phase is not tried again: it lies on a path already, or leads to none.
So a phase looks at every pair a few times, and phases are no more than about twice the root of
the rows. SciPy's ``maximum_bipartite_matching`` tries dead ends over and over: on 2,000
segments of one label that all lie over each other it does not return.

References
----------
Hopcroft and Karp, "An n^5/2 algorithm for maximum matchings in bipartite graphs", SIAM
Journal on Computing 2(4), 1973.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Columns = npt.NDArray[np.int32]
NONE = -1


@dataclass(frozen=True, slots=True)
class Pairs:
    """Who may be matched: row ``i`` with ``columns[starts[i]:starts[i + 1]]``."""

    starts: list[int]
    columns: Columns

    def of(self, row: int) -> list[int]:
        """Return the columns of a row."""
        found: list[int] = self.columns[self.starts[row] : self.starts[row + 1]].tolist()
        return found


def extend_matching(pairs: Pairs, partners: Numbers, *, n_columns: int) -> Numbers:
    """Make a matching as large as can be.

    Parameters
    ----------
    pairs : Pairs
        Who may be matched.
    partners : array of int, shape (rows,)
        The column that each row has so far, -1 where none. Whoever is matched stays matched,
        if perhaps with another.
    n_columns : int
        How many columns there are.
    """
    columns_of: list[int] = partners.tolist()
    rows_of = [NONE] * n_columns
    for row, column in enumerate(columns_of):
        if column != NONE:
            rows_of[column] = row
    _take_free(pairs, columns_of, rows_of)
    while depths := _depths(pairs, columns_of, rows_of):
        _take_paths(pairs, depths, columns_of, rows_of)
    return np.array(columns_of, dtype=np.int64)


def _take_free(pairs: Pairs, columns_of: list[int], rows_of: list[int]) -> None:
    """Give each row without a column the first of its own that is free."""
    for row in _without_any(columns_of):
        for column in pairs.of(row):
            if rows_of[column] == NONE:
                columns_of[row], rows_of[column] = column, row
                break


def _depths(pairs: Pairs, columns_of: list[int], rows_of: list[int]) -> list[int]:
    """Return each column's layer, as far as the first free ones; nothing if none is reached.

    In the last layer free columns alone have a depth: a path ends there.
    """
    depths = [NONE] * len(rows_of)
    rows = _without_any(columns_of)
    depth = 0
    while rows:
        reached = []
        for row in rows:
            for column in pairs.of(row):
                if depths[column] == NONE:
                    depths[column] = depth
                    reached.append(column)
        rows = [rows_of[column] for column in reached]
        if NONE in rows:
            for row, column in zip(rows, reached, strict=True):
                if row != NONE:
                    depths[column] = NONE
            return depths
        depth += 1
    return []


def _take_paths(pairs: Pairs, depths: list[int], columns_of: list[int], rows_of: list[int]) -> None:
    """Turn over shortest paths until any other would share a column with one of them."""
    for root in _without_any(columns_of):
        rows, untried, taken = [root], [iter(pairs.of(root))], [NONE]
        while rows:
            depth = len(rows) - 1
            for column in untried[-1]:
                if depths[column] == depth:
                    break
            else:
                del rows[-1], untried[-1], taken[-1]
                continue
            depths[column] = NONE
            taken[-1] = column
            owner = rows_of[column]
            if owner == NONE:
                for row, new in zip(rows, taken, strict=True):
                    columns_of[row], rows_of[new] = new, row
                break
            rows.append(owner)
            untried.append(iter(pairs.of(owner)))
            taken.append(NONE)


def _without_any(columns_of: list[int]) -> list[int]:
    return [row for row, column in enumerate(columns_of) if column == NONE]
