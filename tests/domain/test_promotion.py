"""The promotion rule, on figures that can be checked by hand."""

from __future__ import annotations

import pytest

from services.domain.errors import InputError
from services.domain.metrics.pair import measure_pair
from services.domain.metrics.ratio import Ratio
from services.domain.promotion import FIGURES, ClipScore, PromotionRule, judge, pooled
from services.domain.segments import Segment

RULE = PromotionRule(n_replicates=400)


def score(clip: int, f1: float, *, off: float | None = 2.0) -> ClipScore:
    """A clip with ten segments on each side, and ten boundaries found."""
    figures = dict.fromkeys(FIGURES, Ratio(0, 0))
    figures["f1_50"] = Ratio(f1 * 20, 20)
    figures["boundary_mae"] = Ratio(0, 0) if off is None else Ratio(off * 10, 10)
    return ClipScore(clip=f"clip {clip}", figures=figures)


def scores(*f1s: float, off: float | None = 2.0) -> list[ClipScore]:
    return [score(number, f1, off=off) for number, f1 in enumerate(f1s)]


def test_better_on_every_clip_takes_over():
    verdict = judge(scores(*[0.8] * 5), scores(*[0.6] * 5), RULE)
    assert verdict.promote
    assert verdict.ahead == 1.0
    assert verdict.reason.startswith("On 5 held-out clips its F1@50 is 0.800 against 0.600")


def test_a_tie_keeps_what_is_there():
    verdict = judge(scores(*[0.8] * 5), scores(*[0.8] * 5), RULE)
    assert (verdict.promote, verdict.ahead) == (False, 0.5)
    assert not judge(scores(*[0.6] * 5), scores(*[0.8] * 5), RULE).promote


def test_too_few_clips_decide_nothing():
    verdict = judge(scores(*[1.0] * 4), scores(*[0.0] * 4), RULE)
    assert (verdict.promote, verdict.ahead) == (False, None)
    assert "4 held-out clips decide nothing; 5 are needed" in verdict.reason
    assert judge([], [], PromotionRule(min_clips=1)).n_clips == 0


def test_a_gain_that_one_clip_carries_is_no_gain():
    """Four clips a little worse, one much better: without that one in the draw it is behind.

    That is (4/5)^5 = 32.8 % of the draws, so it is ahead in 67.2 % of them.
    """
    ours, theirs = scores(0.5, 0.5, 0.5, 0.5, 1.0), scores(0.55, 0.55, 0.55, 0.55, 0.2)
    verdict = judge(ours, theirs, PromotionRule(n_replicates=20_000))
    assert pooled(ours)["f1_50"] == 0.6
    assert pooled(theirs)["f1_50"] == 0.48
    assert not verdict.promote
    assert verdict.ahead == pytest.approx(1 - 0.8**5, abs=0.015)
    assert "ahead in 67" in verdict.reason


def test_it_is_paired():
    """Clips that differ much from each other do not hide a small gain on each."""
    assert judge(
        scores(0.1, 0.3, 0.5, 0.7, 0.95), scores(0.05, 0.25, 0.45, 0.65, 0.9), RULE
    ).promote


@pytest.mark.parametrize(
    ("mine", "yours", "promoted"),
    [(2.5, 2.0, True), (2.6, 2.0, False), (None, 2.0, False), (9.0, None, True), (1.0, 2.0, True)],
)
def test_boundaries_may_not_be_further_off(mine, yours, promoted):
    ours, theirs = scores(*[0.8] * 5, off=mine), scores(*[0.6] * 5, off=yours)
    verdict = judge(ours, theirs, RULE)
    assert verdict.promote is promoted
    assert ("further off" in verdict.reason) or promoted


def test_order_does_not_matter_and_the_same_is_said_again():
    ours, theirs = scores(0.9, 0.4, 0.8, 0.3, 0.9, 0.6), scores(0.7, 0.5, 0.5, 0.4, 0.6, 0.6)
    said = judge(ours, theirs, RULE)
    assert judge(ours[::-1], theirs[3:] + theirs[:3], RULE) == said
    assert 0.5 < (said.ahead or 0) < 1


def test_where_nothing_is_marked_nothing_is_better():
    empty = [ClipScore(clip=str(n), figures=dict.fromkeys(FIGURES, Ratio(0, 0))) for n in range(5)]
    verdict = judge(empty, empty, RULE)
    assert (verdict.promote, verdict.ahead) == (False, 0.5)
    assert set(pooled(empty).values()) == {None}


def test_only_the_same_clips_are_compared():
    with pytest.raises(InputError, match="different clips"):
        judge(scores(*[0.5] * 5), scores(*[0.5] * 6), RULE)
    with pytest.raises(InputError, match="twice"):
        judge(scores(0.5) * 5, scores(*[0.5] * 5), RULE)


def test_the_figures_of_a_clip_by_hand():
    """Truth: 10 pour, 10 stir. Draft: 12 pour, 8 stir; every boundary found, the middle 2 late."""
    truth = [seg("pour", 0, 10), seg("stir", 10, 20)]
    draft = [seg("pour", 0, 12), seg("stir", 12, 20)]
    found = ClipScore.of("c", measure_pair(truth, draft, n_frames=20, tolerances=(3, 30)))
    means = {name: ratio.value for name, ratio in found.figures.items()}
    assert means["accuracy"] == 18 / 20
    assert means["edit"] == means["f1_10"] == means["f1_25"] == means["f1_50"] == 1
    # Onsets: 0 and 2 late; offsets: 2 late and 0.
    assert (means["onset_bias"], means["offset_bias"]) == (1, 1)
    assert found.figures["boundary_mae"].above == 2
    assert ClipScore.from_json(found.as_json()) == found


def seg(label: str, onset: int, offset: int) -> Segment:
    return Segment(label=label, onset=onset, offset=offset)


@pytest.mark.parametrize(
    "figures",
    [{}, {name: [1, float("nan")] for name in FIGURES}, {name: [1, -1] for name in FIGURES}],
)
def test_what_is_no_score_is_refused(figures):
    with pytest.raises(InputError):
        ClipScore.from_json({"clip": "c", "figures": figures})
