"""The heaviest assignment over sparse pairs, exactly, whatever the weights.

Conventions
-----------
An *edge* ``(row, column, weight)`` says that two things may be paired; edges that are not
given may not be. Weights are positive integers of any size, so that a lexicographic cost
packed into one integer is added without rounding. It is meant for pairs of which each thing
has a few; ``crowds`` is faster by far where everything may be paired with everything. Equal
input gives equal output, ties included.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from heapq import heappop, heappush

Edge = tuple[int, int, int]


def heaviest_assignment(edges: Iterable[Edge], *, n_columns: int) -> list[tuple[int, int]]:
    """Choose pairs of greatest total weight with every row and column used at most once.

    Parameters
    ----------
    edges : iterable of (row, column, weight)
        Positive weights; at most one edge per row and column together.
    n_columns : int
        Columns are ``0..n_columns - 1``.

    Returns
    -------
    list of (row, column)
        In order of rows.

    References
    ----------
    Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear
    assignment problems", Computing 38, 1987. Each row also has a column of its own, of
    weight 0, that stands for staying alone; it ends most searches after a few steps.
    """
    search = _Assignment(edges, n_columns=n_columns)
    # A row that reaches far searches far: placed last it does so once, not after every other.
    for row in sorted(search.costs, key=lambda row: (len(search.costs[row]), row)):
        search.place(row)
    return sorted((row, column) for row, column in search.column_of.items() if column < n_columns)


class _Assignment:
    """The rows placed so far, and prices that prove that no cheaper placing exists."""

    def __init__(self, edges: Iterable[Edge], *, n_columns: int) -> None:
        self.costs: dict[int, list[tuple[int, int]]] = {}
        for row, column, weight in sorted(edges):
            self.costs.setdefault(row, []).append((column, -weight))
        self.row_price = {row: min(cost for _, cost in own) for row, own in self.costs.items()}
        self.column_price: defaultdict[int, int] = defaultdict(int)
        self.row_of: dict[int, int] = {}
        self.column_of: dict[int, int] = {}
        for alone, own in enumerate(self.costs.values(), start=n_columns):
            own.append((alone, 0))

    def place(self, start: int) -> None:
        """Give one more row a column, moving others along the cheapest path."""
        reach: dict[int, int] = {}
        via: dict[int, int] = {}
        settled: dict[int, int] = {}
        # Of columns that are equally far a free one goes first, as it ends the search.
        frontier: list[tuple[int, bool, int]] = []
        row, travelled = start, 0
        while True:
            for column, cost in self.costs[row]:
                length = travelled + cost - self.row_price[row] - self.column_price[column]
                if column not in settled and (column not in reach or length < reach[column]):
                    reach[column], via[column] = length, row
                    heappush(frontier, (length, column in self.row_of, column))
            travelled, _, column = heappop(frontier)
            while column in settled:
                travelled, _, column = heappop(frontier)
            if column not in self.row_of:
                break
            settled[column] = travelled
            row = self.row_of[column]
        self.row_price[start] += travelled
        for passed, length in settled.items():
            self.row_price[self.row_of[passed]] += travelled - length
            self.column_price[passed] -= travelled - length
        self._shift(column, via)

    def _shift(self, free: int, via: dict[int, int]) -> None:
        """Move every row on the path to the free column one column along."""
        column = free
        while True:
            row = via[column]
            left = self.column_of.get(row)
            self.row_of[column], self.column_of[row] = row, column
            if left is None:  # only the row that was placed now had no column
                return
            column = left
