from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from services.domain.metrics.pair import measure_pair
from services.domain.segments import Segment
from tests.domain.metrics.notation import N_FRAMES, TOLERANCES, listed, opinions


def matches(a: str, b: str, *tolerances: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    found = measure_pair(listed(a), listed(b), n_frames=N_FRAMES, tolerances=tolerances)
    return found.seg_match_label, found.seg_match_anylabel


def test_both_ends_must_lie_within_the_tolerance() -> None:
    assert matches("X 10-20", "X 13-23", 2, 3) == ((0, 1), (0, 1))
    assert matches("X 10-20", "X 10-24", 3, 4) == ((0, 1), (0, 1))


def test_the_label_counts_or_does_not() -> None:
    assert matches("X 10-20, Y 20-30", "Y 10-20, Y 20-30", 0) == ((1,), (2,))


def test_a_segment_answers_once_only() -> None:
    assert matches("X 10-20, X 11-21", "X 10-20", 3) == ((1,), (1,))


def test_two_that_share_no_frame_may_answer_each_other() -> None:
    assert matches("X 10-11", "X 12-13", 2) == ((1,), (1,))


def test_first_come_would_lose_a_pair() -> None:
    # 10-20 may take either; 8-18 reaches only the first of them.
    assert matches("X 10-20, X 8-18", "X 10-20, X 12-22", 2) == ((2,), (2,))


def test_nested_segments_are_matched_as_many_as_can_be() -> None:
    a, b = "X 0-30, X 1-29, X 2-28", "X 1-30, X 3-29, X 0-27"
    assert matches(a, b, 0, 1, 2, 3) == ((0, 2, 3, 3), (0, 2, 3, 3))


def most(a: list[Segment], b: list[Segment], tolerance: int, *, labels: bool) -> int:
    if not (a and b):
        return 0
    near = np.array(
        [
            [
                abs(one.onset - other.onset) <= tolerance
                and abs(one.offset - other.offset) <= tolerance
                and (one.label == other.label or not labels)
                for other in b
            ]
            for one in a
        ]
    )
    found = maximum_bipartite_matching(csr_array(near.astype(int)), perm_type="column")
    return int((found >= 0).sum())


@given(opinions, opinions)
def test_counts_are_scipys_maximum(a: list[Segment], b: list[Segment]) -> None:
    found = measure_pair(a, b, n_frames=N_FRAMES, tolerances=TOLERANCES)
    for place, tolerance in enumerate(TOLERANCES):
        assert found.seg_match_label[place] == most(a, b, tolerance, labels=True)
        assert found.seg_match_anylabel[place] == most(a, b, tolerance, labels=False)


@given(st.permutations(listed("X 0-9, Y 2-6, X 3-20, Z 8-12, X 8-12, Y 15-35")))
def test_the_order_of_the_list_does_not_matter(mixed: list[Segment]) -> None:
    other = listed("X 1-9, Y 3-6, X 3-21, Z 9-12, X 7-12")
    here = measure_pair(mixed, other, n_frames=N_FRAMES, tolerances=TOLERANCES)
    there = measure_pair(other, mixed, n_frames=N_FRAMES, tolerances=TOLERANCES)
    assert here.seg_match_label == there.seg_match_label == (0, 5, 5, 5, 5, 5, 5)
    assert here.seg_match_anylabel == there.seg_match_anylabel
    assert (here.onset_deltas.n, here.onset_deltas.total) == (5, 2)
