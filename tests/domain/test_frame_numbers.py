from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.domain.frame_numbers import range_of_shown, shown_frames, shown_range


def test_people_count_from_one_and_name_the_last_frame() -> None:
    assert shown_range(0, 10) == (1, 10)
    assert range_of_shown(1, 10) == (0, 10)
    assert shown_frames(0, 1) == "frame 1"
    assert shown_frames(0, 10) == "frames 1 to 10"


def test_what_covers_no_frame_is_shown_as_it_is() -> None:
    assert shown_range(5, 5) == (6, 5)
    assert shown_range(9, 5) == (10, 5)


@given(st.integers(), st.integers())
def test_what_is_shown_is_read_back(onset: int, offset: int) -> None:
    assert range_of_shown(*shown_range(onset, offset)) == (onset, offset)
