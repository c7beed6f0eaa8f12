from __future__ import annotations

import numpy as np
import pytest

from services.domain.errors import InputError
from services.domain.metrics.batch import AgreementBatch
from services.domain.metrics.bootstrap import RatioBootstrap, SummaryRow
from services.domain.metrics.pair import PairMetrics, measure_pair
from services.domain.metrics.summary import Summary
from services.domain.segments import Segment
from tests.domain.metrics.notation import listed

LABELS = ("X", "Y")


def clip(number: int) -> tuple[list[Segment], list[Segment]]:
    dice = np.random.default_rng(number)
    sides: tuple[list[Segment], list[Segment]] = ([], [])
    for place in range(6):
        for side in sides:
            onset = 30 * place + int(dice.integers(0, 8))
            label = LABELS[int(dice.integers(0, 2))]
            side.append(Segment(label=label, onset=onset, offset=onset + 15))
    return sides


def pair(number: int) -> PairMetrics:
    return measure_pair(*clip(number), n_frames=200, tolerances=[1, 3])


def summary(**more: int) -> Summary:
    return Summary(tolerances=[1, 3], **more)


def filled(numbers: range | list[int], **more: int) -> Summary:
    found = summary(**more)
    for number in numbers:
        found.add(f"clip {number}", pair(number))
    return found


def close(rows: list[SummaryRow], others: list[SummaryRow]) -> None:
    for one, other in zip(rows, others, strict=True):
        assert (one.name, one.n) == (other.name, other.n)
        assert one[1:4] == pytest.approx(other[1:4], abs=1e-12)


def test_a_figure_is_a_ratio_of_sums() -> None:
    found = {row.name: row for row in filled(range(20)).rows()}
    pooled = pair(0)
    for number in range(1, 20):
        pooled += pair(number)
    expected = {
        "bound_f1_tol3f": 2 * pooled.bound_match[1] / (pooled.n_bound_a + pooled.n_bound_b),
        "bound_precision_tol1f": pooled.bound_match[0] / pooled.n_bound_b,
        "bound_recall_tol3f": pooled.bound_match[1] / pooled.n_bound_a,
        "seg_f1_label_tol3f": 2 * pooled.seg_match_label[1] / (pooled.n_seg_a + pooled.n_seg_b),
        "seg_f1_anylabel_tol1f": 2
        * pooled.seg_match_anylabel[0]
        / (pooled.n_seg_a + pooled.n_seg_b),
        "frame_agree": pooled.frame_agree,
        "frame_kappa": pooled.frame_kappa,
        "edit": pooled.edit,
        "f1_10": pooled.f1_10,
        "f1_25": pooled.f1_25,
        "f1_50": pooled.f1_50,
        "tiou_mean": pooled.tiou_mean,
        "onset_delta_mean": pooled.onset_deltas.mean,
        "offset_delta_abs": pooled.offset_deltas.mean_absolute,
        "boundary_delta_mean": pooled.boundary_deltas.mean,
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected)
    for row in found.values():
        assert row.value is not None
        assert row.low is not None
        assert row.high is not None
        assert row.low <= row.value <= row.high
        assert row.n == (20 if "delta" not in row.name else row.n)


def test_ratios_by_hand() -> None:
    # Boundaries 10, 20 and 12, 20, 29; two segments and three.
    sides = listed("X 0-10, Y 20-30"), listed("X 0-12, Z 12-20, Y 20-29")
    found = Summary(tolerances=[0, 1, 2])
    found.add("clip", measure_pair(*sides, n_frames=30, tolerances=[0, 1, 2]))
    values = {row.name: row.value for row in found.rows()}
    by_hand = {
        "bound_f1": (0.4, 0.4, 0.8),
        "bound_precision": (1 / 3, 1 / 3, 2 / 3),
        "bound_recall": (0.5, 0.5, 1.0),
        "seg_f1_label": (0.0, 0.4, 0.8),
        "seg_f1_anylabel": (0.0, 0.4, 0.8),
    }
    for name, expected in by_hand.items():
        ours = tuple(values[f"{name}_tol{tolerance}f"] for tolerance in (0, 1, 2))
        assert ours == pytest.approx(expected), name


def test_a_pooled_kappa_has_no_value_where_no_clip_leaves_room() -> None:
    dice = np.random.default_rng(14)
    found = Summary(tolerances=[0])
    for number, n_frames in enumerate(dice.integers(1, 10**12, 100).tolist()):
        whole = [Segment(label="X", onset=0, offset=n_frames)]
        found.add(str(number), measure_pair(whole, whole, n_frames=n_frames, tolerances=[0]))
    rows = {row.name: row for row in found.rows()}
    assert rows["frame_kappa"] == ("frame_kappa", None, None, None, 0)
    assert rows["frame_agree"].value == 1.0


def test_the_order_of_clips_does_not_matter() -> None:
    close(filled(range(12)).rows(), filled([7, 0, 3, 11, 10, 1, 9, 2, 8, 4, 6, 5]).rows())


def test_parts_can_be_summed_apart_and_merged() -> None:
    whole, parts = filled(range(12)), [filled(range(5)), filled(range(5, 12)), summary()]
    parts[0].merge(parts[1])
    parts[0].merge(parts[2])
    assert parts[0].n_pairs == whole.n_pairs == 12
    close(parts[0].rows(), whole.rows())
    empty = summary()
    empty.merge(whole)
    close(empty.rows(), whole.rows())


def test_seeds_change_intervals_and_nothing_else() -> None:
    one, again, other = (filled(range(8), seed=seed) for seed in (1, 1, 2))
    assert one.rows() == again.rows()
    assert [row.value for row in one.rows()] == [row.value for row in other.rows()]
    assert [row.low for row in one.rows()] != [row.low for row in other.rows()]


def test_a_clips_pairs_share_its_fate() -> None:
    # Three pairs of one clip are one clip: as wide as that clip's sum would be.
    apart, together = summary(), summary()
    for number in range(6):
        for _ in range(3):
            apart.add(f"clip {number}", pair(number))
        together.add(f"clip {number}", pair(number) + pair(number) + pair(number))
    for one, other in zip(apart.rows(), together.rows(), strict=True):
        assert one[:4] == pytest.approx(other[:4])


def test_one_clip_has_no_interval_however_many_pairs() -> None:
    found = summary()
    for number in range(3):
        found.add("the same", pair(number))
    assert {(row.low, row.high) for row in found.rows()} == {(None, None)}
    other = summary()
    other.add("the same", pair(3))
    found.merge(other)
    assert {(row.low, row.high) for row in found.rows()} == {(None, None)}
    another = summary()
    another.add("another", pair(4))
    found.merge(another)
    assert None not in {row.low for row in found.rows()}


def test_a_figure_that_one_clip_alone_defines_has_no_interval() -> None:
    # "b" is silent by the second ratio, and so are both of its pairs.
    silent = [(1.0, 2.0), (0.0, 0.0)]
    found = RatioBootstrap(["both", "one"])
    for item, ratios in (("a", [(1.0, 2.0), (3.0, 4.0)]), ("b", silent), ("b", silent)):
        found.add(item, ratios)
    both, one = found.rows()
    assert (both.value, both.low, both.high, both.n) == (0.5, 0.5, 0.5, 3)
    assert one == ("one", 0.75, None, None, 1)
    # Parts in which it is one clip, and the same, still have none; another clip gives one.
    for item, has_interval in (("a", False), ("c", True)):
        part = RatioBootstrap(["both", "one"])
        part.add(item, [(1.0, 2.0), (1.0, 4.0)])
        found.merge(part)
        low = found.rows()[1].low
        assert (low is not None) == has_interval
    assert found.rows()[1] == ("one", 5 / 12, 0.25, 4 / 8, 3)


def test_nothing_gives_every_figure_without_a_value() -> None:
    rows = summary().rows()
    assert {row[1:] for row in rows} == {(None, None, None, 0)}
    assert rows[0].name == "bound_f1_tol1f"
    silent = summary()
    for item in ("one", "two"):
        silent.add(item, measure_pair([], [], n_frames=10, tolerances=[1, 3]))
    found = {row.name: row for row in silent.rows()}
    assert found["edit"] == ("edit", None, None, None, 0)
    assert found["frame_agree"] == ("frame_agree", 1.0, 1.0, 1.0, 2)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="measured at"):
        summary().add("clip", measure_pair([], [], n_frames=1, tolerances=[2]))
    with pytest.raises(InputError, match="cannot be merged"):
        summary().merge(summary(seed=5))


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    dice = np.random.default_rng(3)
    n_runs, n_covered = 200, 0
    for run in range(n_runs):
        found = RatioBootstrap(["share"], seed=run, n_replicates=300)
        for number in range(60):
            skill = dice.beta(8, 2)  # clips differ: 0.8 on average
            found.add(str(number), [(float(dice.binomial(20, skill)), 20.0)])
        (row,) = found.rows()
        assert row.low is not None
        assert row.high is not None
        n_covered += row.low <= 0.8 <= row.high
    assert 0.90 <= n_covered / n_runs <= 0.985


def test_a_batch_pools_alphas_and_gamma() -> None:
    batch = AgreementBatch(with_gamma=True)
    observed = expected = 0.0
    for number in range(4):
        alphas, gamma = batch.add(f"clip {number}", clip(number), n_frames=200)
        assert gamma is not None
        observed += alphas.nominal.observed
        expected += alphas.nominal.expected
    rows = {row.name: row for row in batch.rows()}
    assert list(rows) == ["alpha_binary", "alpha_nominal", "alpha_coding", "gamma"]
    assert rows["alpha_nominal"].value == pytest.approx(1 - observed / expected)
    assert batch.pooled is not None
    assert batch.pooled.nominal.alpha == pytest.approx(rows["alpha_nominal"].value)
    assert {row.n for row in rows.values()} == {4}
    for row in rows.values():
        assert row.low is not None
        assert row.value is not None
        assert row.low <= row.value


def test_a_batch_pools_what_adding_the_clips_up_gives() -> None:
    batch = AgreementBatch()
    assert batch.pooled is None
    opinions = ["X 0-5, Y 6-9", "Z 0-4", "A 2-9, X 0-1"], ["X 0-6", "Z 1-4, Y 5-9", "A 3-9"]
    own = [
        batch.add(str(number), [listed(one), listed(other)], n_frames=10)[0]
        for number, (one, other) in enumerate(zip(*opinions, strict=True))
    ]
    assert batch.pooled == own[0] + own[1] + own[2]
    assert list(batch.pooled.per_label) == ["A", "X", "Y", "Z"]
    assert batch.n_labels == 4
    batch.forget_labels()
    assert batch.n_labels == 0
    assert batch.pooled.nominal == (own[0] + own[1] + own[2]).nominal


def test_a_clips_gamma_does_not_depend_on_the_others() -> None:
    first, second = AgreementBatch(with_gamma=True), AgreementBatch(with_gamma=True)
    second.add("another", clip(2), n_frames=200)
    assert first.add("one", clip(1), n_frames=200) == second.add("one", clip(1), n_frames=200)


def test_a_batch_without_gamma_has_none() -> None:
    batch = AgreementBatch()
    _, gamma = batch.add("clip", [listed("X 0-5"), listed("X 0-6")], n_frames=10)
    assert gamma is None
    assert [row.name for row in batch.rows()] == ["alpha_binary", "alpha_nominal", "alpha_coding"]
