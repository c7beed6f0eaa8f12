from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from services.domain.monitoring.intervals import (
    Share,
    clopper_pearson,
    mean_interval,
    wilson,
)


@given(st.integers(1, 300), st.data(), st.sampled_from([0.9, 0.95, 0.998]))
def test_intervals_of_a_share_are_scipys(whole: int, data: st.DataObject, level: float) -> None:
    part = data.draw(st.integers(0, whole))
    test = binomtest(part, whole)
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        expected = test.proportion_ci(level, method=method)
        assert ours(part, whole, level=level) == pytest.approx(
            (expected.low, expected.high), abs=1e-9
        )


def test_shares_add_up_and_nothing_has_no_ratio() -> None:
    both = Share(part=1, whole=4) + Share(part=2, whole=4)
    assert (both, both.value) == (Share(part=3, whole=8), 0.375)
    assert both.interval() == wilson(3, 8)
    assert both.exact_interval(0.9) == clopper_pearson(3, 8, level=0.9)
    nothing = Share(part=0, whole=0)
    assert nothing.value is nothing.interval() is nothing.exact_interval() is None


def test_the_mean_is_students() -> None:
    values = np.array([1.0, 2.0, 4.0, 9.0])
    low, high = mean_interval(4, float(values.sum()), float((values**2).sum())) or (0, 0)
    assert (low, high) == pytest.approx((4 - 5.6632, 4 + 5.6632), abs=1e-4)
    assert mean_interval(1, 3, 9) is None
    assert mean_interval(3, 0.3, 0.03) == pytest.approx((0.1, 0.1))
