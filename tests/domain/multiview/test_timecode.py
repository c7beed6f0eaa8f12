from __future__ import annotations

from fractions import Fraction

import pytest

from services.domain.errors import InputError
from services.domain.multiview.timecode import Timecode

NTSC = Fraction(30000, 1001)
PAL = Fraction(25)


def test_a_plain_count() -> None:
    assert Timecode.parse("01:00:00:12", rate=PAL).frames == 90_012
    assert Timecode.parse("00:00:01:00", rate=NTSC).seconds == Fraction(30 * 1001, 30000)


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("00:00:59;29", 1799),
        ("00:01:00;02", 1800),
        ("00:10:00;00", 17_982),
        ("01:00:00;00", 107_892),
    ],
)
def test_drop_frame_leaves_out_numbers_and_no_frames(text: str, frames: int) -> None:
    assert Timecode.parse(text, rate=NTSC).frames == frames


def test_drop_frame_at_60_leaves_out_four() -> None:
    assert Timecode.parse("00:01:00;04", rate=2 * NTSC).frames == 3600


def test_the_difference_goes_over_midnight_when_that_is_nearer() -> None:
    before = Timecode.parse("23:59:59:00", rate=PAL)
    after = Timecode.parse("00:00:00:05", rate=PAL)
    assert after.since(before) == Fraction(6, 5)
    assert before.since(after) == Fraction(-6, 5)


def test_two_rates_compare_by_their_seconds() -> None:
    ours, theirs = (
        Timecode.parse("10:00:00:00", rate=PAL),
        Timecode.parse("10:00:01:12", rate=Fraction(24)),
    )
    assert theirs.since(ours) == Fraction(3, 2)


def test_a_drop_frame_day_is_a_day_but_for_86_ms() -> None:
    day_s = Timecode.parse("00:00:00;00", rate=NTSC).day_s
    assert day_s == Fraction(2_589_408 * 1001, 30000)
    assert abs(day_s - 86_400) < Fraction(1, 10)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("tomorrow", PAL),
        ("01:00:00:25", PAL),
        ("25:00:00:00", PAL),
        ("00:61:00:00", PAL),
        ("00:01:00;00", NTSC),
        ("00:01:00;02", PAL),
    ],
)
def test_what_is_no_timecode_is_refused(text: str, rate: Fraction) -> None:
    with pytest.raises(InputError):
        Timecode.parse(text, rate=rate)
