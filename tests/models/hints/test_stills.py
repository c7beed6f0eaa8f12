from __future__ import annotations

import numpy as np

from services.domain.hints import FrameRange, HintRules
from tests.models.hints.pictures import SIZE, found_in, shot, still

RNG_SEED = 7


def ranges(found: tuple[FrameRange, ...]) -> list[tuple[int, int]]:
    return [(one.onset, one.offset) for one in found]


def scene(n_frames: int, **style):
    return list(shot(np.random.default_rng(RNG_SEED), n_frames, **style))


def test_black_is_found_to_the_frame():
    frames = [*still((0, 0, 0), 5), *scene(10), *still((4, 4, 4), 1), *scene(10)]
    frames += still((0, 0, 0), 3)
    hints = found_in(frames).hints
    assert ranges(hints.black) == [(0, 5), (15, 16), (26, 29)]
    assert hints.frozen == ()


def test_dark_is_not_black():
    assert found_in(still((30, 30, 30), 10)).hints.black == ()
    assert ranges(found_in(still((16, 16, 16), 10)).hints.black) == [(0, 10)]


def test_a_little_light_in_the_dark_is_allowed():
    dark = np.zeros((*SIZE[::-1], 3), dtype=np.uint8)
    lit, bright = dark.copy(), dark.copy()
    lit[:20, :30] = 255  # 1.6 % of the picture
    bright[:30, :30] = 255  # 2.4 %
    assert ranges(found_in([lit] * 4).hints.black) == [(0, 4)]
    assert found_in([bright] * 4).hints.black == ()


def test_a_freeze_is_found_to_the_frame():
    moving = scene(40, pan=4.0)
    frames = [*moving[:20], *[moving[19]] * 14, *moving[20:]]
    # Frame 19 and its 14 copies: as long as the least.
    assert ranges(found_in(frames).hints.frozen) == [(19, 34)]
    assert found_in(frames, HintRules(frozen_min_frames=16)).hints.frozen == ()


def test_a_freeze_at_the_end_is_found():
    moving = scene(10, pan=4.0)
    assert ranges(found_in([*moving, *[moving[-1]] * 20]).hints.frozen) == [(9, 30)]


def test_black_is_not_also_frozen():
    hints = found_in([*still((0, 0, 0), 40), *still((90, 90, 90), 20)]).hints
    assert ranges(hints.black) == [(0, 40)]
    assert ranges(hints.frozen) == [(40, 60)]


def test_a_slow_fade_is_no_freeze():
    fade = [np.full((*SIZE[::-1], 3), 60 + k, dtype=np.uint8) for k in range(100)]
    # Each picture is next to the same as the one before, and none as that ten frames ago.
    assert found_in(fade).hints.frozen == ()


def test_something_small_that_moves_is_no_freeze():
    background = scene(1, noise=0.0)[0]
    frames = []
    for k in range(60):
        frame = background.copy()
        frame[60:72, 3 * k : 3 * k + 12] = (20, 20, 200)
        frames.append(frame)
    assert found_in(frames).hints.frozen == ()


def test_noise_of_compression_does_not_end_a_freeze():
    rng = np.random.default_rng(9)
    picture = scene(1, noise=0.0)[0].astype(int)
    frames = [
        np.clip(picture + rng.integers(-4, 5, picture.shape), 0, 255).astype(np.uint8)
        for _ in range(30)
    ]
    assert ranges(found_in(frames).hints.frozen) == [(0, 30)]
