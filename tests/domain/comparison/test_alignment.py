"""The alignment against the textbook recursion over all prefixes, with nothing left out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.domain.comparison.alignment import Group, align
from services.domain.comparison.pairing import heaviest_assignment
from services.domain.comparison.relations import relate
from services.domain.comparison.tolerances import Tolerances
from services.domain.segments import Segment, Segmentation
from tests.domain.notation import opinion
from tests.strategies import opinion_pairs

THREE = Tolerances(of_label=lambda _label: (3, 3))
Rank = tuple[int, ...]
NOTHING: Rank = (0,) * 7


def rank(one: Sequence[Segment], other: Sequence[Segment]) -> Rank:
    """The worth of one group, written out once more from the module's docstring."""
    first = relate(one[0], other[0], tolerances=THREE)
    last = relate(one[-1], other[-1], tolerances=THREE)
    same, shares = first.same_label, first.shares_frame
    size = len(one) + len(other)
    return (
        int(size == 2 and first.agrees),
        int(same and shares),
        size if same or shares else 0,
        size,
        int(same),
        -(2 - first.onset_within - last.offset_within),
        -abs(first.onset_delta) - abs(last.offset_delta),
    )


def add(*ranks: Rank) -> Rank:
    return tuple(map(sum, zip(NOTHING, *ranks, strict=True)))


def is_eligible(one: Segment, other: Segment, window: int) -> bool:
    near = abs(one.onset - other.onset) <= window and abs(one.offset - other.offset) <= window
    return one.overlap(other) > 0 or near


def pieces(whole: Segment, others: Sequence[Segment], end: int) -> Iterator[list[Segment]]:
    """Every run of two or more pieces of a whole that ends with one, and where it begins."""
    run: list[Segment] = []
    for start in range(end, -1, -1):
        if others[start].label == whole.label and others[start].overlap(whole):
            run.insert(0, others[start])
        elif start == end:
            return
        if len(run) > 1 and run[0] is others[start]:
            yield run


def best(a: Sequence[Segment], b: Sequence[Segment], window: int) -> Rank:
    """The textbook alignment: a table over all prefixes."""
    table: dict[tuple[int, int], Rank] = {}
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            options = [NOTHING]
            if i:
                options.append(table[i - 1, j])
            if j:
                options.append(table[i, j - 1])
            if i and j:
                one, other = a[i - 1], b[j - 1]
                if is_eligible(one, other, window):
                    options.append(add(table[i - 1, j - 1], rank([one], [other])))
                options.extend(
                    add(table[i - 1, b.index(run[0])], rank([one], run))
                    for run in pieces(one, b, j - 1)
                )
                options.extend(
                    add(table[a.index(run[0]), j - 1], rank(run, [other]))
                    for run in pieces(other, a, i - 1)
                )
            table[i, j] = max(options)
    return table[len(a), len(b)]


def worth(groups: list[Group], a: Sequence[Segment], b: Sequence[Segment]) -> Rank:
    return add(*(rank([a[i] for i in rows], [b[j] for j in columns]) for rows, columns in groups))


def aligned(pair: tuple[Segmentation, Segmentation], window: int = 15) -> list[Group]:
    a, b = pair
    return align(a.segments, b.segments, tolerances=THREE, window=window)


@given(opinion_pairs(exclusive=True), st.integers(0, 15))
@example((opinion("X 0-9, X 9-20"), opinion("X 0-4, X 5-12, X 12-20")), 15)
def test_it_is_as_good_as_the_full_recursion(
    pair: tuple[Segmentation, Segmentation], window: int
) -> None:
    a, b = list(pair[0]), list(pair[1])
    assert worth(aligned(pair, window), a, b) == best(a, b, window)


@st.composite
def dense_pairs(draw: st.DrawFn) -> tuple[Segmentation, Segmentation]:
    """Timelines of few labels without gaps, cut where each likes: many splits and merges."""
    sides = []
    for _ in range(2):
        cuts = sorted(draw(st.sets(st.integers(1, 39), max_size=9)) | {0, 40})
        sides.append(
            Segmentation.of(
                (
                    Segment(label=draw(st.sampled_from("XXXY")), onset=onset, offset=offset)
                    for onset, offset in pairwise(cuts)
                ),
                n_frames=40,
            )
        )
    return sides[0], sides[1]


@given(dense_pairs(), st.integers(0, 15))
def test_it_is_as_good_where_nearly_everything_is_split(
    pair: tuple[Segmentation, Segmentation], window: int
) -> None:
    a, b = list(pair[0]), list(pair[1])
    assert worth(aligned(pair, window), a, b) == best(a, b, window)


@given(st.one_of(opinion_pairs(exclusive=True), dense_pairs()), st.integers(0, 15))
def test_groups_are_sound(pair: tuple[Segmentation, Segmentation], window: int) -> None:
    a, b = pair
    groups = aligned(pair, window)
    for side in (0, 1):
        members = [index for group in groups for index in group[side]]
        assert members == sorted(set(members)), "nothing crosses, nothing is used twice"
    for rows, columns in groups:
        one, other = [a.segments[i] for i in rows], [b.segments[j] for j in columns]
        if len(rows) == len(columns) == 1:
            assert is_eligible(one[0], other[0], window)
            continue
        assert 1 in (len(rows), len(columns))
        assert len({segment.label for segment in one + other}) == 1
        assert all(s.overlap(t) for s in one for t in other)


@given(opinion_pairs(exclusive=True))
def test_without_splits_and_merges_it_equals_the_optimal_assignment(
    pair: tuple[Segmentation, Segmentation],
) -> None:
    # Two crossing pairs of disjoint segments can never both share a frame, so with a window
    # of 0 order is kept for free: leaving it out cannot gain anything.
    a, b = pair
    groups = aligned(pair, 0)
    if any(len(rows) + len(columns) > 2 for rows, columns in groups):
        return
    edges = []
    ranks = {}
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            if one.overlap(other):
                ranks[i, j] = rank([one], [other])
                packed = 0
                for part in ranks[i, j]:
                    packed = packed * 2000 + part
                edges.append((i, j, packed))
    chosen = heaviest_assignment(edges, n_columns=len(b))
    assert worth(groups, list(a), list(b)) == add(*(ranks[pair] for pair in chosen))


@given(opinion_pairs(exclusive=True))
def test_it_never_agrees_on_less_than_greedy_pairing(
    pair: tuple[Segmentation, Segmentation],
) -> None:
    a, b = pair
    n_greedy, left = 0, list(b)
    for one in a:
        answers = [other for other in left if relate(one, other, tolerances=THREE).agrees]
        if answers:
            left.remove(min(answers, key=lambda s: relate(one, s, tolerances=THREE).distance))
            n_greedy += 1
    assert worth(aligned(pair), list(a), list(b))[0] >= n_greedy


def test_the_order_of_several_answers_is_kept_by_a_long_one() -> None:
    a, b = opinion("X 0-1000"), opinion(", ".join(f"X {10 * i}-{10 * i + 9}" for i in range(100)))
    assert aligned((a, b)) == [((0,), tuple(range(100)))]
    assert aligned((b, a)) == [(tuple(range(100)), (0,))]


@pytest.mark.parametrize("pieces_each", [1, 10, 20_000])
def test_its_cost_does_not_depend_on_how_many_pieces_a_split_has(pieces_each: int) -> None:
    n = 20_000
    b = [Segment(label="X", onset=20 * i, offset=20 * i + 15) for i in range(n)]
    a = [
        Segment(label="X", onset=20 * i, offset=20 * (i + pieces_each) - 5)
        for i in range(0, n, pieces_each)
    ]
    before = time.process_time()
    groups = align(a, b, tolerances=THREE, window=15)
    assert sum(len(columns) for _, columns in groups) == n
    assert time.process_time() - before < 5


def test_who_meets_one_other_of_the_same_label_is_paired_without_a_look_at_the_rest() -> None:
    asked: list[str] = []

    def of_label(label: str) -> tuple[int, int]:
        asked.append(label)
        return 3, 3

    a = [Segment(label="X", onset=i, offset=i + 1) for i in range(1000)]
    b = [segment for segment in a if segment.onset % 100]
    groups = align(a, b, tolerances=Tolerances(of_label=of_label), window=15)
    assert groups == [((s.onset,), (place,)) for place, s in enumerate(b)]
    assert not asked


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("X 0-9, X 9-20", "X 4-12"),  # meets two
        ("X 0-9", "Y 0-9, X 9-12"),  # meets another label
        ("X 0-9, Y 12-14", "Y 9-12, X 12-14"),  # meets nothing of its own label
    ],
)
def test_who_meets_more_or_something_else_is_weighed(one: str, other: str) -> None:
    a, b = opinion(one), opinion(other)
    found = worth(aligned((a, b)), list(a), list(b))
    assert found == best(list(a), list(b), 15)
    assert found > NOTHING
