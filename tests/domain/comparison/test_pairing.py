from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from services.domain.comparison.pairing import Edge, heaviest_assignment

SIZE = 7


@st.composite
def edges(draw: st.DrawFn) -> list[Edge]:
    places = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1))
    chosen = draw(st.lists(places, unique=True, max_size=25))
    return [(row, column, draw(st.integers(1, 30))) for row, column in chosen]


def total(pairs: list[tuple[int, int]], given_: list[Edge]) -> int:
    weights = {(row, column): weight for row, column, weight in given_}
    return sum(weights[pair] for pair in pairs)


def test_nothing_gives_nothing() -> None:
    assert heaviest_assignment([], n_columns=0) == []


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
    pairs = heaviest_assignment(given_, n_columns=SIZE)
    assert heaviest_assignment(shuffled, n_columns=SIZE) == pairs


def test_weights_beyond_floats_stay_exact() -> None:
    big = 2**200
    given_ = [(0, 0, big), (0, 1, big + 1), (1, 0, big), (1, 1, big)]
    assert heaviest_assignment(given_, n_columns=2) == [(0, 1), (1, 0)]
