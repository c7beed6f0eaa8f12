from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from services.domain.comparison.disputes import DisputeKind
from services.domain.errors import InputError
from services.domain.monitoring.dawid_skene import (
    Item,
    dawid_skene,
    gold_items_of,
    items_of,
    merge_items,
)
from tests.domain.monitoring.test_tallies import compared, dispute


def test_posteriors_are_those_of_brute_force() -> None:
    """Sum over every assignment of truths; nothing is factored."""
    items = [
        Item(votes=(("ana", "X"), ("ben", "X"))),
        Item(votes=(("ana", "X"), ("ben", "Y"))),
        Item(votes=(("ana", "Y"), ("cyd", "Y"))),
        Item(votes=(("cyd", "X"),), truth="Y", is_known=True),
    ]
    found = dawid_skene(items)
    place = {label: i for i, label in enumerate(found.labels)}
    weights = np.zeros((4, 2))
    for truths in product(range(2), repeat=4):
        if truths[3] != place["Y"]:
            continue
        chance = 1.0
        for item, truth in zip(items, truths, strict=True):
            chance *= found.prevalence[truth]
            for person, label in item.votes:
                chance *= found.confusion[person][truth, place[label]]
        for i, truth in enumerate(truths):
            weights[i, truth] += chance
    expected = weights / weights.sum(axis=1, keepdims=True)
    assert found.posteriors == pytest.approx(expected, abs=1e-4)
    assert list(found.posteriors[3]) == [0.0, 1.0]


def test_known_truths_give_the_counts_and_the_prior() -> None:
    items = [
        Item(votes=(("ana", "X"),), truth="X", is_known=True, weight=15),
        Item(votes=(("ana", "Y"),), truth="X", is_known=True, weight=5),
        Item(votes=(("ana", "Y"),), truth="Y", is_known=True, weight=5),
    ]
    found = dawid_skene(items)
    assert found.labels == ("X", "Y")
    # 4 right and 1 wrong of each row before the first; 1 case of each class.
    assert found.confusion["ana"] == pytest.approx(np.array([[19 / 25, 6 / 25], [0.1, 0.9]]))
    assert found.prevalence == pytest.approx(np.array([21 / 27, 6 / 27]))
    assert found.accuracy("ana") == pytest.approx((21 * 0.76 + 6 * 0.9) / 27)


def crowd(rng: np.random.Generator, *, n_items: int, gold: int) -> list[Item]:
    """Pairs of five people, of whom "bad" is right half of the time and the rest nine times."""
    people = {"ana": 0.9, "ben": 0.9, "cyd": 0.9, "dan": 0.9, "bad": 0.5}
    labels = ("X", "Y", "Z")
    items = []
    for i in range(n_items):
        truth = str(rng.choice(labels))
        votes = []
        for person in rng.choice(list(people), size=2, replace=False):
            wrong = [label for label in labels if label != truth]
            right = rng.random() < people[person]
            votes.append((str(person), truth if right else str(rng.choice(wrong))))
        items.append(Item(votes=tuple(sorted(votes)), truth=truth, is_known=i < gold))
    return items


def test_it_finds_who_errs_and_never_grows_less_likely() -> None:
    items = merge_items(crowd(np.random.default_rng(4), n_items=4000, gold=200))
    found = dawid_skene(items)
    assert np.diff(found.objective).min() > -1e-6
    assert found.accuracy("bad") == pytest.approx(0.5, abs=0.06)
    for person in ("ana", "ben", "cyd", "dan"):
        assert found.accuracy(person) == pytest.approx(0.9, abs=0.04)
    assert found.posteriors.sum(axis=1) == pytest.approx(np.ones(len(items)))


def test_merging_items_changes_nothing() -> None:
    items = [Item(votes=item.votes) for item in crowd(np.random.default_rng(1), n_items=60, gold=0)]
    whole, merged = dawid_skene(items), dawid_skene(merge_items(items))
    assert merged.confusion["bad"] == pytest.approx(whole.confusion["bad"], abs=1e-6)
    assert len(merged.posteriors) < 60


def test_it_can_be_stopped() -> None:
    items = crowd(np.random.default_rng(3), n_items=50, gold=0)
    assert len(dawid_skene(items, max_steps=3).objective) == 3


def test_comparisons_become_items() -> None:
    comparison = compared("X 10-40, Y 300-340, X 600-620", "X 12-39, Z 301-340, X 500-510")
    assert set(items_of(comparison, a="ana", b="ben")) == {
        Item(votes=(("ana", "X"), ("ben", "X"))),
        Item(votes=(("ana", "Y"), ("ben", "Z"))),
        Item(votes=(("ana", "X"), ("ben", None))),
        Item(votes=(("ana", None), ("ben", "X"))),
    }
    split = dispute(DisputeKind.SPLIT, "X 10-40", "X 11-20, X 22-43")
    assert list(gold_items_of(split, person="ben")) == [
        Item(votes=(("ben", "X"),), truth="X", is_known=True)
    ]


def test_one_label_alone_is_no_riddle() -> None:
    found = dawid_skene([Item(votes=(("ana", None),))])
    assert (found.labels, found.accuracy("ana")) == ((None,), 1.0)


def test_nothing_tells_nothing() -> None:
    for items in ([], [Item(votes=())]):
        with pytest.raises(InputError, match="at least one item"):
            dawid_skene(items)
