from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from scipy.optimize import linear_sum_assignment

from services.domain.metrics.pair import PairMetrics, measure_pair
from services.domain.segments import Segment
from tests.domain.metrics.notation import N_FRAMES, listed, opinions, painted

Run = tuple[str, int, int]


def measured(a: str, b: str) -> PairMetrics:
    return measure_pair(listed(a), listed(b), n_frames=N_FRAMES, tolerances=[3])


def f1s(found: PairMetrics) -> tuple[float | None, ...]:
    return found.f1_10, found.f1_25, found.f1_50


# --- edit score ------------------------------------------------------------------------------


def test_the_edit_score_sees_order_and_not_time() -> None:
    assert measured("X 0-10, Y 10-20", "X 5-6, Y 30-40").edit == 1.0
    assert measured("X 0-10, Y 10-20", "Y 0-10, X 10-20").edit == 0.0


def test_one_label_too_many_costs_one_of_the_longer_sequence() -> None:
    # XYZ against XZ: one deletion, three in the longer.
    assert measured("X 0-5, Y 5-9, Z 9-12", "X 0-5, Z 5-12").edit == pytest.approx(2 / 3)


def test_frames_without_a_segment_separate_runs_but_are_none() -> None:
    assert measured("X 0-5, X 8-10", "X 0-10").edit == 0.5
    assert measured("X 0-5, X 5-10", "X 0-10").edit == 1.0


# --- F1 at an overlap ------------------------------------------------------------------------


def test_f1_thresholds_are_inclusive() -> None:
    # IoU 5/10: a hit at 50 %. 4/10 is one at 25 %.
    assert f1s(measured("X 0-10", "X 0-5")) == (1.0, 1.0, 1.0)
    assert f1s(measured("X 0-10", "X 0-4")) == (1.0, 1.0, 0.0)
    assert f1s(measured("X 0-40", "X 0-4")) == (1.0, 0.0, 0.0)


def test_a_run_that_was_hit_is_not_hit_again() -> None:
    # Both runs of b overlap the one run of a best; the first takes it. 2 * 1 / (1 + 2).
    assert measured("X 0-20", "X 0-9, X 11-20").f1_10 == pytest.approx(2 / 3)


def test_another_label_is_never_a_hit() -> None:
    assert f1s(measured("X 0-10", "Y 0-10")) == (0.0, 0.0, 0.0)


def test_f1_goes_by_the_best_run_even_where_that_one_is_taken() -> None:
    # The published rule: b's second run overlaps a's first best, which is taken. A matching
    # would give it a's second.
    a, b = "X 0-10, X 11-13", "X 0-5, X 6-12"
    assert measured(a, b).f1_10 == pytest.approx(0.5)


# --- temporal IoU ----------------------------------------------------------------------------


def test_the_mean_tiou_counts_runs_alone_as_nothing() -> None:
    # X: 5 of 10 frames; Y alone.
    assert measured("X 0-10, Y 20-30", "X 0-5").tiou_mean == pytest.approx(0.25)


def test_runs_are_paired_for_the_greatest_sum() -> None:
    # a's one run takes the better of b's two: 6/10, the other one stays alone.
    assert measured("X 0-10", "X 0-3, X 4-10").tiou_mean == pytest.approx(0.3)


def test_without_a_run_there_is_nothing_to_compare() -> None:
    found = measured("", "")
    assert (found.edit, *f1s(found), found.tiou_mean) == (None,) * 5
    found = measured("X 0-10", "")
    assert (found.edit, *f1s(found), found.tiou_mean) == (0.0,) * 5


# --- the same by the slow and obvious way -----------------------------------------------------


def labelled_runs(segments: list[Segment]) -> list[Run]:
    """As MS-TCN's evaluation reads them off a list of frames."""
    found: list[Run] = []
    last = ""
    for frame, label in enumerate([*painted(segments, N_FRAMES), ""]):
        if label != last:
            if last:
                found[-1] = (last, found[-1][1], frame)
            if label:
                found.append((label, frame, frame))
            last = label
    return found


def textbook_edit(a: list[str], b: list[str]) -> float:
    table = np.zeros((len(a) + 1, len(b) + 1))
    table[:, 0], table[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
    for i, one in enumerate(a, start=1):
        for j, other in enumerate(b, start=1):
            table[i, j] = min(
                table[i - 1, j] + 1,
                table[i, j - 1] + 1,
                table[i - 1, j - 1] + (one != other),
            )
    return float(1 - table[-1, -1] / max(len(a), len(b)))


def ious(truth: list[Run], run: Run) -> np.ndarray:
    _, begin, end = run
    shared = [max(0, min(end, stop) - max(begin, start)) for _, start, stop in truth]
    whole = [max(end, stop) - min(begin, start) for _, start, stop in truth]
    return np.array(shared) / np.array(whole) * [label == run[0] for label, *_ in truth]


def published_f1(truth: list[Run], predicted: list[Run], overlap: float) -> float:
    hit: set[int] = set()
    n_hits = 0
    for run in predicted if truth else []:
        scores = ious(truth, run)
        best = int(scores.argmax())
        if scores[best] >= overlap and best not in hit:
            hit.add(best)
            n_hits += 1
    return 2 * n_hits / (len(truth) + len(predicted))


@given(opinions, opinions)
def test_scores_are_those_of_the_published_definitions(a: list[Segment], b: list[Segment]) -> None:
    found = measure_pair(a, b, n_frames=N_FRAMES, tolerances=[0])
    truth, predicted = labelled_runs(a), labelled_runs(b)
    assert (found.runs.n_a, found.runs.n_b) == (len(truth), len(predicted))
    if not (truth or predicted):
        assert found.edit is None
        return
    labels = ([label for label, *_ in side] for side in (truth, predicted))
    assert found.edit == pytest.approx(textbook_edit(*labels))
    assert f1s(found) == pytest.approx(
        [published_f1(truth, predicted, overlap) for overlap in (0.1, 0.25, 0.5)]
    )


@given(opinions, opinions)
def test_the_mean_tiou_is_scipys_greatest_sum(a: list[Segment], b: list[Segment]) -> None:
    found = measure_pair(a, b, n_frames=N_FRAMES, tolerances=[0])
    truth, predicted = labelled_runs(a), labelled_runs(b)
    assert measure_pair(b, a, n_frames=N_FRAMES, tolerances=[0]).tiou_mean == found.tiou_mean
    if truth and predicted:
        scores = np.array([ious(truth, run) for run in predicted])
        assert found.runs.tiou_sum == pytest.approx(
            scores[linear_sum_assignment(scores, maximize=True)].sum()
        )
    else:
        assert found.runs.tiou_sum == 0
    n_units = len(truth) + len(predicted) - found.runs.n_paired
    assert found.tiou_mean == (found.runs.tiou_sum / n_units if n_units else None)
