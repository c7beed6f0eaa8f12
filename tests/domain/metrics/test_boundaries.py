from __future__ import annotations

import mir_eval
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from services.domain.metrics.boundaries import match_boundaries_at
from tests.domain.metrics.notation import TOLERANCES

distinct = st.sets(st.integers(0, 90), max_size=30).map(sorted)
repeated = st.lists(st.integers(0, 40), max_size=25).map(sorted)
boundaries = st.one_of(distinct, repeated)
tolerances = st.lists(st.integers(0, 12), min_size=1, max_size=8)


def test_greedy_pairing_would_lose_a_boundary() -> None:
    found = match_boundaries_at([10, 12], [7, 12], tolerances=[3])
    assert found.counts == (2,)
    assert sorted(found.deltas) == [-3, 0]


def test_tolerances_are_inclusive_and_keep_their_order() -> None:
    assert match_boundaries_at([10, 50], [13, 54], tolerances=[4, 3, 2, 3]).counts == (2, 1, 0, 1)


def test_nothing_matches_nothing() -> None:
    for a, b in (([], []), ([1], []), ([], [1])):
        found = match_boundaries_at(a, b, tolerances=[5])
        assert (found.counts, found.deltas) == ((0,), [])


def test_a_delta_is_positive_where_the_second_is_later() -> None:
    assert match_boundaries_at([10, 40], [12, 37], tolerances=[5]).deltas == [2, -3]


def test_of_several_in_reach_the_nearest_gives_the_delta() -> None:
    assert match_boundaries_at([20], [11, 19, 22], tolerances=[10]).deltas == [-1]
    # The first two could be paired 10-4 and 14-10, at more distance in all.
    assert sorted(match_boundaries_at([10, 14], [4, 10, 14], tolerances=[6]).deltas) == [0, 0]


@given(boundaries, boundaries, tolerances)
def test_counts_are_scipys_maximum(a: list[int], b: list[int], asked: list[int]) -> None:
    counts = match_boundaries_at(a, b, tolerances=asked).counts
    for tolerance, count in zip(asked, counts, strict=True):
        near = np.abs(np.subtract.outer(a, b)).reshape(len(a), len(b)) <= tolerance
        matched = np.zeros(0, dtype=int)
        if a and b:
            matched = maximum_bipartite_matching(csr_array(near.astype(int)), perm_type="column")
        assert count == (matched >= 0).sum()


@given(boundaries, boundaries)
def test_counts_are_mir_evals(a: list[int], b: list[int]) -> None:
    counts = match_boundaries_at(a, b, tolerances=TOLERANCES).counts
    for tolerance, count in zip(TOLERANCES, counts, strict=True):
        theirs = mir_eval.util.match_events(np.array(a), np.array(b), float(tolerance))
        assert count == len(theirs)


@given(boundaries, boundaries, st.integers(0, 12))
def test_deltas_are_of_a_largest_matching_at_the_least_distance(
    a: list[int], b: list[int], reach: int
) -> None:
    found = match_boundaries_at(a, b, tolerances=[reach])
    assert len(found.deltas) == found.counts[0]
    assert all(abs(delta) <= reach for delta in found.deltas)
    far = np.abs(np.subtract.outer(a, b)).reshape(len(a), len(b))
    costs = np.where(far <= reach, far, 10_000)
    rows, columns = linear_sum_assignment(costs)
    kept = costs[rows, columns][costs[rows, columns] <= reach]
    assert sum(map(abs, found.deltas)) == kept.sum()


@given(boundaries, boundaries, tolerances)
def test_swapping_the_sides_flips_the_deltas_and_nothing_else(
    a: list[int], b: list[int], asked: list[int]
) -> None:
    here = match_boundaries_at(a, b, tolerances=asked)
    there = match_boundaries_at(b, a, tolerances=asked)
    assert here.counts == there.counts
    assert sorted(here.deltas) == sorted(-delta for delta in there.deltas)


@given(boundaries, boundaries, st.integers(0, 1000))
def test_moving_both_changes_nothing(a: list[int], b: list[int], shift: int) -> None:
    moved = ([frame + shift for frame in side] for side in (a, b))
    assert match_boundaries_at(*moved, tolerances=TOLERANCES) == match_boundaries_at(
        a, b, tolerances=TOLERANCES
    )


@given(boundaries, boundaries)
def test_a_wider_tolerance_never_matches_less(a: list[int], b: list[int]) -> None:
    counts = match_boundaries_at(a, b, tolerances=TOLERANCES).counts
    assert list(counts) == sorted(counts)


def greedy(a: list[int], b: list[int], tolerance: int) -> int:
    left, matched = list(b), 0
    for frame in a:
        near = [other for other in left if abs(other - frame) <= tolerance]
        if near:
            left.remove(min(near, key=lambda other: abs(other - frame)))
            matched += 1
    return matched


@given(boundaries, boundaries)
def test_it_never_matches_less_than_greedy_pairing(a: list[int], b: list[int]) -> None:
    counts = match_boundaries_at(a, b, tolerances=TOLERANCES).counts
    assert all(
        count >= greedy(a, b, tolerance)
        for tolerance, count in zip(TOLERANCES, counts, strict=True)
    )
