from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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
    assert (found.n_frames, found.n_agreed, found.n_by_chance) == (10, 9, 5.0)
    assert found.agreement.value == 0.9
    assert found.kappa.value == pytest.approx(0.8)


def test_nothing_at_all_is_one_class_on_which_chance_agrees_wholly() -> None:
    found = frames([], [], n_frames=10)
    assert (found.agreement.value, found.kappa.value) == (1.0, None)


def test_no_frames_are_nothing_to_compare() -> None:
    found = frames([], [], n_frames=0)
    assert (found.agreement.value, found.kappa.value) == (None, None)


def test_chance_stays_within_a_clip() -> None:
    # Each clip has one label: chance alone explains both, and pooling must not hide that.
    one = frames(listed("X 0-10"), listed("X 0-10"), n_frames=10)
    other = frames(listed("Y 0-10"), listed("Y 0-10"), n_frames=10)
    assert (one + other).agreement.value == 1.0
    assert (one + other).kappa.value is None


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_one_class_leaves_no_room_however_long_the_clip(n_frames: int, more: int) -> None:
    whole = [Segment(label="X", onset=0, offset=n_frames)]
    one = frames(whole, whole, n_frames=n_frames)
    assert (one.n_by_chance, one.kappa.value) == (0.0, None)
    both = one + frames([], [], n_frames=more)
    assert (both.agreement.value, both.kappa.value) == (1.0, None)


def test_clips_at_which_floats_would_invent_room_have_none() -> None:
    dice = np.random.default_rng(14)
    for n_frames in dice.integers(1, 10**12, 300).tolist():
        whole = [Segment(label="X", onset=0, offset=n_frames)]
        assert frames(whole, whole, n_frames=n_frames).kappa.value is None


@given(opinions, opinions)
def test_kappa_is_scikit_learns(a: list[Segment], b: list[Segment]) -> None:
    found = frames(a, b, n_frames=N_FRAMES)
    one, other = painted(a, N_FRAMES), painted(b, N_FRAMES)
    assert found.agreement.value == sum(map(str.__eq__, one, other)) / N_FRAMES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where ours is None
        theirs = cohen_kappa_score(one, other)
    if found.kappa.value is None:
        assert np.isnan(theirs)
    else:
        assert found.kappa.value == pytest.approx(theirs, abs=1e-12)
