from __future__ import annotations

from itertools import accumulate, chain

import numpy as np
import pytest

from models.hints.shots import Shots
from services.domain.hints import HintRules
from tests.models.hints.pictures import found_in, shot, still


def shots_of(lengths, *, seed=1, **style):
    rng = np.random.default_rng(seed)
    return chain.from_iterable(shot(rng, n, **style) for n in lengths)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "style",
    [{}, {"pan": 0.0, "noise": 0.0}, {"pan": 3.0}, {"noise": 12.0}],
    ids=["usual", "still", "fast", "noisy"],
)
def test_every_hard_cut_is_found_at_its_frame_and_nothing_else(style, seed):
    lengths = [30, 6, 17, 45, 8, 25]
    found = found_in(shots_of(lengths, seed=seed, **style))
    assert found.hints.shots == tuple(accumulate(lengths[:-1]))


def test_a_cut_to_the_very_last_frames_is_found():
    for tail in (1, 2, 3):
        assert found_in(shots_of([20, tail])).hints.shots == (20,)


def test_a_shot_shorter_than_the_least_is_no_shot():
    assert found_in(shots_of([20, 3, 20])).hints.shots == (20,)
    assert found_in(shots_of([20, 3, 20]), HintRules(shot_min_frames=3)).hints.shots == (20, 23)


@pytest.mark.parametrize("n_lit", [1, 2])
def test_a_flash_is_no_cut(n_lit):
    frames = list(shot(np.random.default_rng(3), 40))
    for k in range(20, 20 + n_lit):
        frames[k] = np.clip(frames[k].astype(int) + 120, 0, 255).astype(np.uint8)
    assert found_in(frames).hints.shots == ()


def test_a_slow_dissolve_is_no_cut():
    rng = np.random.default_rng(4)
    one, other = list(shot(rng, 40)), list(shot(rng, 40))
    weights = np.clip((np.arange(40) - 10) / 20, 0, 1)
    mixed = [
        (a * (1 - w) + b * w).astype(np.uint8) for a, b, w in zip(one, other, weights, strict=True)
    ]
    assert found_in(mixed).hints.shots == ()


@pytest.mark.parametrize("repeats", [2, 3, 4])
def test_few_pictures_a_second_are_no_cuts(repeats):
    frames = [frame for frame in shots_of([15, 15], pan=3.0) for _ in range(repeats)]
    assert found_in(frames).hints.shots == (15 * repeats,)


def test_pictures_that_follow_each_other_slowly_are_shots():
    frames = [frame for frame in shots_of([1] * 5) for _ in range(8)]
    assert found_in(frames).hints.shots == (8, 16, 24, 32)


def test_black_between_shots_begins_one():
    rng = np.random.default_rng(5)
    frames = [*shot(rng, 20), *still((0, 0, 0), 10), *shot(rng, 20)]
    assert found_in(frames).hints.shots == (20, 30)


def test_nothing_seen_is_nothing_found():
    assert Shots(HintRules()).finish() == ()
    assert found_in(shots_of([1])).hints.shots == ()
