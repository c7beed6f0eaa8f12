"""Where everything lies over everything: as good as the exact search, and fast."""

from __future__ import annotations

import time
import tracemalloc
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.comparison import crowds, matching
from services.domain.comparison.alignment import Group
from services.domain.comparison.ambiguity import Doubt
from services.domain.comparison.candidates import candidates
from services.domain.comparison.crowds import best_pairs
from services.domain.comparison.matching import match_segments
from services.domain.comparison.pairing import heaviest_assignment
from services.domain.comparison.relations import relate
from services.domain.comparison.tolerances import TimeCap, Tolerances
from services.domain.segments import Segment, Segmentation
from services.domain.timebase import Timebase
from tests.domain.comparison.test_matching import THREE, best_assignment, eligible, worth
from tests.strategies import RATES, opinion_pairs

SIZE = 6
Ranked = list[tuple[int, int, tuple[int, ...]]]


@st.composite
def ranked_edges(draw: st.DrawFn) -> Ranked:
    places = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1))
    chosen = draw(st.lists(places, unique=True, min_size=1, max_size=25))
    rank = st.tuples(st.integers(-2, 0), st.just(-1), st.integers(0, 2), st.integers(0, 9))
    return [(row, column, draw(rank)) for row, column in chosen]


def solve(edges: Ranked, *, scale: int = 1) -> list[tuple[int, int]] | None:
    rows, columns, ranks = zip(*edges, strict=True)
    return best_pairs(
        np.array(rows),
        np.array(columns),
        [scale * np.array(rank) for rank in zip(*ranks, strict=True)],
    )


def total(pairs: list[tuple[int, int]], edges: Ranked) -> tuple[int, ...]:
    ranks = {(row, column): rank for row, column, rank in edges}
    return tuple(map(sum, zip((0,) * 4, *(ranks[pair] for pair in pairs), strict=True)))


@pytest.mark.parametrize("scale", [1, 10**6, 10**10])  # one stage, several, one each
@given(edges=ranked_edges())
def test_it_is_as_good_as_the_exact_search(scale: int, edges: Ranked) -> None:
    pairs = solve(edges, scale=scale)
    assert pairs is not None
    assert pairs == sorted(pairs)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    packed = []
    for row, column, rank in edges:
        cost = 0
        for part in rank:
            cost = cost * 1000 + part
        packed.append((row, column, -cost))
    exact = heaviest_assignment(packed, n_columns=SIZE)
    assert total(pairs, edges) == total(exact, edges)


def test_what_no_float_holds_is_left_to_others() -> None:
    assert solve([(0, 0, (-1, -1, 0, 2**40))], scale=1) == [(0, 0)]
    assert solve([(0, 0, (-1, -1, 0, 2**60))], scale=1) is None


def test_a_solver_that_is_wrong_is_found_out() -> None:
    edges: Ranked = [
        (row, column, (-(row == column), -1, 0, 0)) for row in range(3) for column in range(3)
    ]
    assert solve(edges) == [(0, 0), (1, 1), (2, 2)]

    def crossing(matrix: object) -> tuple[object, object]:
        return np.arange(6), np.array([1, 2, 0, 4, 5, 3])

    with patch.object(crowds, "min_weight_full_bipartite_matching", crossing):
        assert solve(edges) is None


# --- candidates ------------------------------------------------------------------------------


@given(opinion_pairs(), st.integers(0, 15), st.booleans(), st.booleans())
def test_the_candidates_are_all_that_are_eligible_each_as_related_alone(
    pair: tuple[Segmentation, Segmentation], window: int, capped: bool, doubted: bool
) -> None:
    times = Timebase.constant(rate=RATES[0], n_frames=100)
    tolerances = Tolerances(
        of_label=lambda label: (3, ord(label[0]) % 5),
        cap=TimeCap(max_ms=70, times=times) if capped else None,
        doubt=Doubt([(10, 20, 6), (15, 40, 9)] if doubted else []),
    )
    a, b = (sorted(side, key=lambda s: (s.onset, s.offset)) for side in pair)
    found = candidates(a, b, tolerances=tolerances, window=window)
    expected = [
        (i, j, relate(one, other, tolerances=tolerances))
        for i, one in enumerate(a)
        for j, other in enumerate(b)
        if eligible(one, other, window)
    ]
    assert list(zip(*(column.tolist() for column in found), strict=True)) == [
        (i, j, r.agrees, r.same_label, r.is_near, r.n_outside, r.distance) for i, j, r in expected
    ]


# --- segments --------------------------------------------------------------------------------


def matched(a: list[Segment], b: list[Segment]) -> list[Group]:
    return match_segments(a, b, tolerances=THREE, window=15, exclusive=False)


@given(opinion_pairs(exclusive=False), st.integers(0, 15))
def test_a_crowd_is_matched_as_well_as_by_scipys_assignment(
    pair: tuple[Segmentation, Segmentation], window: int
) -> None:
    a, b = pair
    with patch.multiple(matching, _CROWD=1, _CROWDED=0):
        groups = match_segments(
            a.segments, b.segments, tolerances=THREE, window=window, exclusive=False
        )
        mirrored = match_segments(
            b.segments, a.segments, tolerances=THREE, window=window, exclusive=False
        )
    assert worth(groups, a, b) == best_assignment(a, b, window)
    here = sorted((a.segments[i].order, b.segments[j].order) for (i,), (j,) in groups)
    assert sorted((a.segments[i].order, b.segments[j].order) for (j,), (i,) in mirrored) == here


def crowd(name: str, n: int, *, scale: int = 1) -> tuple[list[Segment], list[Segment]]:
    spans = {
        "overlapping": [(i, i + 2 * n, i + 2, i + 2 * n + 1) for i in range(n)],
        "nested": [(i, 4 * n - i, i + 1, 4 * n - i + 1) for i in range(n)],
        "identical": [(0, 100, 0, 100)] * n,
        "shuffled": [
            (i, 3 * n + i * 7919 % n, i * 104_729 % n, 3 * n + i * 1_299_709 % n) for i in range(n)
        ],
        "two labels": [(i, 2 * n + i, i + 1 + i % 3, 2 * n + i + i % 5) for i in range(n)],
    }[name]

    def label(i: int) -> str:
        return "XY"[i % 2] if name == "two labels" else "X"

    return (
        [
            Segment(label=label(i), onset=scale * onset, offset=scale * offset)
            for i, (onset, offset, _, _) in enumerate(spans)
        ],
        [
            Segment(label=label(i // 2), onset=scale * onset, offset=scale * offset)
            for i, (_, _, onset, offset) in enumerate(spans)
        ],
    )


SHAPES = ("overlapping", "nested", "identical", "shuffled", "two labels")


@pytest.mark.parametrize("name", SHAPES)
def test_a_thousand_over_a_thousand_take_seconds_at_most(name: str) -> None:
    a, b = crowd(name, 1000)
    before = time.process_time()
    groups = matched(a, b)
    assert time.process_time() - before < 5
    assert len(groups) == 1000
    there = sorted((a[i].order, b[j].order) for (j,), (i,) in matched(b, a))
    assert there == sorted((a[i].order, b[j].order) for (i,), (j,) in groups)


def test_a_crowd_takes_some_200_bytes_a_pair() -> None:
    a, b = crowd("shuffled", 300)
    matched(a, b)  # what is made once does not count
    tracemalloc.start()
    matched(a, b)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / 300**2 < 230


@pytest.mark.parametrize("name", SHAPES)
def test_frames_too_large_for_floats_change_no_worth(name: str) -> None:
    scale = 2**44
    small, large = crowd(name, 30), crowd(name, 30, scale=scale)
    none = Tolerances(of_label=lambda _label: (0, 0))

    def distance(sides: tuple[list[Segment], list[Segment]]) -> tuple[int, int]:
        groups = match_segments(*sides, tolerances=none, window=0, exclusive=False)
        related = [relate(sides[0][i], sides[1][j], tolerances=none) for (i,), (j,) in groups]
        return sum(r.n_outside for r in related), sum(r.distance for r in related)

    n_outside, frames = distance(small)
    assert distance(large) == (n_outside, scale * frames)


def test_a_long_chain_of_few_over_few_takes_seconds_at_most() -> None:
    a = [Segment(label="X", onset=10 * i, offset=10 * i + 80) for i in range(3000)]
    b = [Segment(label="X", onset=s.onset + 7, offset=s.offset + 5) for s in a]
    before = time.process_time()
    assert len(matched(a, b)) == 3000
    assert time.process_time() - before < 5


def test_crowds_and_loners_are_matched_side_by_side() -> None:
    a, b = crowd("identical", 40)
    later = [Segment(label="X", onset=200 + 20 * i, offset=210 + 20 * i) for i in range(5)]
    groups = matched([*a, *later], [*b, *later[1:]])
    assert len(groups) == 44
    assert all(one < other for one, other in pairwise(groups))
