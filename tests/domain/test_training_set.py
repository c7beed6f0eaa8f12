"""The split that never changes."""

from __future__ import annotations

from services.domain.training_set import HELD_OUT_SHARE, Side, data_hash, side_of


def test_about_a_fifth_of_the_sources_is_held_out():
    sides = [side_of(project="kitchen", source=str(n)) for n in range(5000)]
    assert abs(sides.count(Side.HELD_OUT) / 5000 - HELD_OUT_SHARE) < 0.02


def test_a_source_keeps_its_side():
    """Written down once: these may never move, or models would be judged by what they learnt."""
    held_out = [n for n in range(30) if side_of(project="kitchen", source=str(n)) is Side.HELD_OUT]
    assert held_out == HELD_OUT_OF_THIRTY
    assert held_out != [
        n for n in range(30) if side_of(project="garage", source=str(n)) is Side.HELD_OUT
    ]


HELD_OUT_OF_THIRTY = [0, 9, 13, 27]


def test_the_hash_says_what_was_learnt_and_not_in_which_order():
    rows = [("a", Side.TRAIN, "x"), ("b", Side.HELD_OUT, "y")]
    assert data_hash(rows) == data_hash(rows[::-1])
    others = [
        [("a", Side.HELD_OUT, "x"), rows[1]],
        [("a", Side.TRAIN, "z"), rows[1]],
        rows[:1],
    ]
    assert len({data_hash(rows), *map(data_hash, others)}) == 4
