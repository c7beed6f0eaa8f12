from fractions import Fraction

import numpy as np
import pytest

from models.rates import recover_rate, simplest_between
from services.domain.timebase import Timebase

MS = Fraction(1, 1000)


def ticks(rate: Fraction, n: int, tick: Fraction, *, floor: bool = False, first: int = 0):
    """Timestamps as a muxer with this tick writes a constant rate."""
    exact = [Fraction(k) / (rate * tick) for k in range(n)]
    return np.array([first + (int(t) if floor else round(t)) for t in exact], dtype=np.int64)


@pytest.mark.parametrize("floor", [False, True])
@pytest.mark.parametrize("n", [2, 3, 10, 100, 5000])
@pytest.mark.parametrize(
    "rate",
    [
        Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30),
        Fraction(50), Fraction(60000, 1001), Fraction(60), Fraction(120),
    ],
)  # fmt: skip
def test_milliseconds_give_back_the_nominal_rate(rate, n, floor):
    found = recover_rate(ticks(rate, n, MS, floor=floor, first=33), tick=MS, stated=[rate])
    assert (found.rate, found.constant) == (rate, True)


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001)])
def test_a_long_clip_needs_no_stated_rate(rate):
    assert recover_rate(ticks(rate, 3000, MS), tick=MS, stated=[]).rate == rate


def test_a_stated_rate_never_overrules_the_timestamps():
    found = recover_rate(ticks(Fraction(25), 100, MS), tick=MS, stated=[Fraction(30)])
    assert found.rate == 25


@pytest.mark.parametrize(
    ("step", "tick", "rate"),
    [
        (1001, Fraction(1, 30000), Fraction(30000, 1001)),
        (384, Fraction(1, 11456), Fraction(179, 6)),
        (33333, Fraction(1, 10**6), Fraction(10**6, 33333)),
        (6000, Fraction(1, 90000), Fraction(15)),
    ],
)
def test_equal_steps_give_the_exact_rate(step, tick, rate):
    pts = np.arange(500, dtype=np.int64) * step
    found = recover_rate(pts, tick=tick, stated=[rate])
    assert (found.rate, found.constant) == (rate, True)


def test_an_odd_constant_rate_in_milliseconds_is_kept_to_every_tick():
    pts = ticks(Fraction(179, 6), 1189, MS)
    found = recover_rate(pts, tick=MS, stated=[])
    assert found.constant
    assert not Timebase.from_pts(pts.tolist(), rate=found.rate, tick=MS).is_variable
    assert abs(found.rate - Fraction(179, 6)) < Fraction(1, 1000)


def test_dropped_frames_are_variable_at_the_nominal_rate():
    pts = np.delete(np.arange(200, dtype=np.int64) * 40, [50, 51, 120])
    found = recover_rate(pts, tick=MS, stated=[Fraction(25)])
    assert (found.rate, found.constant) == (Fraction(25), False)


def test_a_variable_clip_plays_at_frames_per_shown_time():
    steps = np.array([40, 30, 31] * 40)
    pts = np.concatenate([[0], np.cumsum(steps)])
    found = recover_rate(pts, tick=Fraction(1, 600), stated=[], last_step=40)
    assert not found.constant
    assert float(found.rate) == pytest.approx(121 * 600 / (40 * 101 + 40), rel=1e-3)


def test_a_slide_show_still_plays():
    pts = np.array([0, 60_000, 61_000, 300_000], dtype=np.int64)
    assert recover_rate(pts, tick=MS, stated=[]).rate == 1


def test_one_frame_has_the_stated_rate_or_25():
    one = np.zeros(1, dtype=np.int64)
    assert recover_rate(one, tick=MS, stated=[Fraction(30)]).rate == 30
    assert recover_rate(one, tick=MS, stated=[]).rate == 25


def test_absurd_stated_rates_are_ignored_and_terms_stay_small():
    pts = np.array([0, 33_366_667, 66_733_334], dtype=np.int64)
    found = recover_rate(pts, tick=Fraction(1, 10**12), stated=[Fraction(10**7)])
    assert found.rate.numerator <= 10**9
    assert found.rate.denominator <= 10**9


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (Fraction(29, 10), Fraction(31, 10)),
        (Fraction(1, 3), Fraction(1, 3)),
        (Fraction(2397, 100), Fraction(2398, 100)),
        (Fraction(7, 1000), Fraction(9, 1000)),
    ],
)
def test_simplest_fraction_between(low, high):
    found = simplest_between(low, high)
    assert low <= found <= high
    assert not any(
        low <= Fraction(n, d) <= high
        for d in range(1, found.denominator)
        for n in range(int(low * d), int(high * d) + 2)
    )
