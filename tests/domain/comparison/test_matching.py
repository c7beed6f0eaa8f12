from __future__ import annotations

import time
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from services.domain.comparison.alignment import Group, align
from services.domain.comparison.matching import match_segments
from services.domain.comparison.relations import Relation, relate
from services.domain.comparison.tolerances import Tolerances
from services.domain.segments import Segment, Segmentation
from tests.domain.notation import opinion
from tests.strategies import LABELS, opinion_pairs

THREE = Tolerances(of_label=lambda _label: (3, 3))
Rank = tuple[int, ...]


def eligible(a: Segment, b: Segment, window: int) -> bool:
    near = abs(a.onset - b.onset) <= window and abs(a.offset - b.offset) <= window
    return a.overlap(b) > 0 or near


def rank(relation: Relation) -> Rank:
    """The lexicographic worth of one pair where labels may overlap, written out once more."""
    same, near = int(relation.same_label), int(relation.is_near)
    return int(relation.agrees), same, near, 1, -relation.n_outside, -relation.distance


def add(*ranks: Rank) -> Rank:
    return tuple(map(sum, zip((0,) * 6, *ranks, strict=True)))


def worth(groups: list[Group], a: Segmentation, b: Segmentation) -> Rank:
    pairs = [(i, j) for (i,), (j,) in groups]
    found = [relate(a.segments[i], b.segments[j], tolerances=THREE) for i, j in pairs]
    return add(*(rank(relation) for relation in found))


def best_assignment(a: Segmentation, b: Segmentation, window: int) -> Rank:
    """SciPy's optimum of the same worth, packed into a float: exact for few, short segments."""
    weights = np.zeros((len(a), len(b)))
    ranks: dict[tuple[int, int], Rank] = {}
    for (i, one), (j, other) in product(enumerate(a), enumerate(b)):
        if eligible(one, other, window):
            ranks[i, j] = rank(relate(one, other, tolerances=THREE))
            packed = 0
            for part, size in zip(ranks[i, j], (14, 14, 14, 14, 28, 2000), strict=True):
                packed = packed * size + part
            weights[i, j] = packed
    chosen = linear_sum_assignment(weights, maximize=True)
    return add(*(ranks[i, j] for i, j in zip(*chosen, strict=True) if (i, j) in ranks))


@given(opinion_pairs(exclusive=True), st.integers(0, 15))
def test_timelines_in_order_are_aligned(
    pair: tuple[Segmentation, Segmentation], window: int
) -> None:
    a, b = sorted(pair, key=lambda side: [segment.order for segment in side])
    groups = match_segments(a.segments, b.segments, tolerances=THREE, window=window, exclusive=True)
    assert groups == align(a.segments, b.segments, tolerances=THREE, window=window)


@given(opinion_pairs(), st.integers(0, 15))
def test_where_labels_may_overlap_it_is_as_good_as_scipys_assignment(
    pair: tuple[Segmentation, Segmentation], window: int
) -> None:
    a, b = pair
    groups = match_segments(
        a.segments, b.segments, tolerances=THREE, window=window, exclusive=False
    )
    assert worth(groups, a, b) == best_assignment(a, b, window)


@given(opinion_pairs(exclusive=False), st.booleans())
def test_it_never_agrees_on_less_than_greedy_pairing(
    pair: tuple[Segmentation, Segmentation], exclusive: bool
) -> None:
    a, b = pair
    groups = match_segments(
        a.segments, b.segments, tolerances=THREE, window=15, exclusive=exclusive
    )
    n_greedy, left = 0, list(b)
    for one in a:
        answers = [other for other in left if relate(one, other, tolerances=THREE).agrees]
        if answers:
            nearest = min(answers, key=lambda s: relate(one, s, tolerances=THREE).distance)
            left.remove(nearest)
            n_greedy += 1
    n_agreed = sum(
        relate(a.segments[rows[0]], b.segments[columns[0]], tolerances=THREE).agrees
        for rows, columns in groups
        if len(rows) == len(columns) == 1
    )
    assert n_agreed >= n_greedy


@given(opinion_pairs(), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_segments_does_not_matter(
    pair: tuple[Segmentation, Segmentation], exclusive: bool, dice: object
) -> None:
    a, b = (list(side) for side in pair)
    mixed_a, mixed_b = list(a), list(b)
    dice.shuffle(mixed_a)  # type: ignore[attr-defined]
    dice.shuffle(mixed_b)  # type: ignore[attr-defined]

    def matched(one: list[Segment], other: list[Segment]) -> list[list[list[Segment]]]:
        groups = match_segments(one, other, tolerances=THREE, window=15, exclusive=exclusive)
        return [[[one[i] for i in rows], [other[j] for j in columns]] for rows, columns in groups]

    assert matched(mixed_a, mixed_b) == matched(a, b)


def test_of_two_labels_the_wider_tolerance_counts() -> None:
    tolerances = Tolerances(of_label={"X": (1, 9), "Y": (5, 2)}.__getitem__)
    (a,), (b,) = opinion("X 10-20"), opinion("Y 15-29")
    for relation in (relate(a, b, tolerances=tolerances), relate(b, a, tolerances=tolerances)):
        assert (relation.onset_within, relation.offset_within) == (True, True)
        assert relation.n_outside == 0
        assert not relation.agrees


# --- size ------------------------------------------------------------------------------------


def test_ten_thousand_segments_take_seconds_at_most() -> None:
    a = [Segment(label=LABELS[i % 3], onset=20 * i, offset=20 * i + 15) for i in range(10_000)]
    b = [
        Segment(label=s.label, onset=s.onset + i % 7, offset=s.offset + i % 5)
        for i, s in enumerate(a)
    ]
    covering = Segment(label="Y", onset=0, offset=a[-1].offset)
    for exclusive, extra in ((True, []), (False, []), (False, [covering])):
        before = time.process_time()
        pairs = match_segments([*a, *extra], b, tolerances=THREE, window=15, exclusive=exclusive)
        assert len(pairs) == len(a)
        assert time.process_time() - before < 5
