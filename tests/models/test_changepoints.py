from itertools import combinations, pairwise

import numpy as np
import pytest

from models.changepoints import Partition, find_change_points, optimal_cuts


def steps(lengths, *, noise=0.1, d=3, seed=0):
    """A sequence whose mean jumps by one in a new direction at each boundary."""
    generator = np.random.default_rng(seed)
    means = [generator.normal(0, 1, d) * 1.5 for _ in lengths]
    rows = [np.tile(mean, (n, 1)) for mean, n in zip(means, lengths, strict=True)]
    values = np.concatenate(rows)
    return values + generator.normal(0, noise, values.shape)


def test_errors_are_those_of_the_definition():
    values = steps([10, 15])
    partition = Partition(values)
    for low, high in ((0, 25), (3, 4), (5, 20)):
        part = values[low:high]
        assert partition.error(low, high) == pytest.approx(((part - part.mean(0)) ** 2).sum())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("price", [0.05, 0.5, 5.0])
def test_the_partition_is_the_best_of_all(seed, price):
    values = steps([4, 5, 3, 6], noise=0.4, seed=seed)
    partition, n = Partition(values), 18
    candidates = np.arange(0, n + 1)

    def cost(cuts):
        edges = [0, *cuts, n]
        parts = list(pairwise(edges))
        if any(high - low < 3 for low, high in parts):
            return np.inf
        return sum(float(partition.error(low, high)) for low, high in parts) + price * len(cuts)

    best = min(cost(cuts) for k in range(6) for cuts in combinations(range(1, n), k))
    found = optimal_cuts(partition, candidates, price=price, min_frames=3)
    assert cost(found) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(10))
def test_jumps_are_found_to_the_frame(seed):
    values = steps([60, 45, 90, 50, 70], seed=seed)
    found = find_change_points(values, window=15, min_frames=8, max_segments=50, penalty=4)
    assert [point.frame for point in found] == [60, 105, 195, 245]
    assert all(point.strength > 0.5 and point.spread <= 2 for point in found)


def test_nothing_happens_in_noise_or_stillness():
    noise = np.random.default_rng(0).normal(0, 1, (1000, 6))
    for values in (noise, np.zeros((1000, 6)), np.ones((1, 6))):
        assert find_change_points(values, window=15, min_frames=8, max_segments=50, penalty=4) == ()


def test_a_slow_change_has_a_wider_spread_than_a_jump():
    ramp = np.concatenate([np.zeros(60), np.linspace(0, 1, 20), np.ones(60)])[:, None]
    jump = np.concatenate([np.zeros(70), np.ones(70)])[:, None]
    generator = np.random.default_rng(0)
    spreads = []
    for values in (ramp, jump):
        noisy = values + generator.normal(0, 0.05, values.shape)
        (point,) = find_change_points(noisy, window=20, min_frames=20, max_segments=2, penalty=1)
        assert abs(point.frame - 70) <= 5
        spreads.append(point.spread)
    assert spreads[0] > spreads[1]


def test_limits_hold():
    values = steps([20] * 30)
    for max_segments in (1, 2, 7):
        found = find_change_points(
            values, window=10, min_frames=5, max_segments=max_segments, penalty=1
        )
        assert len(found) < max_segments or max_segments == 1 == len(found) + 1
    found = find_change_points(values, window=10, min_frames=40, max_segments=99, penalty=1)
    edges = [0, *(point.frame for point in found), len(values)]
    assert min(np.diff(edges)) >= 40
