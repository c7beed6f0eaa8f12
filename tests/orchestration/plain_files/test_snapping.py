"""Seconds become frames through exact fractions, and what moved is told."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from orchestration.plain_files.rates import meant_perhaps, read_rate, write_rate
from orchestration.plain_files.snapping import Snapping

HERE = (7, "clip")


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        (25, Fraction(25)),
        (Decimal("23.976"), Fraction(2997, 125)),
        (Decimal("29.97"), Fraction(2997, 100)),
        ("30000/1001", Fraction(30000, 1001)),
        ("59.94", Fraction(2997, 50)),
        (None, None),
    ],
)
def test_a_rate_is_what_is_written(written: object, rate: Fraction | None) -> None:
    assert read_rate(written) == rate


@pytest.mark.parametrize("text", ["25", "23.976", "29.97", "0.5", "100", "30000/1001", "179/6"])
def test_a_rate_is_written_as_it_was_read(text: str) -> None:
    assert write_rate(Fraction(text)) == text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("23.976", "24000/1001"), ("23.98", "24000/1001"), ("23.9759", "24000/1001"),
        ("29.97", "30000/1001"), ("59.94", "60000/1001"), ("119.88", "120000/1001"),
        ("24", None), ("30", None), ("24000/1001", None), ("23.9", None), ("29.9", None),
        ("179/6", None), ("12.5", None),
    ],
)  # fmt: skip
def test_rounded_ntsc_rates_are_known(written: str, meant: str | None) -> None:
    assert meant_perhaps(Fraction(written)) == (None if meant is None else Fraction(meant))


@pytest.mark.parametrize(
    ("frame", "snapped"), [("2.4", 2), ("2.5", 2), ("3.5", 4), ("2.6", 3), ("-0.5", 0), ("7", 7)]
)
def test_it_snaps_to_the_nearest_frame_and_halves_to_the_even_one(frame: str, snapped: int) -> None:
    assert Snapping().snap(Fraction(frame), rate=Fraction(25), where=HERE) == snapped


def test_it_tells_how_many_moved_and_how_far() -> None:
    snapping = Snapping()
    for line, frame in enumerate(("10", "20.005", "30.25", "40.1"), start=1):
        snapping.snap(Fraction(frame), rate=Fraction(25), where=(line, "clip"))
    assert (snapping.n_boundaries, snapping.n_moved) == (4, 2)
    assert (snapping.largest, snapping.largest_at) == (Fraction(1, 4), (3, "clip"))
    (said,) = snapping.sentences()
    assert said.startswith("4 boundaries given in seconds")
    assert "2 lay more" in said
    assert "the farthest 0.250 frames (line 3, clip)" in said


def test_what_was_given_in_frames_is_not_mentioned() -> None:
    assert Snapping().sentences() == []


def test_it_tells_where_the_rate_that_was_perhaps_meant_matters() -> None:
    """At ten hours, 23.976 and 24000/1001 are 0.86 frames apart; in the first minutes nothing."""
    snapping = Snapping()
    rate = Fraction("23.976")
    assert snapping.snap(60 * rate, rate=rate, where=HERE) == 1439
    assert snapping.n_other_frame == 0
    late = Fraction(863136, 1) / rate  # 10 hours: exactly a frame at 23.976.
    assert late == 36000
    assert snapping.snap(late * rate, rate=rate, where=HERE) == 863136
    assert round(late * 24000 / 1001) == 863137
    assert snapping.n_other_frame == 1
    assert 'write fps as "24000/1001" if so.' in snapping.sentences()[1]


def test_an_exact_ntsc_rate_raises_no_doubt() -> None:
    snapping = Snapping()
    rate = Fraction(24000, 1001)
    assert snapping.snap(36000 * rate, rate=rate, where=HERE) == 863137
    assert len(snapping.sentences()) == 1
