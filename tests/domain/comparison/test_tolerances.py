"""Caps in time and zones of doubt, worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.comparison.ambiguity import Doubt
from services.domain.comparison.compare import compare
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase
from tests.domain.notation import opinion, outcome, taxonomy

MS = Fraction(1, 1000)


def is_agreed(a: str, b: str, times: Timebase, max_ms: int, *, frames: int = 3) -> bool:
    one, other = (opinion(text, n_frames=times.n_frames) for text in (a, b))
    policy = Policy(tolerance_frames=frames, tolerance_max_ms=max_ms)
    return compare(one, other, taxonomy=taxonomy(), policy=policy, times=times).is_agreed


# Frames 0 to 20 last 40 ms each, then one stays for two seconds, then 40 ms again.
STUCK = Timebase.from_pts(
    [40 * frame + (2000 if frame > 20 else 0) for frame in range(50)], rate=Fraction(25), tick=MS
)


def test_the_cap_is_inclusive() -> None:
    assert is_agreed("X 5-15", "X 8-15", STUCK, 120)
    assert not is_agreed("X 5-15", "X 8-15", STUCK, 119)


def test_a_frame_that_stays_long_is_too_much_time_though_it_is_one_frame() -> None:
    assert is_agreed("X 5-20", "X 5-19", STUCK, 120)
    assert not is_agreed("X 5-20", "X 5-21", STUCK, 2039)
    assert is_agreed("X 5-20", "X 5-21", STUCK, 2040)


def test_the_cap_adds_to_the_frames_and_never_replaces_them() -> None:
    assert not is_agreed("X 5-15", "X 9-15", STUCK, 10_000)


def test_a_segment_may_end_with_the_clip() -> None:
    # The end lies one nominal frame, 40 ms, after the last.
    assert is_agreed("X 30-50", "X 30-49", STUCK, 40)
    assert not is_agreed("X 30-50", "X 30-49", STUCK, 39)


def test_times_are_exact_at_drop_frame_rates_wherever_the_source_starts() -> None:
    # Three frames of 1001/30000 s are 100.1 ms; floats and rounded milliseconds say 100.
    pts = [7_200_000 + 1001 * frame for frame in range(60)]
    times = Timebase.from_pts(pts, rate=Fraction(30000, 1001), tick=Fraction(1, 30000))
    assert not is_agreed("X 5-15", "X 8-18", times, 100)
    assert is_agreed("X 5-15", "X 8-18", times, 101)


def test_a_cap_without_times_is_refused() -> None:
    a = opinion("X 5-15")
    policy = Policy(tolerance_max_ms=100)
    with pytest.raises(InputError, match="100 ms") as caught:
        compare(a, a, taxonomy=taxonomy(), policy=policy)
    assert caught.value.code == "times_missing"


# --- doubt -----------------------------------------------------------------------------------

DOUBTFUL = Taxonomy.parse(
    {
        "name": "doubtful",
        "version": 1,
        "layers": [
            {"labels": [{"name": "X"}, {"name": "Y", "onset_tolerance": 20}]},
            {
                "name": "doubt",
                "exclusive": False,
                "labels": [
                    {"name": "unsure", "widens_tolerance_to": 10},
                    {"name": "dark", "widens_tolerance_to": 6},
                ],
            },
        ],
    }
)


def outcome_of(a: str, b: str, policy: Policy | None = None) -> tuple[list[str], list[str]]:
    return outcome(
        compare(opinion(a), opinion(b), taxonomy=DOUBTFUL, policy=policy or Policy(), times=STUCK)
    )


UNSURE = ", doubt/unsure 5-20"


def test_doubt_marked_by_both_widens_the_tolerance() -> None:
    assert outcome_of("X 10-40" + UNSURE, "X 19-40" + UNSURE) == (["unsure 5-20", "X 14-40"], [])


def test_doubt_marked_by_one_is_enough_and_is_itself_disputed() -> None:
    for a, b in ((UNSURE, ""), ("", UNSURE)):
        kind = "missing: unsure 5-20 | " if a else "extra:  | unsure 5-20"
        assert outcome_of("X 10-40" + a, "X 20-40" + b) == (["X 15-40"], [kind])
        assert outcome_of("X 10-40" + a, "X 21-40" + b)[0] == []


def test_doubt_reaches_its_own_ends_and_no_further() -> None:
    assert outcome_of("X 20-40" + UNSURE, "X 30-40" + UNSURE)[0] == ["unsure 5-20", "X 25-40"]
    assert outcome_of("X 21-40" + UNSURE, "X 30-40" + UNSURE)[0] == ["unsure 5-20"]
    assert outcome_of("X 2-5" + UNSURE, "X 2-15" + UNSURE)[0] == ["X 2-10", "unsure 5-20"]
    assert outcome_of("X 1-4" + UNSURE, "X 1-14" + UNSURE)[0] == ["X 1-9", "unsure 5-20"]
    assert outcome_of("X 0-4" + UNSURE, "X 0-4, doubt/unsure 5-31")[0] == ["X 0-4"]


def test_the_other_boundary_keeps_its_tolerance() -> None:
    assert outcome_of("X 10-40" + UNSURE, "X 12-44" + UNSURE)[0] == ["unsure 5-20"]


def test_doubt_narrows_nothing() -> None:
    assert outcome_of("Y 10-40" + UNSURE, "Y 28-40" + UNSURE)[0] == ["unsure 5-20", "Y 19-40"]
    capped = Policy(tolerance_max_ms=40)
    assert outcome_of("X 10-40" + UNSURE, "X 19-40" + UNSURE, capped)[1] == []
    assert outcome_of("X 30-40" + UNSURE, "X 32-40" + UNSURE, capped)[1] != []


def test_labels_must_be_equal_in_doubt_too() -> None:
    assert outcome_of("X 10-40" + UNSURE, "Y 10-40" + UNSURE)[1] == [
        "label_mismatch: X 10-40 | Y 10-40"
    ]


def test_where_zones_overlap_the_widest_counts() -> None:
    both = UNSURE + ", doubt/dark 0-30"
    assert outcome_of("X 12-40" + both, "X 22-40" + both)[1] == []
    assert outcome_of("X 23-40" + both, "X 29-40" + both)[1] == []
    assert outcome_of("X 23-40" + both, "X 30-40" + both)[1] == [
        "boundary_shift: X 23-40 | X 30-40"
    ]


zones = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 15), st.integers(1, 9)), max_size=8)


@given(zones)
def test_doubt_is_the_widest_zone_at_each_boundary(drawn: list[tuple[int, int, int]]) -> None:
    placed = [(onset, onset + length, frames) for onset, length, frames in drawn]
    doubt = Doubt(placed)
    assert bool(doubt) is bool(placed)
    for boundary in range(50):
        held = [frames for onset, offset, frames in placed if onset <= boundary <= offset]
        assert doubt.frames(boundary) == max(held, default=0)
