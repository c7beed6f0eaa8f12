from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.queueing.coverage import covering_order, distances, nearest_distances
from services.domain.queueing.lookalikes import false_alarms

NOBODY = np.zeros((0, 2))


def greedy(points, labelled):
    """The same by definition: look at everybody every time."""
    away = distances(points, points)
    nearest = np.full(len(points), away.max())
    if len(labelled):
        nearest = np.minimum(nearest, nearest_distances(points, labelled))
    left, order = list(range(len(points))), []
    while left:
        added = [np.maximum(nearest - away[index], 0).sum() for index in left]
        order.append(left.pop(int(np.argmax(np.round(added, 9)))))
        nearest = np.minimum(nearest, away[order[-1]])
    return order, nearest


@given(
    seed=st.integers(0, 10**6), n_points=st.integers(1, 25), n_labelled=st.sampled_from([0, 1, 4])
)
def test_lazily_is_the_same_as_by_definition(seed, n_points, n_labelled):
    generator = np.random.default_rng(seed)
    points = generator.normal(0, 1, (n_points, 3))
    labelled = generator.normal(0, 1, (n_labelled, 3))
    found = covering_order(points, labelled=labelled)
    assert sorted(found) == list(range(n_points))
    wanted, _ = greedy(points, labelled)
    # The last ones add nothing to speak of, and rounding may swap them.
    assert found[: n_points // 2] == wanted[: n_points // 2]


def test_an_outlier_does_not_come_before_a_crowd():
    crowds = np.array([[0.0, 0.0], [10.0, 0.0]])
    points = np.concatenate([np.repeat(crowds, 20, axis=0), [[-6.0, 40.0]]])
    points[:40] += np.random.default_rng(0).normal(0, 1, (40, 2))
    order = covering_order(points, labelled=NOBODY)
    assert {order[0] // 20, order[1] // 20} == {0, 1}


def test_nobody_is_in_no_order():
    assert covering_order(NOBODY, labelled=NOBODY) == []


def test_a_clip_is_as_doubtful_as_the_accepted_ones_next_to_it():
    judged = np.array([[0.0, 0.0]] * 5 + [[9.0, 9.0]] * 5)
    thrown_out = [0.0] * 5 + [1.0, 1.0, 1.0, 0.5, 0.5]
    waiting = np.array([[0.5, 0.0], [9.0, 8.0]])
    assert false_alarms(waiting, judged=judged, thrown_out=thrown_out) == pytest.approx((0.0, 0.8))
    assert false_alarms(waiting, judged=judged[:2], thrown_out=[0.2, 0.4]) == pytest.approx(
        (0.3, 0.3)
    )
    assert false_alarms(waiting, judged=NOBODY, thrown_out=[]) == (0.0, 0.0)
    with pytest.raises(InputError, match="1 shares given"):
        false_alarms(waiting, judged=judged, thrown_out=[0.1])
