from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.comparison import compare
from services.domain.consensus import consensus, merge_boundary, merge_segments
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from services.domain.taxonomy import Taxonomy
from tests.domain.notation import opinion, taxonomy, write
from tests.strategies import opinion_pairs, policies, taxonomies


@pytest.mark.parametrize(
    ("a", "b", "merged"),
    [(10, 10, 10), (10, 12, 11), (10, 11, 10), (11, 12, 12), (12, 13, 12), (13, 14, 14), (0, 1, 0)],
)
def test_halves_go_to_the_even_frame(a: int, b: int, merged: int) -> None:
    assert merge_boundary(a, b) == merge_boundary(b, a) == merged


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_it_rounds_as_python_rounds_exact_halves(a: int, b: int) -> None:
    assert merge_boundary(a, b) == round(Fraction(a + b, 2))


def test_the_spread_is_kept() -> None:
    (a,), (b,) = opinion("X 10-40"), opinion("X 13-38")
    merged = merge_segments(a, b)
    assert write(merged) == "X 12-39"
    assert (merged.onset_spread, merged.offset_spread) == (3, 2)


def test_only_the_agreed_part_is_accepted_and_in_order() -> None:
    a, b = opinion("X 0-10, Y 20-30, X 40-50"), opinion("X 0-10, Y 20-39, X 41-51")
    comparison = compare(a, b, taxonomy=taxonomy(), policy=Policy())
    assert [write(segment) for segment in consensus(comparison)] == ["X 0-10", "X 40-50"]


@given(opinion_pairs(), taxonomies(), policies())
def test_the_accepted_value_lies_between_the_two(
    pair: tuple[Segmentation, Segmentation], labels: Taxonomy, policy: Policy
) -> None:
    for agreed in compare(*pair, taxonomy=labels, policy=policy).agreed:
        a, b, segment = agreed.a, agreed.b, agreed.segment
        assert min(a.onset, b.onset) <= segment.onset <= max(a.onset, b.onset)
        assert min(a.offset, b.offset) <= segment.offset <= max(a.offset, b.offset)
        assert (segment.layer, segment.label) == (a.layer, a.label) == (b.layer, b.label)


@given(opinion_pairs(exclusive=True), taxonomies(exclusive=True), policies())
def test_accepted_segments_of_an_exclusive_layer_never_overlap(
    pair: tuple[Segmentation, Segmentation], labels: Taxonomy, policy: Policy
) -> None:
    accepted = consensus(compare(*pair, taxonomy=labels, policy=policy))
    assert all(before.offset <= after.onset for before, after in pairwise(accepted))
    assert all(segment.n_frames >= 1 for segment in accepted)
