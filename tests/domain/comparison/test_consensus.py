from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.comparison.compare import compare
from services.domain.comparison.consensus import consensus, merge_boundary, merge_segments
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


def test_other_rules_take_one_of_the_two() -> None:
    assert merge_boundary(10, 13, rule="earliest") == merge_boundary(13, 10, rule="earliest") == 10
    assert merge_boundary(10, 13, rule="latest") == merge_boundary(13, 10, rule="latest") == 13


def accepted(a: str, b: str, **labels: Any) -> list[str]:
    comparison = compare(opinion(a), opinion(b), taxonomy=taxonomy(**labels), policy=Policy())
    assert comparison.is_agreed
    return [write(segment) for segment in consensus(comparison)]


WIDEST = {"accepted_onset": "earliest", "accepted_offset": "latest"}
NARROWEST = {"accepted_onset": "latest", "accepted_offset": "earliest"}


def test_each_label_and_side_has_its_rule() -> None:
    a, b = "X 10-40, Y 50-60, Z 70-80", "X 13-37, Y 51-63, Z 71-81"
    assert accepted(a, b) == ["X 12-38", "Y 50-62", "Z 70-80"]
    assert accepted(a, b, X=WIDEST, Y=NARROWEST) == ["X 10-40", "Y 51-60", "Z 70-80"]
    late = {"accepted_onset": "latest", "accepted_offset": "latest"}
    assert accepted(a, b, X=late, Y=late, Z=late) == ["X 13-40", "Y 51-63", "Z 71-81"]


def test_neighbours_that_would_overlap_meet_at_their_means() -> None:
    # X to 13 and Y from 10 would overlap; the outer boundaries keep their rules.
    assert accepted("X 1-10, Y 10-20", "X 4-13, Y 13-23", X=WIDEST, Y=WIDEST) == [
        "X 1-12",
        "Y 12-23",
    ]
    # One rule that reaches over is enough: X to 13, Y from 12 (the mean of 11 and 13).
    assert accepted("X 1-10, Y 11-20", "X 1-13, Y 13-20", X=WIDEST) == ["X 1-12", "Y 12-20"]
    # Where they only touch nothing is changed: X to 13, Y from 13.
    assert accepted("X 1-10, Y 13-20", "X 1-13, Y 14-20", X=WIDEST, Y=WIDEST) == [
        "X 1-13",
        "Y 13-20",
    ]


def test_three_neighbours_are_repaired_each_at_its_own_place() -> None:
    labels = dict.fromkeys("XYZ", WIDEST)
    assert accepted("X 1-10, Y 10-12, Z 12-30", "X 1-11, Y 11-15, Z 15-30", **labels) == [
        "X 1-10",
        "Y 10-14",
        "Z 14-30",
    ]


def test_labels_that_may_overlap_are_not_repaired() -> None:
    a, b = opinion("X 1-10, Y 10-20"), opinion("X 4-13, Y 13-23")
    labels = taxonomy(exclusive=False, X=WIDEST, Y=WIDEST)
    comparison = compare(a, b, taxonomy=labels, policy=Policy())
    assert [write(segment) for segment in consensus(comparison)] == ["X 1-13", "Y 10-23"]


def test_what_the_taxonomy_does_not_have_takes_the_mean() -> None:
    a, b = opinion("odd/Q 10-20"), opinion("odd/Q 12-22")
    comparison = compare(a, b, taxonomy=taxonomy(), policy=Policy())
    assert [write(segment) for segment in consensus(comparison)] == ["Q 11-21"]


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
