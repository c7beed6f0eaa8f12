from __future__ import annotations

import numpy as np
import pytest

from services.domain.errors import InputError
from services.domain.multiview import sound_features
from services.domain.multiview.alignment import OffsetMethod
from services.domain.multiview.sound_features import SOUND_HZ, Rises, rises, stretch
from services.domain.multiview.sound_offset import _vertex, sound_offset
from tests.sounds import event, heard, pair


@pytest.mark.parametrize("offset_s", [-7.0123, -0.0137, 0.0, 0.25, 11.5])
def test_a_planted_offset_is_found_to_a_tenth_of_a_millisecond(offset_s: float) -> None:
    found = sound_offset(*pair(20, offset_s, seed=3))
    assert abs(float(found.offset_s) - offset_s) < 1e-4
    assert found.drift_ppm == 0, "20 s are too short to say anything of drift"
    assert found.method is OffsetMethod.AUDIO
    assert found.confidence == 1.0


def test_noise_as_loud_as_the_event_does_no_harm() -> None:
    found = sound_offset(*pair(25, 4.321, seed=5, snr_db=0, rt60_s=1.0))
    assert abs(float(found.offset_s) - 4.321) < 1e-3


def test_drift_is_told_from_offset() -> None:
    found = sound_offset(*pair(180, -3.5, seed=8, drift_ppm=80))
    assert abs(float(found.drift_ppm) - 80) < 1
    assert abs(float(found.offset_s) + 3.5) < 1e-3


def test_a_microphone_wired_the_wrong_way_round_is_found() -> None:
    ours, theirs = pair(20, 2.0, seed=4)
    assert abs(float(sound_offset(ours, -theirs).offset_s) - 2.0) < 1e-4


def test_16_bit_sound_is_the_same_sound() -> None:
    ours, theirs = pair(20, 1.25, seed=4)
    as_int = [(32767 * sound / np.abs(sound).max()).astype(np.int16) for sound in (ours, theirs)]
    found, exact = sound_offset(*as_int), sound_offset(ours, theirs)
    assert abs(found.offset_s - exact.offset_s) < 1e-4


def test_waveforms_without_anything_in_common_still_give_an_offset() -> None:
    """The same loudness over time with other phases: what distant microphones hear."""
    rng = np.random.default_rng(6)
    loud = np.repeat(rng.uniform(0, 1, 400) ** 4, SOUND_HZ // 10)
    ours = (loud * rng.standard_normal(len(loud)) / 8).astype(np.float32)
    theirs = (loud * rng.standard_normal(len(loud)) / 8).astype(np.float32)[3 * SOUND_HZ :]
    found = sound_offset(ours, theirs)
    assert abs(float(found.offset_s) - 3) < 0.01


@pytest.mark.parametrize("seed", range(4))
def test_two_events_are_not_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ours, theirs = (heard(event(25, rng), rng) for _ in range(2))
    with pytest.raises(InputError) as refusal:
        sound_offset(ours, theirs)
    assert refusal.value.code == "no_clear_offset"


def test_a_loop_fits_in_many_places() -> None:
    rng = np.random.default_rng(2)
    ours = heard(np.tile(event(2, rng), 12), rng)
    theirs = heard(np.tile(event(2, np.random.default_rng(2)), 12), rng)
    with pytest.raises(InputError, match=r"several offsets|nothing"):
        sound_offset(ours, theirs)


@pytest.mark.parametrize("seconds", [1, 20])
def test_silence_says_nothing(seconds: int) -> None:
    silence = np.zeros(seconds * SOUND_HZ, dtype=np.float32)
    with pytest.raises(InputError) as refusal:
        sound_offset(silence, silence)
    assert refusal.value.code == "no_clear_offset"


def test_a_long_silence_is_passed_over() -> None:
    ours, theirs = pair(40, 2.0, seed=9)
    ours[10 * SOUND_HZ : 26 * SOUND_HZ] = 0
    theirs[8 * SOUND_HZ : 24 * SOUND_HZ] = 0
    assert abs(float(sound_offset(ours, theirs).offset_s) - 2.0) < 1e-3


def test_nothing_is_looked_for_beyond_the_longest_offset() -> None:
    ours, theirs = pair(60, 20.0, seed=7)
    assert abs(float(sound_offset(ours, theirs, max_offset_s=25).offset_s) - 20) < 1e-3
    with pytest.raises(InputError):
        sound_offset(ours, theirs[: 10 * SOUND_HZ], max_offset_s=5)


def test_only_so_many_features_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_features, "_KEPT_BLOCKS", 2)
    sound = heard(event(250, np.random.default_rng(1)), np.random.default_rng(1))
    held = Rises(sound)
    first = held.between(0, 100)
    for begin in range(0, 25_000, 5_000):
        held.between(begin, begin + 10)
        assert len(held._blocks) <= 2
    assert np.array_equal(held.between(0, 100), first)


def test_features_are_the_same_however_they_are_asked_for() -> None:
    sound = heard(event(130, np.random.default_rng(1)), np.random.default_rng(1))
    whole = rises(sound, 0, 13_000)
    held = Rises(sound)
    for begin, end in ((5990, 6010), (0, 13_000), (11_999, 12_001)):
        assert np.array_equal(held.between(begin, end), whole[begin:end])


def test_a_peak_lies_between_its_neighbours() -> None:
    # The parabola through 0, 3, 1 is highest a tenth after the middle.
    assert _vertex(np.array([0.0, 3.0, 1.0]), 1) == pytest.approx(0.1)
    assert _vertex(np.array([3.0, 1.0, 0.0]), 0) == 0, "at the edge there is one neighbour only"


def test_sound_outside_of_a_recording_is_silence() -> None:
    sound = np.array([16384, -32768], dtype=np.int16)
    assert stretch(sound, -1, 4).tolist() == [0, 0.5, -1, 0]
    assert stretch(sound, 5, 2).tolist() == [0, 0]
