"""The deltas of crowds: against SciPy, and large crowds in bounded memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from services.domain.metrics import nearest
from services.domain.metrics.boundaries import match_boundaries_at
from services.domain.metrics.nearest import nearest_deltas

crowd = st.lists(st.integers(0, 40), min_size=1, max_size=16).map(sorted)
reaches = st.integers(0, 45)


def most(a: list[int], b: list[int], reach: int) -> tuple[int, int]:
    """Size and total distance of the best matching."""
    far = np.abs(np.subtract.outer(a, b))
    costs = np.where(far <= reach, far, 10_000)
    chosen = costs[linear_sum_assignment(costs)]
    chosen = chosen[chosen <= reach]
    return len(chosen), int(chosen.sum())


@given(crowd, crowd, reaches)
def test_it_is_a_largest_matching_of_least_distance(a: list[int], b: list[int], reach: int) -> None:
    n_matched, distance = most(a, b, reach)
    deltas = nearest_deltas(a, b, reach=reach, n_matched=n_matched)
    assert (len(deltas), sum(map(abs, deltas))) == (n_matched, distance)
    assert all(abs(delta) <= reach for delta in deltas)


@given(crowd, crowd, reaches)
def test_loop_sweep_and_exact_sweep_say_the_same(a: list[int], b: list[int], reach: int) -> None:
    n_matched, _ = most(a, b, reach)
    found = []
    for wide, exact in ((10**9, 1 << 62), (0, 1 << 62), (0, 0)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nearest, "WIDE", wide)
            patch.setattr(nearest, "_EXACT", exact)
            found.append(nearest_deltas(a, b, reach=reach, n_matched=n_matched))
    assert found[0] == found[1] == found[2]


def test_of_equally_near_ones_the_earlier_is_taken() -> None:
    assert nearest_deltas([10], [7, 13], reach=5, n_matched=1) == [-3]
    assert nearest_deltas([7, 13], [10], reach=5, n_matched=1) == [3]


def test_distances_too_large_for_an_array_are_added_all_the_same() -> None:
    far = 10**15
    a = list(range(0, 60_000 * 100, 60_000))
    b = [frame + far for frame in a][1:]
    found = match_boundaries_at(a, b, tolerances=[2 * far])
    assert found.counts == (99,)
    assert sum(found.deltas) == 99 * far  # the first of a stays alone


def _thinned(n: int, *, seed: int) -> tuple[list[int], list[int]]:
    dice = np.random.default_rng(seed)
    a, b = (np.sort(dice.choice(8 * n, size, replace=False)) for size in (n, n - n // 500))
    return a.tolist(), b.tolist()


@pytest.mark.parametrize("reach", [100, 1_000_000])
def test_a_wide_tolerance_does_not_keep_every_pair_within_it(reach: int) -> None:
    a, b = _thinned(5_000, seed=2)
    tracemalloc.start()
    found = match_boundaries_at(a, b, tolerances=[0, reach])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.counts[1] == len(found.deltas) > 4_800
    # Twenty-five columns a row, or the eleven that the larger side can spare: never 5,000.
    assert peak < 4_000_000
