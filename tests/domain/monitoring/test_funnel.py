from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, binom

from services.domain.monitoring import funnel
from services.domain.monitoring.funnel import COVERAGES, funnel_limits, tail_above

RATES = st.floats(0.001, 0.999)


@given(st.integers(1, 200), st.data(), RATES)
def test_tails_are_the_exact_binomials(whole: int, data: st.DataObject, rate: float) -> None:
    part = data.draw(st.integers(0, whole))
    assert tail_above(part, whole, rate) == pytest.approx(
        float(binom.sf(part - 1, whole, rate)), abs=1e-10
    )


@pytest.mark.parametrize("correlation", [0.01, 0.1, 0.5])
def test_tails_are_the_beta_binomials_where_people_differ(correlation: float) -> None:
    strength = 1 / correlation - 1
    for part in (0, 1, 7, 40):
        expected = betabinom.sf(part - 1, 40, 0.2 * strength, 0.8 * strength)
        found = tail_above(part, 40, 0.2, correlation=correlation)
        assert found == pytest.approx(float(expected), abs=1e-10)


def test_rates_of_nought_and_one_are_certain() -> None:
    assert tail_above(1, 5, 0.0) == 0.0
    assert tail_above(5, 5, 1.0) == 1.0
    assert funnel_limits(5, 0.0, coverage=0.95) == pytest.approx((0.0, 0.0), abs=0.2)


@given(st.integers(1, 300), RATES, st.sampled_from(COVERAGES))
def test_limits_hold_their_coverage_but_for_interpolation(
    whole: int, rate: float, coverage: float
) -> None:
    low, high = funnel_limits(whole, rate, coverage=coverage)
    assert 0 <= low <= high <= 1
    # The count beyond a limit is the first that is too rare; interpolation moves it by
    # less than one case.
    assert binom.sf(high * whole + 1, whole, rate) <= (1 - coverage) / 2 + 1e-12
    assert binom.cdf(low * whole - 1, whole, rate) <= (1 - coverage) / 2 + 1e-12


def test_limits_are_spiegelhalters() -> None:
    # 10 cases at 0.5: P(X <= 1) = 11/1024, P(X <= 2) = 56/1024; 2.5 % lies 14.6/45 between.
    low, high = funnel_limits(10, 0.5, coverage=0.95)
    assert low == pytest.approx((1 + 14.6 / 45) / 10)
    # P(X <= 7) = 968/1024, P(X <= 8) = 1013/1024.
    assert high == pytest.approx((7 + (0.975 * 1024 - 968) / 45) / 10)


def test_limits_widen_where_people_differ_and_narrow_with_cases() -> None:
    even, uneven = (funnel_limits(100, 0.1, coverage=0.998, correlation=c) for c in (0, 0.05))
    assert uneven[1] > even[1]
    assert funnel_limits(1000, 0.1, coverage=0.998)[1] < even[1]


@pytest.mark.parametrize("rate", [0.0, 0.002, 0.03, 0.4, 0.97])
@pytest.mark.parametrize("correlation", [0.0, 0.001, 0.05])
@pytest.mark.parametrize("coverage", COVERAGES)
def test_limits_of_many_cases_are_the_exact_ones_but_for_two_cases(
    rate: float, correlation: float, coverage: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = funnel.EXACT_CASES + 1
    near = funnel_limits(n, rate, coverage=coverage, correlation=correlation)
    monkeypatch.setattr(funnel, "EXACT_CASES", n)
    exact = funnel_limits(n, rate, coverage=coverage, correlation=correlation)
    assert near == pytest.approx(exact, abs=2 / n)
    assert 0 <= near[0] <= near[1] <= 1
