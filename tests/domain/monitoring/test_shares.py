from __future__ import annotations

import numpy as np
import pytest

from services.domain.monitoring.shares import (
    USUAL_VARIATION,
    Cases,
    common_rate,
    expected_rate,
    standard,
)


def cases(parts: list[int], wholes: list[int]) -> Cases:
    return Cases.of(np.array(parts), np.array(wholes))


def alike(rng: np.random.Generator, rate: float, *, n_clips: int = 30, n: int = 5) -> Cases:
    return Cases.of(rng.binomial(n, rate, size=n_clips), np.full(n_clips, n))


def test_the_common_rate_is_jeffreys() -> None:
    assert common_rate([cases([1, 0], [4, 5])]) == pytest.approx(1.5 / 10)


def test_the_usual_variation_is_granted_where_it_cannot_be_measured() -> None:
    few = [cases([10] * 10, [100] * 10)]
    found = standard(50, few)
    (correlation,) = found.correlations
    rate = found.rate
    usual = USUAL_VARIATION**2 * rate / (1 - rate)
    # Own share of it, and the error of the pool: one person, and a thousand cases.
    assert correlation == pytest.approx(2 * usual + 1 / 1002)
    rare = [cases([0, 0], [10, 10]) for _ in range(8)]
    assert standard(50, rare).correlations[0] > 0


def test_people_who_are_alike_are_held_to_the_binomial() -> None:
    rng = np.random.default_rng(1)
    found = [standard(150, [alike(rng, 0.2) for _ in range(19)]) for _ in range(40)]
    assert np.median([each.correlations[2] for each in found]) < 0.003
    assert np.mean([each.rate for each in found]) == pytest.approx(0.2, abs=0.005)


def test_people_who_differ_are_granted_it() -> None:
    rng = np.random.default_rng(2)
    # Correlation of a beta with mean 0.2 and strength 19 is 1 / 20.
    found = [
        standard(150, [alike(rng, rng.beta(3.8, 15.2)) for _ in range(19)]).correlations
        for _ in range(60)
    ]
    assert np.median([each[2] for each in found]) == pytest.approx(0.05, abs=0.012)
    assert all(list(each) == sorted(each) for each in found)
    assert np.median([each[0] for each in found]) < 0.04
    assert np.median([each[4] for each in found]) > 0.06


def test_a_faulty_few_do_not_hide_each_other() -> None:
    rng = np.random.default_rng(3)
    people = [alike(rng, 0.2) for _ in range(17)] + [alike(rng, 0.9) for _ in range(2)]
    assert max(standard(150, people).correlations) < 0.03


def test_cases_that_go_together_widen_the_limits() -> None:
    # A fifth of the clips is missed as a whole, or a fifth of each: five cases are worth one.
    clumped = [cases([5] * 40 + [0] * 160, [5] * 200)] * 3
    loose = [cases([1] * 200, [5] * 200)] * 3
    (one,), (other,) = (standard(1000, people).correlations for people in (clumped, loose))
    # The design effect is 804 / 160; it counts for the person's cases and for the pool's.
    assert one - other == pytest.approx(4.025 / 999 + 4.025 / 3002, abs=1e-5)


def test_one_case_is_but_one() -> None:
    assert standard(1, [cases([1], [3])]).correlations[0] < 1
    assert standard(1, [cases([1], [3])]).tail(1, 1) == pytest.approx(1.5 / 4)


def test_who_got_the_hard_labels_is_not_blamed() -> None:
    others = {"easy": [cases([0], [999])], "hard": [cases([499], [999])]}
    mine = {"easy": cases([0], [10]), "hard": cases([15], [30])}
    assert expected_rate(mine, others) == pytest.approx((10 * 0.0005 + 30 * 0.4995) / 40)
