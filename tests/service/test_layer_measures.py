"""The field's measures of a project's own rounds: by layer, by draft, and made of sums."""

from __future__ import annotations

from typing import Any

import pytest

from services.tracker.monitoring.models import LayerMeasures
from tests import factories
from tests.service.measuring import round_ended, rules, tool, two_layers
from tests.service.play import Play

pytestmark = pytest.mark.db

POUR, LATE = factories.segment(10, 50), factories.segment(12, 50)
STIR = factories.segment(60, 90, "stir")


def figures(measures: Any) -> dict[str, Any]:
    return {figure.name: figure for figure in measures.figures}


def values(measures: Any) -> dict[str, float | None]:
    return {figure.name: figure.value for figure in measures.figures}


def test_each_layer_is_measured_apart(play: Play) -> None:
    taxonomy = two_layers(play)
    round_ended(play, [POUR, tool(0, 100)], [LATE], taxonomy=taxonomy)
    main, tools = play["lea"].quality("kitchen").layers
    assert [(row.taxonomy_version, row.layer) for row in (main, tools)] == [
        (2, "main"),
        (2, "tools"),
    ]
    found = values(main)
    assert (found["bound_f1_tol1f"], found["bound_f1_tol2f"]) == (0.5, 1.0)
    assert (found["seg_f1_label_tol1f"], found["seg_f1_label_tol2f"]) == (0.0, 1.0)
    assert found["frame_agree"] == pytest.approx(298 / 300)
    assert found["tiou_mean"] == pytest.approx(38 / 40)
    # Of 300 frames 40 and 38 are labelled: 600 * 2 * 78 * 522 / (600² - 40² - 38² - 522).
    expected = 600 * 2 * 78 * 522 / (600**2 - 40**2 - 38**2 - 522)
    assert found["alpha_binary"] == pytest.approx(1 - 4 / expected)
    found = values(tools)
    assert (found["seg_f1_label_tol10f"], found["edit"]) == (0.0, 0.0)
    assert found["frame_agree"] == pytest.approx(200 / 300)
    assert found["onset_delta_mean"] is None
    # One clip says nothing of the next.
    assert {(row.low, row.high) for row in (*main.figures, *tools.figures)} == {(None, None)}


def test_a_layer_that_both_leave_empty_agrees_by_frames(play: Play) -> None:
    taxonomy = two_layers(play)
    round_ended(play, [POUR], [POUR], taxonomy=taxonomy)
    _, tools = play["lea"].quality("kitchen").layers
    found = figures(tools)
    assert (tools.n_pairs, found["frame_agree"].value, found["frame_agree"].n) == (1, 1.0, 1)
    assert (found["edit"].value, found["edit"].n) == (None, 0)


def test_the_older_account_is_the_first_opinion_however_the_lot_fell(play: Play) -> None:
    for _ in range(6):
        round_ended(play, [POUR], [LATE])
    (main,) = play["lea"].quality("kitchen").layers
    shift = figures(main)["onset_delta_mean"]
    assert (main.n_pairs, shift.n, shift.value) == (6, 6, 2.0)
    # Six times the same: clips do not differ, and neither do the draws.
    assert (shift.low, shift.high) == (2.0, 2.0)


def test_clips_that_differ_have_an_interval_around_the_ratio_of_sums(play: Play) -> None:
    for other in (POUR, LATE, STIR, POUR):
        round_ended(play, [POUR], [other])
    (main,) = play["lea"].quality("kitchen").layers
    found = figures(main)["seg_f1_label_tol0f"]
    assert (found.value, found.n) == (0.5, 4)
    assert 0 <= found.low < 0.5 < found.high <= 1


def test_figures_with_and_without_a_draft_are_told_apart(play: Play) -> None:
    round_ended(play, [POUR], [POUR])
    rules(play, control_share=1.0)
    round_ended(play, [POUR], [LATE])
    round_ended(play, [POUR], [LATE])
    (main,) = play["lea"].quality_anchoring("kitchen").layers
    assert (main.taxonomy_version, main.layer) == (1, "main")
    assert (main.with_draft.n_pairs, main.without_draft.n_pairs) == (1, 2)
    assert values(main.with_draft)["bound_f1_tol0f"] == 1.0
    assert values(main.without_draft)["bound_f1_tol0f"] == 0.5
    (whole,) = play["lea"].quality("kitchen").layers
    assert values(whole)["bound_f1_tol0f"] == pytest.approx(4 / 6)


def test_layers_of_another_taxonomy_version_are_left_out_when_asked(play: Play) -> None:
    round_ended(play, [POUR], [POUR])
    taxonomy = two_layers(play)
    round_ended(play, [POUR], [LATE], taxonomy=taxonomy)
    quality = play["lea"].quality
    of_all = [(row.taxonomy_version, row.layer) for row in quality("kitchen").layers]
    assert of_all == [(1, "main"), (2, "main"), (2, "tools")]
    assert len(quality("kitchen", taxonomy_version=1).layers) == 1
    assert quality("kitchen", taxonomy_version=3).layers == []


def test_sums_that_were_taken_out_again_are_not_shown(play: Play) -> None:
    round_ended(play, [POUR], [POUR])
    row = LayerMeasures.objects.get()
    LayerMeasures.objects.update(n_pairs=0)
    assert play["lea"].quality("kitchen").layers == []
    assert str(row) == f"measures of main, group {row.clip_group}"
