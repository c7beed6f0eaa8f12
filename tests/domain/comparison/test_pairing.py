from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from services.domain.comparison.pairing import Edge, heaviest_assignment, heaviest_chain

SIZE = 7


@st.composite
def edges(draw: st.DrawFn) -> list[Edge]:
    places = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1))
    chosen = draw(st.lists(places, unique=True, max_size=25))
    return [(row, column, draw(st.integers(1, 30))) for row, column in chosen]


def total(pairs: list[tuple[int, int]], given_: list[Edge]) -> int:
    weights = {(row, column): weight for row, column, weight in given_}
    return sum(weights[pair] for pair in pairs)


def best_chain(given_: list[Edge], row: int = 0, column: int = 0) -> int:
    """Try everything."""
    return max(
        (w + best_chain(given_, r + 1, c + 1) for r, c, w in given_ if r >= row and c >= column),
        default=0,
    )


def test_nothing_gives_nothing() -> None:
    assert heaviest_chain([], n_columns=0) == []
    assert heaviest_assignment([], n_columns=0) == []


@given(edges())
def test_the_chain_is_as_heavy_as_any_and_never_crosses(given_: list[Edge]) -> None:
    chain = heaviest_chain(given_, n_columns=SIZE)
    assert total(chain, given_) == best_chain(given_)
    rows, columns = [row for row, _ in chain], [column for _, column in chain]
    assert rows == sorted(set(rows))
    assert columns == sorted(set(columns))


@given(edges())
def test_the_assignment_is_as_heavy_as_scipys(given_: list[Edge]) -> None:
    pairs = heaviest_assignment(given_, n_columns=SIZE)
    weights = np.zeros((SIZE, SIZE))
    for row, column, weight in given_:
        weights[row, column] = weight
    chosen = linear_sum_assignment(weights, maximize=True)
    assert total(pairs, given_) == weights[chosen].sum()
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


@given(edges(), st.randoms(use_true_random=False))
def test_the_order_of_edges_does_not_matter(given_: list[Edge], dice: object) -> None:
    shuffled = list(given_)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    for solve in (heaviest_chain, heaviest_assignment):
        assert solve(shuffled, n_columns=SIZE) == solve(given_, n_columns=SIZE)


def test_weights_beyond_floats_stay_exact() -> None:
    big = 2**200
    given_ = [(0, 0, big), (0, 1, big + 1), (1, 0, big), (1, 1, big)]
    assert heaviest_assignment(given_, n_columns=2) == [(0, 1), (1, 0)]
    assert heaviest_chain(given_, n_columns=2) == [(0, 0), (1, 1)]
