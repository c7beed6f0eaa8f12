from __future__ import annotations

import hashlib
import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.multiview.alignment import Alignment, OffsetMethod
from services.domain.multiview.frame_map import NO_FRAME, frame_map
from services.domain.timebase import Timebase
from tests.strategies import timebases

NTSC = Fraction(30000, 1001)


def clip(rate: Fraction | int, n_frames: int) -> Timebase:
    return Timebase.constant(rate=Fraction(rate), n_frames=n_frames)


def at(offset_s: Fraction | int, drift_ppm: Fraction | int = 0) -> Alignment:
    return Alignment(
        offset_s=Fraction(offset_s), drift_ppm=Fraction(drift_ppm), method=OffsetMethod.GIVEN
    )


def test_a_view_that_began_two_frames_later_is_dark_for_two_frames() -> None:
    found = frame_map(clip(25, 6), clip(25, 3), at(Fraction(2, 25)))
    assert list(found.frames) == [NO_FRAME, NO_FRAME, 0, 1, 2, NO_FRAME]
    assert (found.n_missing, found.n_repeated, found.n_unseen) == (3, 0, 0)


def test_a_view_that_began_earlier_has_frames_that_nobody_sees() -> None:
    found = frame_map(clip(25, 3), clip(25, 9), at(Fraction(-4, 25)))
    assert list(found.frames) == [4, 5, 6]
    assert found.n_unseen == 6


def test_30_frames_a_second_beside_25() -> None:
    # Reference frame k is at k/25 s; 1.2 k of the view: 0, 1.2, 2.4, 3.6, 4.8, 6.
    assert list(frame_map(clip(25, 6), clip(30, 9), at(0)).frames) == [0, 1, 2, 4, 5, 6]
    # The other way round: 5/6 k: 0, .83, 1.67, 2.5 (halfway: the earlier), 3.33, 4.17, 5.
    other = frame_map(clip(30, 7), clip(25, 9), at(0))
    assert list(other.frames) == [0, 1, 2, 2, 3, 4, 5]
    assert (other.n_repeated, other.n_unseen) == (1, 3)


def test_half_a_frame_of_offset_shows_the_earlier_one() -> None:
    # The view's frame 0 was taken halfway between frames 0 and 1 of the reference.
    found = frame_map(clip(25, 4), clip(25, 4), at(Fraction(1, 50)))
    assert list(found.frames) == [NO_FRAME, 0, 1, 2]


def test_drift_adds_up_to_a_frame() -> None:
    # 100 ppm fast: after 10,000 frames the view has counted one more.
    found = frame_map(clip(25, 10_002), clip(25, 10_010), at(0, 100)).frames
    assert (found[0], found[4999], found[5001], found[10_001]) == (0, 4999, 5002, 10_002)


def test_a_clock_of_its_own_start_changes_nothing() -> None:
    late = Timebase.from_pts(
        [90_000 + 3003 * k for k in range(8)], rate=NTSC, tick=Fraction(1, 90_000)
    )
    found = frame_map(clip(NTSC, 8), late, at(0))
    assert list(found.frames) == list(range(8))


def test_a_variable_view_shows_what_is_nearest() -> None:
    view = Timebase.from_pts([0, 100, 110, 400], rate=Fraction(10), tick=Fraction(1, 1000))
    found = frame_map(clip(20, 11), view, at(0))
    # At 0, 50, 100, 150 ... ms; 255 ms is halfway between 110 and 400; 400 reaches to 450.
    assert list(found.frames) == [0, 0, 1, 2, 2, 2, 3, 3, 3, 3, NO_FRAME]


def test_the_digest_is_of_plain_integers() -> None:
    found = frame_map(clip(25, 3), clip(25, 2), at(0))
    assert found.sha256 == hashlib.sha256(struct.pack("<3q", 0, 1, -1)).hexdigest()
    assert found.as_json()["sha256"] == found.sha256


ALIGNMENTS = st.builds(
    at,
    st.fractions(-20, 20, max_denominator=100_000),
    st.fractions(-200, 200, max_denominator=100),
)


@given(timebases(max_frames=60), timebases(max_frames=60), ALIGNMENTS)
def test_no_other_frame_is_nearer(
    reference: Timebase, view: Timebase, alignment: Alignment
) -> None:
    found = frame_map(reference, view, alignment)
    times = [view.seconds(k) - view.seconds(0) for k in range(view.n_frames)]
    half = 1 / (2 * view.rate)
    for number, shown in enumerate(found.frames):
        wanted = alignment.view_s(reference.seconds(number) - reference.seconds(0))
        nearest = min(range(len(times)), key=lambda k: (abs(times[k] - wanted), k))
        if shown == NO_FRAME:
            assert wanted <= -half or wanted > times[-1] + half
        else:
            assert shown == nearest
    shown = [frame for frame in found.frames if frame != NO_FRAME]
    assert shown == sorted(shown)
    assert found.n_unseen == view.n_frames - len(set(shown))
    assert found.n_repeated == len(shown) - len(set(shown))


@given(timebases(max_frames=60))
def test_a_view_beside_itself_shows_itself(clip: Timebase) -> None:
    assert list(frame_map(clip, clip, at(0)).frames) == list(range(clip.n_frames))


@given(ALIGNMENTS)
def test_an_alignment_survives_its_json(alignment: Alignment) -> None:
    assert Alignment.from_json(alignment.as_json()) == alignment
    assert alignment.view_s(alignment.offset_s) == 0


@pytest.mark.parametrize("wrong", [{"offset_s": Fraction(90_000)}, {"drift_ppm": Fraction(2000)}])
def test_an_absurd_alignment_is_refused(wrong: dict[str, Fraction]) -> None:
    with pytest.raises(InputError):
        Alignment(**{"offset_s": Fraction(0), "method": OffsetMethod.GIVEN} | wrong)
