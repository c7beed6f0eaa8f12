"""Golden triples, by hand from the definitions, and what must hold for every pair."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.metrics.deltas import DeltaSums
from services.domain.metrics.pair import PairMetrics, measure_pair
from services.domain.segments import Segment
from tests.domain.metrics.notation import N_FRAMES, TOLERANCES, listed, opinions

SYMMETRIC = (
    "bound_match",
    "seg_match_label",
    "seg_match_anylabel",
    "frame_agree",
    "frame_kappa",
    "edit",
    "tiou_mean",
)


def test_a_pair_by_hand() -> None:
    # a: X 0-10, nothing, Y 20-30; b: X 0-12, Z 12-20, Y 20-29, nothing. 30 frames.
    found = measure_pair(
        listed("X 0-10, Y 20-30"),
        listed("X 0-12, Z 12-20, Y 20-29"),
        n_frames=30,
        tolerances=[0, 1, 2],
    )
    assert (found.n_seg_a, found.n_seg_b) == (2, 3)
    assert (found.n_bound_a, found.n_bound_b) == (2, 3)  # 10, 20 and 12, 20, 29
    assert found.bound_match == (1, 1, 2)
    assert found.seg_match_label == found.seg_match_anylabel == (0, 1, 2)
    assert found.boundary_deltas == DeltaSums(n=2, total=2, absolute=2, squares=4)
    assert found.onset_deltas == DeltaSums(n=2, total=0, absolute=0, squares=0)
    assert found.offset_deltas == DeltaSums(n=2, total=1, absolute=3, squares=5)
    assert found.frame_agree == pytest.approx(19 / 30)  # X on 10, Y on 9
    # Chance: X 10 * 12, nothing 10 * 1, Y 10 * 9, of 900.
    assert found.frame_kappa == pytest.approx((19 / 30 - 220 / 900) / (1 - 220 / 900))
    assert found.edit == pytest.approx(2 / 3)  # XY against XZY
    assert (found.f1_10, found.f1_25, found.f1_50) == pytest.approx((0.8, 0.8, 0.8))
    assert found.tiou_mean == pytest.approx((10 / 12 + 9 / 10) / 3)


def test_the_partition_reaches_as_far_as_either_opinion() -> None:
    found = measure_pair(listed("X 0-10"), listed("X 0-50"), n_frames=20, tolerances=[0])
    assert found.frames.n_frames == 50
    assert (found.n_bound_a, found.n_bound_b) == (1, 0)


def test_two_empty_opinions_are_neither_equal_nor_different() -> None:
    found = measure_pair([], [], n_frames=10, tolerances=[0, 3])
    assert (found.n_seg_a, found.n_seg_b, found.n_bound_a, found.n_bound_b) == (0, 0, 0, 0)
    assert found.bound_match == found.seg_match_label == found.seg_match_anylabel == (0, 0)
    assert (found.frame_agree, found.frame_kappa) == (1.0, None)  # frames there are
    assert (found.edit, found.f1_10, found.f1_25, found.f1_50, found.tiou_mean) == (None,) * 5
    assert found.onset_deltas.mean is found.onset_deltas.mean_absolute is None
    assert found.onset_deltas.deviation is None


def test_a_clip_without_frames_or_segments_has_nothing_to_compare() -> None:
    found = measure_pair([], [], n_frames=0, tolerances=[0])
    assert (found.frame_agree, found.frame_kappa) == (None, None)


def test_deltas_are_taken_label_by_label() -> None:
    # X moves 2 later, Y 1 earlier; the nearest boundary, whatever the label, is another one.
    found = measure_pair(
        listed("X 10-20, Y 21-30"), listed("X 12-22, Y 20-29"), n_frames=40, tolerances=[5]
    )
    assert (found.onset_deltas.total, found.onset_deltas.absolute) == (1, 3)
    assert (found.offset_deltas.total, found.offset_deltas.absolute) == (1, 3)
    assert found.onset_deltas.mean == 0.5
    assert found.onset_deltas.mean_absolute == 1.5
    assert found.onset_deltas.deviation == 1.5  # of 2 and -1 around 0.5


@pytest.mark.parametrize("tolerances", [[], [3, -1]])
def test_tolerances_must_be_given_and_not_negative(tolerances: list[int]) -> None:
    with pytest.raises(InputError, match="tolerance"):
        measure_pair([], [], n_frames=1, tolerances=tolerances)


def test_sums_divide_last() -> None:
    one = measure_pair(listed("X 0-10"), listed("X 0-10"), n_frames=20, tolerances=[3])
    other = measure_pair(
        listed("X 0-5, Y 5-15, X 15-20"), listed("Z 0-20"), n_frames=20, tolerances=[3]
    )
    both = one + other
    assert (both.n_seg_a, both.n_seg_b, both.bound_match) == (4, 2, (1,))
    assert (both.n_bound_a, both.n_bound_b) == (3, 1)
    assert both.edit == pytest.approx(1 - 3 / 4)
    assert both.frame_agree == 0.5
    assert both.seg_match_label == (1,)
    assert both.f1_50 == 2 / 6
    assert both.tiou_mean == pytest.approx(1 / 5)
    assert both.onset_deltas.n == 1


def test_counts_at_different_tolerances_do_not_add_up() -> None:
    one, other = (measure_pair([], [], n_frames=1, tolerances=[k]) for k in (1, 2))
    with pytest.raises(InputError, match="do not add up"):
        one + other


@given(opinions, opinions)
def test_most_measures_do_not_care_who_comes_first(a: list[Segment], b: list[Segment]) -> None:
    here, there = (
        measure_pair(*sides, n_frames=N_FRAMES, tolerances=TOLERANCES) for sides in ((a, b), (b, a))
    )
    for name in SYMMETRIC:
        assert getattr(here, name) == getattr(there, name), name
    for name in ("boundary_deltas", "onset_deltas", "offset_deltas"):
        one, other = getattr(here, name), getattr(there, name)
        assert (one.n, one.total, one.absolute, one.squares) == (
            other.n,
            -other.total,
            other.absolute,
            other.squares,
        )


def _moved(segments: list[Segment], by: int) -> list[Segment]:
    return [Segment(label=s.label, onset=s.onset + by, offset=s.offset + by) for s in segments]


@given(opinions, opinions, st.integers(1, 500))
def test_moving_both_changes_only_what_frames_without_a_segment_do(
    a: list[Segment], b: list[Segment], by: int
) -> None:
    # Something at frame 0 in both, so that moving brings no boundary into being.
    a, b = ([*side, Segment(label="W", onset=0, offset=1)] for side in (a, b))
    lead = Segment(label="W", onset=0, offset=by)
    here = measure_pair(a, b, n_frames=N_FRAMES, tolerances=TOLERANCES)
    there = measure_pair(
        [*_moved(a, by), lead],
        [*_moved(b, by), lead],
        n_frames=N_FRAMES + by,
        tolerances=TOLERANCES,
    )
    assert there.bound_match == here.bound_match
    assert there.boundary_deltas == here.boundary_deltas
    assert there.frames.n_frames - there.frames.n_agreed == (
        here.frames.n_frames - here.frames.n_agreed
    )
    assert there.edit == here.edit


@given(opinions)
def test_an_opinion_agrees_with_itself_wholly(a: list[Segment]) -> None:
    found = measure_pair(a, a, n_frames=N_FRAMES, tolerances=TOLERANCES)
    assert set(found.bound_match) == {found.n_bound_a}
    assert set(found.seg_match_label) == {len(a)}
    assert found.frame_agree == 1.0
    assert found.frame_kappa in (1.0, None)
    assert {found.edit, found.f1_50, found.tiou_mean} in ({1.0}, {None})
    assert found.boundary_deltas.absolute == 0


@given(opinions, opinions)
def test_ratios_lie_between_nothing_and_one(a: list[Segment], b: list[Segment]) -> None:
    found: PairMetrics = measure_pair(a, b, n_frames=N_FRAMES, tolerances=TOLERANCES)
    ratios = [found.frame_agree, found.edit, found.f1_10, found.f1_25, found.f1_50, found.tiou_mean]
    assert all(ratio is None or 0 <= ratio <= 1 for ratio in ratios)
    assert found.frame_kappa is None or -1 <= found.frame_kappa <= 1
    assert list(found.seg_match_label) == sorted(found.seg_match_label)
