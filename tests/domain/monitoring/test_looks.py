"""A second look: later answers alone, at levels that add up."""

from __future__ import annotations

import numpy as np
import pytest

from services.domain.monitoring.intervals import clopper_pearson
from services.domain.monitoring.looks import LOOKS, latest_look, stands_again
from services.domain.policy import Monitoring
from tests.domain.monitoring.simulation import FAULTS, panel, watched

RULES = Monitoring()
BIAS = "bias||||offset|late"


@pytest.mark.parametrize(
    ("n_later", "read"),
    [
        (0, None),
        (1, None),
        (2, (0, 2)),
        (3, (0, 2)),
        (7, (0, 4)),
        (8, (0, 8)),
        (16, (0, 16)),
        (17, (0, 16)),
        (18, (16, 18)),
        (47, (32, 40)),
    ],
)
def test_a_look_reads_the_later_answers_of_its_window(
    n_later: int, read: tuple[int, int] | None
) -> None:
    look = latest_look(n_later, rate=0.05)
    assert (None if look is None else (look.first, look.last)) == read


def test_the_levels_of_all_looks_add_up_to_the_rate() -> None:
    looks = {latest_look(n, rate=0.05) for n in range(2, 2000)}
    assert sum(look.level for look in looks if look) == pytest.approx(0.05)
    first = latest_look(2, rate=0.05)
    assert first is not None
    assert first.level == pytest.approx(0.05 / 2 / len(LOOKS))


def test_what_the_first_look_saw_does_not_count_again() -> None:
    """A fault of the past that is over since is never borne out."""
    late = panel(np.random.default_rng(3), n_clips=30)["late"]
    others = panel(np.random.default_rng(4), n_clips=46, faults={})
    cured = {**others, "late": [*late, *others.pop("p00")[30:]]}
    lasting = {**others, "late": [*late, *panel(np.random.default_rng(5), n_clips=16)["late"]]}
    for n_later in LOOKS:
        end = 30 + n_later
        asked = {"person": "late", "keys": [BIAS], "n_later": n_later}
        history = {name: records[:end] for name, records in cured.items()}
        assert not stands_again(history, RULES, **asked)
        if n_later >= LOOKS[1]:
            history = {name: records[:end] for name, records in lasting.items()}
            assert stands_again(history, RULES, **asked)


def test_what_nobody_asked_is_borne_out_by_nothing() -> None:
    history = panel(np.random.default_rng(3), n_clips=30)
    asked = {"person": "late", "keys": ["misses|main|Z|||"], "n_later": 16}
    assert not stands_again(history, RULES, **asked)


def test_two_looks_find_what_begins_later_and_name_nobody_else() -> None:
    history = panel(np.random.default_rng(100), n_clips=44, fault_from=20)
    seen, acted = watched(history, looks=range(20, 45, 4), rules=RULES)
    assert set(acted) >= {"late", "confused"}
    assert set(acted) <= set(FAULTS)
    assert all(seen[person] < look <= seen[person] + 16 for person, look in acted.items())


@pytest.mark.slow
def test_sound_people_are_seldom_acted_on_however_often_one_looks() -> None:
    """Eight looks in a row, nobody at fault: what one look promises, two keep over all."""
    n, n_seen, n_acted = 15, 0, 0
    for seed in range(1000, 1000 + n):
        history = panel(np.random.default_rng(seed), n_clips=50, faults={})
        seen, acted = watched(history, looks=range(20, 51, 4), rules=RULES)
        n_seen += bool(seen)
        n_acted += bool(acted)
    # Measured over 80 panels and 16 looks: 19 name somebody at some look, 3 act on somebody.
    assert n_seen >= 2
    assert clopper_pearson(n_acted, n, level=0.9)[0] <= RULES.false_discovery_rate
    assert n_acted <= n_seen / 2
