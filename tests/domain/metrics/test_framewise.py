from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import cohen_kappa_score

from services.domain.metrics.framewise import FrameCounts, count_frames, overlay
from services.domain.metrics.partition import partition, rows_of
from services.domain.segments import Segment
from tests.domain.metrics.notation import N_FRAMES, listed, opinions, painted


def frames(a: list[Segment], b: list[Segment], *, n_frames: int) -> FrameCounts:
    sides = (partition(rows_of(side), n_frames=n_frames) for side in (a, b))
    return count_frames(overlay(*sides))


def test_kappa_by_hand() -> None:
    # a: 5 X, 5 nothing; b: 4 X, 6 nothing. Equal on 9 of 10 frames; by chance on
    # 0.5 * 0.4 + 0.5 * 0.6 = 0.5 of them.
    found = frames(listed("X 0-5"), listed("X 0-4"), n_frames=10)
    assert (found.n_frames, found.n_agreed, found.n_expected) == (10, 9, 5.0)
    assert found.agreement == 0.9
    assert found.kappa == pytest.approx(0.8)


def test_nothing_at_all_is_one_class_on_which_chance_agrees_wholly() -> None:
    found = frames([], [], n_frames=10)
    assert (found.agreement, found.kappa) == (1.0, None)


def test_no_frames_are_nothing_to_compare() -> None:
    found = frames([], [], n_frames=0)
    assert (found.agreement, found.kappa) == (None, None)


def test_chance_stays_within_a_clip() -> None:
    # Each clip has one label: chance alone explains both, and pooling must not hide that.
    one = frames(listed("X 0-10"), listed("X 0-10"), n_frames=10)
    other = frames(listed("Y 0-10"), listed("Y 0-10"), n_frames=10)
    assert (one + other).agreement == 1.0
    assert (one + other).kappa is None


@given(opinions, opinions)
def test_kappa_is_scikit_learns(a: list[Segment], b: list[Segment]) -> None:
    found = frames(a, b, n_frames=N_FRAMES)
    one, other = painted(a, N_FRAMES), painted(b, N_FRAMES)
    assert found.agreement == sum(map(str.__eq__, one, other)) / N_FRAMES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where ours is None
        theirs = cohen_kappa_score(one, other)
    if found.kappa is None:
        assert np.isnan(theirs)
    else:
        assert found.kappa == pytest.approx(theirs, abs=1e-12)
