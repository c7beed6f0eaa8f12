from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest

from services.domain.metrics.batch import AgreementBatch
from services.domain.metrics.bootstrap import SummaryRow, grouped_rows
from services.domain.metrics.layer_sums import (
    BILLION,
    FIGURES,
    N_GROUPS,
    UNITS,
    LayerSums,
    figures_of,
    group_of,
)
from services.domain.metrics.pair import measure_pair
from services.domain.metrics.summary import Summary
from services.domain.metrics.tolerances import TOLERANCES
from services.domain.metrics.unitizing import MOST_LABELS
from services.domain.segments import Segment
from tests.domain.metrics.notation import listed

N_FRAMES = 300
Opinions = tuple[list[Segment], list[Segment]]


def clip(number: int) -> Opinions:
    """Two opinions that mostly agree, each missing a segment now and then."""
    dice = np.random.default_rng(number)
    sides: Opinions = ([], [])
    for place in range(6):
        for side in sides:
            onset = 45 * place + int(dice.integers(0, 8))
            label = "XY"[int(dice.random() < 0.4)]
            if dice.random() < 0.9:
                side.append(Segment(label=label, onset=onset, offset=onset + 30))
    return sides


def measured(number: int) -> LayerSums:
    return LayerSums.of_pair(*clip(number), n_frames=N_FRAMES)


def values(rows: list[SummaryRow]) -> dict[str, float | None]:
    return {row.name: row.value for row in rows}


def test_a_pair_by_hand() -> None:
    # Boundaries 10, 20 and 12, 20, 29; two segments and three; X later by 2, Y sooner by 1.
    sides = listed("X 0-10, Y 20-30"), listed("X 0-12, Z 12-20, Y 20-29")
    found = LayerSums.of_pair(*sides, n_frames=30)
    assert found.n_pairs == 1
    assert set(found.n_defined) == {1}
    parts = {
        name: (above, below)
        for name, above, below in zip(FIGURES, found.above, found.below, strict=True)
    }
    for name, matched in (("bound", (1, 1, 2, 2, 2, 2)), ("seg", (0, 1, 2, 2, 2, 2))):
        kinds = {"bound": ("bound_f1",), "seg": ("seg_f1_label", "seg_f1_anylabel")}[name]
        for figure in kinds:
            for frames, n in zip(TOLERANCES, matched, strict=True):
                assert parts[f"{figure}_tol{frames}f"] == (2 * n, 5), (figure, frames)
    assert parts["bound_precision_tol2f"] == (2, 3)
    assert parts["bound_recall_tol2f"] == (2, 2)
    assert parts["frame_agree"] == (19, 30)
    # By chance (900 - 12 * 10 - 9 * 10 - 1 * 10) / 30 frames differ; 11 do.
    assert parts["frame_kappa"] == (11_666_666_667, 22_666_666_667)
    assert parts["edit"] == (2, 3)
    assert parts["f1_10"] == parts["f1_50"] == (4, 5)
    assert parts["tiou_mean"] == (round((10 / 12 + 9 / 10) * BILLION), 3 * BILLION)
    assert (parts["onset_delta_mean"], parts["onset_delta_abs"]) == ((0, 2), (0, 2))
    assert (parts["offset_delta_mean"], parts["offset_delta_abs"]) == ((1, 2), (3, 2))
    assert (parts["boundary_delta_mean"], parts["boundary_delta_abs"]) == ((2, 2), (2, 2))
    # 11 of 60 frames are gaps, none in both; units of 10, 10, 12, 8 and 9 frames stay whole:
    # 60 * 2 * 11 * 49 / 3100 differ by chance, and 22 do.
    assert parts["alpha_binary"] == (-1_135_483_871, 20_864_516_129)
    # Frames by class 11, 22, 19 and 8: 60 * 2570 / 3100 by chance, and again 22 do.
    assert parts["alpha_nominal"] == (27_741_935_484, 49_741_935_484)
    # On the 19 frames that both label nothing differs: 38 * 720 / (1444 - 362) by chance.
    assert parts["alpha_coding"] == (25_286_506_470, 25_286_506_470)


def test_silence_on_both_sides_agrees_by_frames_and_says_nothing_else() -> None:
    found = LayerSums.of_pair([], [], n_frames=10)
    defined = [name for name, n in zip(FIGURES, found.n_defined, strict=True) if n]
    assert defined == ["frame_agree"]
    assert sum(found.below) == sum(found.above) == 10


def test_the_order_of_figures_is_the_order_of_what_is_stored() -> None:
    counted = ("bound_f1", "bound_precision", "bound_recall", "seg_f1_label", "seg_f1_anylabel")
    assert (
        *(f"{name}_tol{frames}f" for name in counted for frames in (0, 1, 2, 3, 5, 10)),
        *("frame_agree", "frame_kappa", "edit", "f1_10", "f1_25", "f1_50", "tiou_mean"),
        *("onset_delta_mean", "onset_delta_abs", "offset_delta_mean", "offset_delta_abs"),
        *("boundary_delta_mean", "boundary_delta_abs"),
        *("alpha_binary", "alpha_nominal", "alpha_coding"),
    ) == FIGURES
    in_billionths = {name for name, unit in zip(FIGURES, UNITS, strict=True) if unit != 1}
    alphas = {"alpha_binary", "alpha_nominal", "alpha_coding"}
    assert in_billionths == {"frame_kappa", "tiou_mean", *alphas}


def test_a_clip_with_too_many_labels_has_no_alpha_and_all_else() -> None:
    many = [
        Segment(label=f"label {place}", onset=2 * place, offset=2 * place + 1)
        for place in range(MOST_LABELS + 1)
    ]
    for n, has_alpha in ((MOST_LABELS, 1), (MOST_LABELS + 1, 0)):
        found = LayerSums.of_pair(many[:n], many[:n], n_frames=5_000)
        n_defined = dict(zip(FIGURES, found.n_defined, strict=True))
        assert (n_defined["alpha_nominal"], n_defined["frame_kappa"]) == (has_alpha, 1)


def test_the_figures_are_those_of_the_summary_and_the_batch() -> None:
    summary, batch = Summary(tolerances=TOLERANCES), AgreementBatch()
    rows = []
    for number in range(60):
        sides = clip(number)
        summary.add(str(number), measure_pair(*sides, n_frames=N_FRAMES, tolerances=TOLERANCES))
        batch.add(str(number), sides, n_frames=N_FRAMES)
        rows.append((number % 50, measured(number)))
    ours = figures_of(rows)
    theirs = [*summary.rows(), *batch.rows()]
    assert [(row.name, row.n) for row in ours] == [(row.name, row.n) for row in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-8, abs=1e-8)
        assert None not in {one.low, one.high, other.low, other.high}
        width = other.high - other.low  # type: ignore[operator]
        assert one.low == pytest.approx(other.low, abs=0.3 * width), one.name
        assert one.high == pytest.approx(other.high, abs=0.3 * width), one.name


def test_the_order_of_sums_does_not_matter_nor_how_they_were_split() -> None:
    rows = [(number % 7, measured(number)) for number in range(20)]
    assert figures_of(rows) == figures_of(rows[::-1])


def test_nothing_measured_gives_every_figure_without_a_value() -> None:
    rows = figures_of([])
    assert [row.name for row in rows] == list(FIGURES)
    assert {row[1:] for row in rows} == {(None, None, None, 0)}


def test_one_group_has_no_interval_and_two_have_one() -> None:
    one = figures_of([(3, measured(1)), (3, measured(2))])
    assert {(row.low, row.high) for row in one} == {(None, None)}
    two = figures_of([(3, measured(1)), (4, measured(2))])
    assert None not in {row.low for row in two}


def test_a_figure_that_one_group_alone_has_something_for_has_no_interval() -> None:
    silent = LayerSums.of_pair([], [], n_frames=N_FRAMES)
    rows = {row.name: row for row in figures_of([(1, measured(1)), (2, silent)])}
    assert rows["edit"].value is not None
    assert rows["edit"].low is None
    assert rows["frame_agree"].low is not None
    assert (rows["edit"].n, rows["frame_agree"].n) == (1, 2)


def test_a_clip_is_always_in_the_same_group() -> None:
    assert group_of(UUID(int=5)) == group_of(UUID(int=5 + N_GROUPS)) == 5
    assert 0 <= group_of(UUID(int=2**128 - 1)) < N_GROUPS


def test_intervals_over_groups_cover_the_truth_about_as_often_as_they_say() -> None:
    dice = np.random.default_rng(3)
    for n_clips in (40, 600):  # fewer clips than groups, and far more
        n_runs, n_covered = 200, 0
        for run in range(n_runs):
            sums = np.zeros((2, N_GROUPS, 1))
            for _ in range(n_clips):
                group = int(dice.integers(N_GROUPS))
                skill = dice.beta(8, 2)  # clips differ: 0.8 on average
                sums[:, group, 0] += dice.binomial(20, skill), 20
            (row,) = grouped_rows(
                ["share"], above=sums[0], below=sums[1], n_defined=[n_clips], seed=run
            )
            assert row.low is not None
            assert row.high is not None
            n_covered += row.low <= 0.8 <= row.high
        assert 0.90 <= n_covered / n_runs <= 0.985, n_clips


def test_intervals_are_quantiles_over_the_replicates_that_have_something() -> None:
    above, below = np.array([[1.0], [3.0], [2.0]]), np.array([[4.0], [5.0], [9.0]])
    (row,) = grouped_rows(["share"], above=above, below=below, n_defined=[3], seed=9, level=0.8)
    draws = np.random.default_rng(9).poisson(1.0, (1000, 3))
    drawn = draws.any(axis=1)
    assert 0 < drawn.sum() < 1000  # one in twenty leaves all three out
    ratios = (draws @ above)[drawn] / (draws @ below)[drawn]
    assert (row.low, row.high) == pytest.approx(tuple(np.quantile(ratios, [0.1, 0.9])), abs=1e-12)
    assert row.value == pytest.approx(6 / 18)
