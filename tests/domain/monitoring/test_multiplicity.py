from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from services.domain.monitoring.multiplicity import benjamini_hochberg, select, simes

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(P_VALUES)
def test_adjusted_values_are_scipys(p_values: list[float]) -> None:
    adjusted = benjamini_hochberg(p_values)
    assert adjusted == pytest.approx(false_discovery_control(p_values), abs=1e-12)
    assert simes(p_values) == pytest.approx(adjusted.min())


def test_the_papers_example() -> None:
    # Benjamini and Hochberg 1995, section 4.1: four of the fifteen are rejected at 0.05.
    p_values = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459),
        *(0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]
    assert int((benjamini_hochberg(p_values) <= 0.05).sum()) == 4


def test_a_chosen_family_has_at_least_one_to_call_out_and_pays_for_being_chosen() -> None:
    chosen = select({"ana": [0.001, 0.03], "ben": [0.5, 0.9], "cyd": [0.6]}, rate=0.05)
    assert list(chosen) == ["ana"]
    assert chosen["ana"] == pytest.approx([0.006, 0.09])  # 2 tests, 1 of 3 people chosen


def test_nothing_is_chosen_of_nothing() -> None:
    assert select({}, rate=0.05) == {}
    assert select({"ana": [0.9]}, rate=0.05) == {}


def test_the_promise_holds_for_people_and_for_signals() -> None:
    # 20 people of 30 questions; three of them at fault in ten questions each.
    rng = np.random.default_rng(5)
    people, signals = [], []
    for _ in range(600):
        p = rng.random((20, 30))
        p[:3, :10] *= 1e-4
        chosen = select({i: list(p[i]) for i in range(20)}, rate=0.05)
        people.append(np.mean([i >= 3 for i in chosen]))
        signals.append(
            np.mean(
                [
                    np.mean([i >= 3 or j >= 10 for j in np.flatnonzero(adjusted <= 0.05)])
                    for i, adjusted in chosen.items()
                ]
            )
        )
        assert {0, 1, 2} <= set(chosen)
    assert np.mean(people) < 0.05
    assert np.mean(signals) < 0.05
