from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from services.domain.monitoring.cusum import change_point, cusum
from services.domain.monitoring.ewma import ewma
from services.domain.monitoring.habit import NO_HABIT, Habit, measured_habit, robust_variance

SCORES = st.lists(st.floats(-4, 4), min_size=1, max_size=40).map(np.array)


def test_sums_by_hand() -> None:
    chart = cusum(np.array([1.0, 2.0, -1.0, 3.0]), slack=0.5)
    assert list(chart.upper) == [0.5, 2.0, 0.5, 3.0]
    assert list(chart.lower) == [0.0, 0.0, 0.5, 0.0]
    assert (chart.peak, chart.rises, chart.peak_index) == (3.0, True, 3)
    assert (chart.first_above(1.9), chart.first_above(3.0)) == (1, None)
    falling = cusum(np.array([-2.0, -1.0]), slack=0.5)
    assert (falling.peak, falling.rises, falling.peak_index) == (2.0, False, 1)


def test_no_scores_no_sum() -> None:
    chart = cusum(np.empty(0), slack=0.5)
    assert (chart.peak, chart.first_above(0.0)) == (0.0, None)


@given(SCORES, st.floats(0, 2))
def test_sums_are_what_the_recursion_says(scores: np.ndarray, slack: float) -> None:
    chart = cusum(scores, slack=slack)
    upper = lower = 0.0
    for i, score in enumerate(scores):
        upper, lower = max(0.0, upper + score - slack), max(0.0, lower - score - slack)
        assert (chart.upper[i], chart.lower[i]) == pytest.approx((upper, lower), abs=1e-9)
    mirrored = cusum(-scores, slack=slack)
    assert (mirrored.peak, mirrored.p_value()) == (chart.peak, chart.p_value())


def test_averages_by_hand() -> None:
    chart = ewma(np.array([1.0, 0.0, 2.0]), weight=0.5)
    assert list(chart.values) == [0.5, 0.25, 1.125]
    # Weights 1/2; 1/2, 1/4; 1/2, 1/4, 1/8: their squares add up.
    assert chart.deviations == pytest.approx(np.sqrt([1 / 4, 5 / 16, 21 / 64]))
    assert chart.peak == pytest.approx(1.125 / np.sqrt(21 / 64))
    assert (chart.peak_index, chart.first_above(0.9), chart.first_above(5)) == (2, 0, None)


@pytest.mark.parametrize("spread", [0.0, 0.4])
def test_p_values_never_promise_more_than_they_hold(spread: float) -> None:
    rng = np.random.default_rng(11)
    habit = Habit(deviations=(spread,))
    runs = rng.normal(size=(4000, 25)) + spread * rng.normal(size=(4000, 1))
    of_sums = np.array([cusum(run, slack=0.5).p_value(habit) for run in runs])
    of_averages = np.array([ewma(run, weight=0.2).p_value(habit) for run in runs])
    for level in (0.2, 0.05, 0.01, 0.002):
        error = 3 * np.sqrt(level / len(runs))
        assert (of_sums <= level).mean() <= level + error
        assert (of_averages <= level).mean() <= level + error
    assert (of_averages <= 0.2).mean() > 0.02  # and yet they do not promise nothing


@given(SCORES)
def test_the_change_point_is_the_likeliest_start(scores: np.ndarray) -> None:
    best = max(
        (max(0.0, float(scores[i:].sum())) ** 2 / (len(scores) - i) for i in range(len(scores))),
    )
    found = change_point(scores)
    assert max(0.0, float(scores[found:].sum())) ** 2 / (len(scores) - found) == pytest.approx(best)


def test_a_planted_change_is_dated() -> None:
    rng = np.random.default_rng(2)
    found = []
    for _ in range(200):
        scores = rng.normal(size=40)
        scores[25:] += 2.0
        found.append(change_point(scores) - 25)
    assert np.median(found) == 0
    assert np.mean(np.abs(found) <= 2) > 0.8


def test_clips_without_cases_date_nothing() -> None:
    assert change_point(np.array([0.0, 0.0, 3.0]), np.array([0.0, 0.0, 1.0])) == 0
    assert change_point(np.array([-1.0, 0.0, 3.0]), np.array([1.0, 0.0, 1.0])) == 1
    assert change_point(np.array([-1.0, -2.0])) == 0


def test_averages_over_habits_are_never_too_low_and_hardly_too_high() -> None:
    def bound(means: np.ndarray) -> np.ndarray:
        return ndtr(means - 4.0)

    assert NO_HABIT.average(bound, far=4.0) == pytest.approx(float(ndtr(-4.0)))
    # The mean of a normal tail over a normal habit is a normal tail; negative habits count
    # as none, and means beyond 4 as certain.
    true = (float(ndtr(-4 / np.sqrt(1.25))) + float(ndtr(-4 / np.sqrt(2)))) / 2
    found = Habit(deviations=(0.5, 1.0)).average(bound, far=4.0)
    assert true < found < 1.4 * true


def test_a_measured_habit_is_uncertain_and_few_people_tell_none() -> None:
    values = np.random.default_rng(4).normal(0, 0.5, size=19)
    found = measured_habit(values, chance=0.05, usual=0.7).deviations
    assert list(found) == sorted(found)
    assert found[0] < np.sqrt(robust_variance(values)[0] - 0.05) < found[4]
    assert measured_habit(values[:4], chance=0.05, usual=0.7) == Habit(deviations=(0.7,))


@pytest.mark.parametrize("n", [5, 6, 9, 10, 19, 40])
def test_the_robust_variance_is_right_for_normal_values(n: int) -> None:
    rng = np.random.default_rng(n)
    found = [robust_variance(rng.normal(3, 2, size=n))[0] for _ in range(1500)]
    assert np.sqrt(np.mean(np.sqrt(found)) ** 2) == pytest.approx(2, rel=0.06)


def test_a_faulty_few_hardly_widen_it() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(400, 20))
    spoiled = values.copy()
    spoiled[:, :3] += 100
    widened = np.mean([robust_variance(row)[0] for row in spoiled])
    assert widened < 2.5 * np.mean([robust_variance(row)[0] for row in values])
