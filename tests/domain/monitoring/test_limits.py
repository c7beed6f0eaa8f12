from __future__ import annotations

import numpy as np
import pytest

from services.domain.monitoring.intervals import Share
from services.domain.monitoring.limits import share_limits


def test_limits_are_about_what_the_others_show() -> None:
    found = share_limits(
        {
            "ana": Share(part=90, whole=100),
            "ben": Share(part=10, whole=100),
            "dot": Share(part=12, whole=100),
        }
    )
    # Jeffreys' prior: 22 of 200 others' cases.
    assert found["ana"].expected == pytest.approx(22.5 / 201)
    for limits in found.values():
        assert limits.action[0] <= limits.warning[0] < limits.expected
        assert limits.expected < limits.warning[1] < limits.action[1]
    assert found["ana"].action[1] < 0.9


def test_who_has_no_cases_or_nobody_beside_has_no_limits() -> None:
    nothing = Share(part=0, whole=0)
    assert share_limits({"ana": Share(part=1, whole=4), "ben": nothing}) == {}
    assert share_limits({}) == {}


def test_more_cases_narrow_the_limits() -> None:
    found = share_limits(
        {name: Share(part=n // 10, whole=n) for name, n in (("a", 20), ("b", 2000), ("c", 500))}
    )
    assert found["b"].warning[1] < found["a"].warning[1]


def test_of_many_sound_people_few_are_beyond_a_limit() -> None:
    rng = np.random.default_rng(5)
    n_people, n_panels, cases = 20, 40, 300
    beyond = {"warning": 0, "action": 0}
    for _ in range(n_panels):
        own = rng.beta(0.1 * 40, 0.9 * 40, size=n_people)  # people differ, none is at fault
        parts = rng.binomial(cases, own)
        shares = {i: Share(part=int(part), whole=cases) for i, part in enumerate(parts)}
        for person, limits in share_limits(shares).items():
            for name in beyond:
                low, high = getattr(limits, name)
                beyond[name] += not low <= shares[person].part / cases <= high
    # 5 % and 0.2 % of 800; that people differ is itself estimated from 20.
    assert beyond["warning"] <= 0.08 * n_people * n_panels
    assert beyond["action"] <= 0.01 * n_people * n_panels
    assert beyond["warning"] >= 0.02 * n_people * n_panels
