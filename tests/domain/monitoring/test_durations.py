"""Times of answers: the typical one is not moved by a task left open over lunch."""

from __future__ import annotations

from math import exp, log

import pytest

from services.domain.monitoring.durations import TimeTally


def test_the_typical_time_is_the_geometric_mean():
    total = TimeTally.of(30.0) + TimeTally.of(120.0)
    assert (total.n, total.mean_s) == (2, 75.0)
    assert total.typical_s == pytest.approx(60.0, rel=1e-3)


def test_its_interval_is_students_on_logarithms():
    total = TimeTally.of(30.0) + TimeTally.of(60.0) + TimeTally.of(120.0)
    # Spread of log: ln 2; t(0.975, 2) = 4.30265.
    half = 4.30265 * log(2) / 3**0.5
    low, high = 60 * exp(-half), 60 * exp(half)
    assert total.typical_interval_s() == pytest.approx((low, high), rel=1e-2)


@pytest.mark.parametrize("time_s", [None, -1.0])
def test_a_time_that_nobody_knows_counts_nothing(time_s: float | None):
    assert TimeTally.of(time_s) == TimeTally()


def test_a_time_of_nothing_is_the_shortest_there_is():
    assert TimeTally.of(0.0).total_ms == 1


def test_over_nothing_all_is_undefined():
    empty = TimeTally()
    assert (empty.mean_s, empty.typical_s, empty.typical_interval_s()) == (None, None, None)
    assert TimeTally.of(5.0).typical_interval_s() is None


def test_the_order_of_adding_changes_nothing():
    times = [TimeTally.of(t) for t in (12.5, 0.1, 3600.0, 47.123)]
    assert sum(times, start=TimeTally()) == sum(reversed(times), start=TimeTally())
