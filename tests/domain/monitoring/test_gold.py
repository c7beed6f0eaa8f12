from __future__ import annotations

from collections import Counter

from services.domain.monitoring.gold import Gold, choose_calibration, choose_gold, gold_follows

GOLDS = [Gold(uid=f"g{i}", clip_uid=f"c{i}") for i in range(6)]


def test_nobody_gets_a_clip_twice_even_when_it_is_promoted_again() -> None:
    again = Gold(uid="g9", clip_uid="c0")
    seen: set[str] = set()
    for turn in range(6):
        gold = choose_gold(seed=turn, person="ana", golds=[again, *GOLDS], seen_clips=seen)
        assert gold is not None
        assert gold.clip_uid not in seen
        seen.add(gold.clip_uid)
    assert choose_gold(seed=7, person="ana", golds=[again, *GOLDS], seen_clips=seen) is None


def test_who_took_part_in_a_clip_never_gets_it_as_gold() -> None:
    own = Gold(uid="g", clip_uid="c", barred=frozenset({"ana"}))
    assert choose_gold(seed=1, person="ana", golds=[own], seen_clips=()) is None
    assert choose_gold(seed=1, person="ben", golds=[own], seen_clips=()) is own


def test_the_least_shown_goes_first_and_then_the_lot_decides() -> None:
    worn = Gold(uid="a", clip_uid="a", n_shown=1)
    chosen = Counter(
        gold.uid
        for turn in range(600)
        if (gold := choose_gold(seed=turn, person="ana", golds=[worn, *GOLDS], seen_clips=()))
    )
    assert set(chosen) == {gold.uid for gold in GOLDS}
    assert min(chosen.values()) > 60  # 100 expected of each


def test_the_lot_can_be_repeated_and_does_not_depend_on_the_order_given() -> None:
    one = choose_gold(seed="seat", person="ana", golds=GOLDS, seen_clips=())
    assert one == choose_gold(seed="seat", person="ana", golds=GOLDS[::-1], seen_clips=())


def test_a_calibration_takes_different_clips_as_far_as_there_are_any() -> None:
    chosen = choose_calibration(
        project="p", person="ana", golds=iter(GOLDS), seen_clips={"c1"}, n_clips=4
    )
    assert len({gold.clip_uid for gold in chosen}) == 4
    assert "c1" not in {gold.clip_uid for gold in chosen}
    few = choose_calibration(project="p", person="ana", golds=GOLDS, seen_clips=(), n_clips=9)
    assert len(few) == 6
    assert (
        choose_calibration(project="p", person="ana", golds=GOLDS, seen_clips=(), n_clips=0) == ()
    )


def test_honeypots_come_at_the_policys_share() -> None:
    follows = [
        gold_follows(clip_uid=f"c{i}", round_=1, person="ana", gold_share=0.1) for i in range(3000)
    ]
    assert 250 < sum(follows) < 350
    assert not gold_follows(clip_uid="c", round_=1, person="ana", gold_share=0.0)
    assert gold_follows(clip_uid="c", round_=1, person="ana", gold_share=1.0)
