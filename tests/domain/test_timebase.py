from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.timebase import StepRun, Timebase, parse_rational
from tests.strategies import RATES, timebases

FILM = Fraction(24000, 1001)
NTSC = Fraction(30000, 1001)
MS = Fraction(1, 1000)


def test_23_976_is_exact_after_ten_hours() -> None:
    clip = Timebase.constant(rate=FILM, n_frames=863_137)
    assert clip.seconds(863_136) == Fraction(863_136 * 1001, 24000)
    assert clip.pts(863_136) == 863_136
    assert clip.runs == (StepRun(step=1, count=863_136),)


def test_29_97_counts_1001_ticks_a_frame() -> None:
    pts = [1001 * k for k in range(300)]
    clip = Timebase.from_pts(pts, rate=NTSC, tick=Fraction(1, 30000))
    assert clip.n_frames == 300
    assert not clip.is_variable
    assert clip.seconds(30) == clip.proxy_seconds(30) == Fraction(1001, 1000)
    assert clip.seconds(300) == Fraction(300 * 1001, 30000)


def test_millisecond_ticks_round_without_being_variable() -> None:
    pts = [round(k / NTSC / MS) for k in range(1000)]
    clip = Timebase.from_pts(pts, rate=NTSC, tick=MS)
    assert not clip.is_variable
    assert [clip.pts(k) for k in range(1000)] == pts
    assert abs(clip.seconds(999) - clip.proxy_seconds(999)) <= MS / 2


def test_equal_steps_that_drift_off_the_rate_are_variable() -> None:
    # 33 ms at 30 frames a second: each step is within a tick, the sum is not.
    drifting = Timebase.from_pts(range(0, 33 * 100, 33), rate=Fraction(30), tick=MS)
    assert drifting.is_variable


def test_a_variable_rate_keeps_every_timestamp() -> None:
    pts = [500, 533, 600, 601, 900]
    clip = Timebase.from_pts(pts, rate=Fraction(30), tick=MS)
    assert clip.is_variable
    assert [clip.pts(k) for k in range(5)] == pts
    # One nominal step after the last frame: 1/30 s is 33 ms.
    assert clip.pts(5) == 933
    assert clip.seconds(2) == Fraction(600, 1000)
    assert clip.proxy_seconds(2) == Fraction(2, 30)


def test_a_clip_may_start_before_zero() -> None:
    clip = Timebase.from_pts([-1024, 0, 1024], rate=Fraction(12500), tick=Fraction(1, 12_800_000))
    assert clip.seconds(0) == Fraction(-1024, 12_800_000)


def test_one_frame() -> None:
    clip = Timebase.constant(rate=Fraction(25), n_frames=1)
    assert (clip.n_frames, clip.pts(0), clip.pts(1)) == (1, 0, 1)
    assert not clip.is_variable


def test_an_end_tick_is_never_the_last_frame_itself() -> None:
    coarse = Timebase.from_pts([0, 1], rate=Fraction(60), tick=Fraction(1))
    assert coarse.pts(2) == 2


@pytest.mark.parametrize("frame", [-1, 4])
def test_frames_outside_the_clip_are_refused(frame: int) -> None:
    clip = Timebase.constant(rate=Fraction(25), n_frames=3)
    with pytest.raises(InputError, match=r"outside 0\.\.3"):
        clip.pts(frame)
    with pytest.raises(InputError, match=r"outside 0\.\.3"):
        clip.proxy_seconds(frame)


@pytest.mark.parametrize("text", ["", "x", "1/0", "0", "-25", "25/-1"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_rational(text)


def test_rates_read_as_written() -> None:
    assert parse_rational("30000/1001") == NTSC
    assert parse_rational("23.976") == Fraction(2997, 125)


def test_broken_timebases_are_refused() -> None:
    with pytest.raises(InputError, match="at least one frame"):
        Timebase.constant(rate=Fraction(25), n_frames=0)
    with pytest.raises(InputError, match="at least one frame"):
        Timebase.from_pts([], rate=Fraction(25), tick=MS)
    with pytest.raises(InputError, match="positive step"):
        Timebase.from_pts([0, 40, 40], rate=Fraction(25), tick=MS)
    with pytest.raises(InputError, match="positive step"):
        StepRun(step=1, count=0)
    with pytest.raises(InputError, match="must be positive"):
        Timebase(rate=Fraction(0), tick=MS)


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"rate": "x", "tick": "1/25", "first_pts": 0, "runs": []},
        {"rate": "25", "tick": "1/25", "first_pts": "a", "runs": []},
        {"rate": "25", "tick": "1/25", "first_pts": 0, "runs": [[1]]},
        {"rate": 25, "tick": "1/25", "first_pts": 0, "runs": None},
    ],
)
def test_what_is_no_timebase_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Timebase.from_json(broken)


@given(timebases())
def test_json_holds_everything(clip: Timebase) -> None:
    again = Timebase.from_json(json.loads(json.dumps(clip.as_json())))
    assert again == clip
    assert again.n_frames == clip.n_frames
    assert again.is_variable == clip.is_variable


@given(timebases())
def test_timestamps_strictly_increase_and_come_back(clip: Timebase) -> None:
    pts = [clip.pts(frame) for frame in range(clip.n_frames + 1)]
    assert pts == sorted(set(pts))
    assert Timebase.from_pts(pts[:-1], rate=clip.rate, tick=clip.tick) == clip


@given(st.sampled_from(RATES), st.integers(1, 10**7))
def test_a_constant_rate_is_never_variable(rate: Fraction, n_frames: int) -> None:
    clip = Timebase.constant(rate=rate, n_frames=n_frames)
    assert clip.n_frames == n_frames
    assert not clip.is_variable
    assert clip.seconds(n_frames) == clip.proxy_seconds(n_frames) == n_frames / rate


@pytest.mark.parametrize(
    ("rate", "played"),
    [(Fraction(1, 2), 1), (Fraction(1), 1), (Fraction(30), 30), (Fraction(240), 240), (1000, 240)],
)
def test_the_proxy_plays_at_a_rate_that_players_count_rightly(rate: Fraction, played: int) -> None:
    clip = Timebase.constant(rate=Fraction(rate), n_frames=90)
    assert clip.play_rate == played
    assert clip.proxy_seconds(60) == Fraction(60, played)
    assert clip.seconds(60) == 60 / Fraction(rate)
    assert not clip.is_variable
