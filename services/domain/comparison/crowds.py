"""The best assignment among many, by several ranks one after the other, in compiled code.

Conventions
-----------
A *rank* is one integer per edge, and less is better; a later rank only tells apart what is
equal by all earlier ones. All ranks in one number would not fit a float, which is what
SciPy's solver works in. So the ranks are taken in *stages*, each of as many ranks as a float
holds exactly. After each stage prices are computed, in integers, that prove that nothing is
better; only the edges of price zero, of which every best choice consists, go on.

Every row and every column also has a stand-in, so that staying alone is an edge as well and
every choice is a perfect matching: see :func:`best_pairs`.

References
----------
Gabow and Tarjan, "Faster scaling algorithms for network problems", SIAM J. Comput. 18, 1989
(a perfect matching over two copies in place of an incomplete one). Jonker and Volgenant,
Computing 38, 1987. Price proof: complementary slackness; Bellman, "On a routing problem",
Quart. Appl. Math. 16, 1958.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

Ints = NDArray[np.int64]
Places = NDArray[np.int32]
Ranks = NDArray[np.integer]
Bools = NDArray[np.bool_]

LARGEST_EXACT = 2**53
"""Up to here every integer is a float."""


def best_pairs(
    rows: Places, columns: Places, ranks: Sequence[Ranks]
) -> list[tuple[int, int]] | None:
    """Choose pairs of least ranks with every row and every column used at most once.

    Parameters
    ----------
    rows, columns : array of int, shape (n_edges,)
        What may be paired; each pair once.
    ranks : sequence of array of int, each of shape (n_edges,)
        The most important first. Staying alone counts 0, so what is wanted is below 0.

    Returns
    -------
    list of (row, column), or None
        In order of rows. None where a rank is too large for a float, or where the prices do
        not prove the choice: the caller then has to choose in another way.

    Notes
    -----
    With n rows and m columns, row ``i`` has the stand-in ``m + i`` among the columns and column
    ``j`` the stand-in ``n + j`` among the rows. Who stays alone goes to the own stand-in, and
    the stand-ins of two that are paired are paired as well; both are free of charge.
    """
    row_names, rows = _numbered(rows)
    column_names, columns = _numbered(columns)
    n, m = len(row_names), len(column_names)
    alone_rows, alone_columns = np.arange(n, dtype=np.int32), np.arange(m, dtype=np.int32)
    graph = _Graph.of(
        np.concatenate([rows, alone_rows, n + alone_columns, n + columns]),
        np.concatenate([columns, m + alone_rows, alone_columns, m + rows]),
    )
    stages = _stages(ranks, n + m)
    if stages is None:
        return None
    chosen: Ints = np.full(n + m, -1)
    left = np.where(graph.order < len(rows), graph.order, np.int32(-1))
    for stage in stages:
        cost = np.where(left >= 0, stage[left], 0)
        chosen = graph.cheapest(cost)
        tight = graph.tight(cost, chosen)
        if tight is None:
            return None
        graph, left = graph.keeping(tight), left[tight]
    pairs = [(row, chosen[row]) for row in range(n) if chosen[row] < m]
    return [(int(row_names[row]), int(column_names[column])) for row, column in pairs]


def _numbered(names: Places) -> tuple[Places, Places]:
    """Return the names that there are, in order, and for each entry the number of its name."""
    there = np.flatnonzero(np.bincount(names)).astype(np.int32)
    numbers = np.zeros(int(names.max(initial=-1)) + 1, dtype=np.int32)
    numbers[there] = np.arange(len(there))
    return there, numbers[names]


def _stages(ranks: Sequence[Ranks], n_nodes: int) -> list[Ints] | None:
    """Pack neighbouring ranks into one number for as long as no sum can leave the floats.

    Prices add up costs along a path, which meets no node twice: four times the number of nodes
    is more than any of them, or the difference of two, comes to.
    """
    stages: list[Ints] = []
    for rank in ranks:
        unit = 4 * n_nodes * (int(abs(rank).max(initial=0)) + 1)
        if unit >= LARGEST_EXACT:
            return None
        highest = int(abs(stages[-1]).max(initial=0)) if stages else LARGEST_EXACT
        if 4 * n_nodes * highest * unit + unit < LARGEST_EXACT:
            stages[-1] = stages[-1] * unit + rank
        else:
            stages.append(rank.astype(np.int64))
    return stages


class _Graph(NamedTuple):
    """Edges in order of rows; ``begins`` says where each row's are, ``order`` whence they came."""

    rows: Places
    columns: Places
    begins: Ints
    order: Places

    @classmethod
    def of(cls, rows: Places, columns: Places) -> Self:
        order = np.lexsort((columns, rows)).astype(np.int32)
        begins = np.zeros(int(rows.max(initial=-1)) + 2, dtype=np.int64)
        np.cumsum(np.bincount(rows), out=begins[1:])
        return cls(rows[order], columns[order], begins, order)

    def keeping(self, wanted: Bools) -> _Graph:
        """Return the graph with the wanted edges only."""
        return _Graph.of(self.rows[wanted], self.columns[wanted])

    def cheapest(self, cost: Ints) -> Ints:
        """Return the column of each row in a perfect matching that costs least."""
        size = len(self.begins) - 1
        # Zero would read as no edge; the same for all edges, an addition changes nothing.
        weights = (cost - cost.min(initial=0) + 1).astype(np.float64)
        matrix = csr_array((weights, self.columns, self.begins.astype(np.int32)), (size, size))
        found: Ints = min_weight_full_bipartite_matching(matrix)[1].astype(np.int64)
        return found

    def tight(self, cost: Ints, chosen: Ints) -> Bools | None:
        """Return which edges a cheapest matching may have; None if the chosen one is not it.

        The price of a column is the cheapest way to it, of moves from a row's chosen column
        to another. There is one unless moving in a circle gains, so prices are the proof.
        """
        size = len(chosen)
        gain = cost - cost[self.columns == chosen[self.rows]][self.rows]
        holder: Ints = np.argsort(chosen)
        prices = np.zeros(size, dtype=np.int64)
        moved: Ints = np.arange(size)
        for _ in range(size + 1):
            edges = self._of_rows(moved)
            before = prices.copy()
            through = prices[chosen[self.rows[edges]]] + gain[edges]
            np.minimum.at(prices, self.columns[edges], through)
            moved = holder[prices < before]
            if not len(moved):
                tight: Bools = prices[chosen[self.rows]] + gain == prices[self.columns]
                return tight
        return None

    def _of_rows(self, rows: Ints) -> Ints:
        """Return the numbers of some rows' edges."""
        lengths = self.begins[rows + 1] - self.begins[rows]
        before = np.cumsum(lengths) - lengths
        edges: Ints = np.repeat(self.begins[rows] - before, lengths)
        return edges + np.arange(len(edges))
