from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.metrics.unitizing import Unitizing, measure_unitizing
from services.domain.segments import Segment
from tests.domain.metrics.notation import N_FRAMES, in_turn, listed, opinions, painted

ALEX = "1 0-7, 2 7-13, 5 30-32, 6 32-37, 6 37-44, 7 44-60"
PAUL = "1 0-7, 3 7-13, 5 13-21, 6 32-44"
SUZAN = "1 0-7, 4 7-13, 5 13-21, 6 32-37, 6 37-41, 6 41-44"


def alphas(*texts: str, n_frames: int) -> Unitizing:
    return measure_unitizing([listed(text) for text in texts], n_frames=n_frames)


def test_the_published_example_gives_the_published_figures() -> None:
    """Krippendorff 2019, figure 12.11: three people, a continuum of 60."""
    found = alphas(ALEX, PAUL, SUZAN, n_frames=60)
    assert found.nominal.alpha == pytest.approx(0.510, abs=0.0005)
    assert found.binary.alpha == pytest.approx(0.413, abs=0.001)
    assert found.coding.alpha == pytest.approx(0.724, abs=0.0005)
    by_label = {label: (one.alpha, one.coverage) for label, one in found.per_label.items()}
    assert by_label == {
        "1": (1.0, 1.0),
        "2": (0.0, 1.0),
        "3": (0.0, 1.0),
        "4": (0.0, 1.0),
        "5": (1.0, pytest.approx(8 / 18)),
        "6": (1.0, 1.0),
        "7": (None, 0.0),
    }


def test_by_hand_for_two() -> None:
    # Both label frames 0-4 of 10 X, b one more. Observed: 2 of 20 frames of both.
    # Chance: 9 labelled and 11 gap frames, but not two of one unit: 2 * 9 * 11 ordered pairs
    # differ, of 20 * 20 less 4 * 4 + 5 * 5 within units and 11 with themselves.
    found = alphas("X 0-4", "X 0-5", n_frames=10)
    expected = 20 * 2 * 9 * 11 / (400 - 16 - 25 - 11)
    assert found.binary.observed == found.nominal.observed == 2
    assert found.binary.expected == pytest.approx(expected)
    assert found.nominal.alpha == pytest.approx(1 - 2 / expected)
    assert found.coding.alpha is None  # one label: nothing to confuse it with


def test_labels_count_for_nominal_and_not_for_binary() -> None:
    found = alphas("X 0-5, Y 10-15", "Y 0-5, X 10-15", n_frames=20)
    assert found.binary.alpha == 1.0
    assert found.nominal.alpha is not None
    assert found.nominal.alpha < 1
    assert found.coding.alpha is not None
    assert found.coding.alpha < 0
    assert found.per_label["X"].alpha == pytest.approx(-0.5)


def test_units_that_touch_are_units_of_their_own() -> None:
    whole, cut = (alphas(text, text, n_frames=20) for text in ("X 0-10", "X 0-5, X 5-10"))
    assert whole.nominal.observed == cut.nominal.observed == 0
    assert whole.nominal.expected > cut.nominal.expected


def test_where_there_is_nothing_to_tell_apart_there_is_no_alpha() -> None:
    for texts in (("", ""), ("X 0-10", "X 0-10")):
        found = alphas(*texts, n_frames=10)
        assert found.binary.alpha is found.nominal.alpha is found.coding.alpha is None


def test_one_opinion_cannot_agree() -> None:
    with pytest.raises(InputError, match="two opinions"):
        alphas("X 0-1", n_frames=2)


def test_clips_are_summed_and_chance_stays_within_each() -> None:
    one = alphas("X 0-5", "X 0-5", n_frames=10)
    other = alphas("Y 0-5", "Z 2-9", n_frames=10)
    both = one + other
    assert both.nominal.observed == one.nominal.observed + other.nominal.observed
    assert both.nominal.expected == one.nominal.expected + other.nominal.expected
    assert list(both.per_label) == ["X", "Y", "Z"]
    assert both.per_label["Y"] == other.per_label["Y"]
    assert both.per_label["X"].n_frames == 10


def test_units_of_thousands_of_millions_of_frames_are_counted_exactly() -> None:
    # A million times as long, nothing else: only what is drawn without its own frame shrinks.
    small, large = (
        measure_unitizing(
            [
                [
                    Segment(label="X", onset=0, offset=40 * k),
                    Segment(label="Y", onset=40 * k, offset=90 * k),
                ],
                [
                    Segment(label="X", onset=0, offset=38 * k),
                    Segment(label="Y", onset=38 * k, offset=95 * k),
                ],
            ],
            n_frames=100 * k,
        )
        for k in (10**7, 10**10)
    )
    for name in ("binary", "nominal", "coding"):
        one, other = getattr(small, name), getattr(large, name)
        assert one.alpha == pytest.approx(other.alpha, abs=1e-6), name
        assert other.observed == 1000 * one.observed
    for label in "XY":
        assert small.per_label[label].alpha == pytest.approx(large.per_label[label].alpha)


@given(opinions)
def test_identical_opinions_never_disagree(a: list[Segment]) -> None:
    found = measure_unitizing([a, a, a], n_frames=N_FRAMES)
    for one in (found.binary, found.nominal, found.coding):
        assert one.observed == 0
        assert one.alpha in (1.0, None)


@given(opinions, opinions)
def test_swapping_changes_nothing(a: list[Segment], b: list[Segment]) -> None:
    here, there = (measure_unitizing(sides, n_frames=N_FRAMES) for sides in ((a, b), (b, a)))
    assert here == there


@given(st.lists(in_turn, min_size=2, max_size=4))
def test_it_is_what_counting_frame_by_frame_gives(several: list[list[Segment]]) -> None:
    """Eqs. 32 to 37 over single frames, with nothing left out."""
    frames = np.array([painted(one, N_FRAMES) for one in several])
    units = np.full(frames.shape, -1)
    for row, one in enumerate(several):
        for number, segment in enumerate(one):
            units[row, segment.onset : segment.offset] = number
    found = measure_unitizing(several, n_frames=N_FRAMES)
    labelled = np.where(frames == "", "", "any")
    _assert_alpha(found.nominal.alpha, frames, units)
    _assert_alpha(found.binary.alpha, labelled, units)


def _assert_alpha(ours: float | None, frames: np.ndarray, units: np.ndarray) -> None:
    n_people = len(frames)
    values, people = frames.ravel(), np.repeat(np.arange(n_people), frames.shape[1])
    observed = sum(
        (frames[i] != frames[j]).sum() for i in range(n_people) for j in range(n_people) if i != j
    ) / (n_people - 1)
    differ = values[:, None] != values[None, :]
    unit = units.ravel()
    same_unit = (people[:, None] == people[None, :]) & (unit[:, None] == unit[None, :])
    same_unit &= (unit >= 0)[:, None]
    np.fill_diagonal(same_unit, val=True)  # a gap's frame is drawn once, too
    if not differ.any():
        assert ours is None
        return
    expected = len(values) * differ.sum() / (~same_unit).sum()
    assert ours == pytest.approx(1 - observed / expected)
