"""The comparison of two opinions beside what golden examples and properties say of it."""

from __future__ import annotations

import pytest

from services.domain.comparison.compare import compare
from services.domain.comparison.disputes import Comparison, ComparisonCounts, Dispute, DisputeKind
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.segments import Segment
from services.domain.taxonomy import Taxonomy
from tests.domain.notation import opinion, outcome, taxonomy, write_dispute


def test_each_label_and_side_has_its_own_tolerance() -> None:
    labels = taxonomy(X={"onset_tolerance": 0, "offset_tolerance": 10})
    a, b = opinion("X 10-40, Y 100-140"), opinion("X 10-50, Y 103-137")
    assert compare(a, b, taxonomy=labels, policy=Policy()).is_agreed
    late = compare(a, opinion("X 11-40, Y 103-137"), taxonomy=labels, policy=Policy())
    assert outcome(late)[1] == ["boundary_shift: X 10-40 | X 11-40"]
    long = compare(a, opinion("X 10-51, Y 103-137"), taxonomy=labels, policy=Policy())
    assert outcome(long)[1] == ["boundary_shift: X 10-40 | X 10-51"]


def test_the_policy_sets_the_default_tolerance() -> None:
    a, b = opinion("X 10-40"), opinion("X 11-40")
    assert not compare(a, b, taxonomy=taxonomy(), policy=Policy(tolerance_frames=0)).is_agreed
    assert compare(a, b, taxonomy=taxonomy(), policy=Policy(tolerance_frames=1)).is_agreed


def test_layers_are_compared_apart() -> None:
    parents = Taxonomy.parse(
        {
            "name": "nested",
            "version": 1,
            "layers": [
                {"name": "parent", "labels": [{"name": "P"}]},
                {"name": "child", "labels": [{"name": "C"}, {"name": "D"}]},
            ],
        }
    )
    a = opinion("parent/P 0-100, child/C 0-50, child/D 50-100")
    b = opinion("parent/P 0-100, child/C 0-60, child/D 60-100")
    comparison = compare(a, b, taxonomy=parents, policy=Policy())
    assert outcome(comparison) == (
        ["P 0-100"],
        ["boundary_shift: C 0-50 | C 0-60", "boundary_shift: D 50-100 | D 60-100"],
    )
    assert {dispute.layer for dispute in comparison.disputes} == {"child"}


def test_a_layer_outside_the_taxonomy_is_compared_too() -> None:
    a, b = opinion("odd/X 0-10, odd/X 5-20"), opinion("odd/X 5-20, odd/X 0-13")
    comparison = compare(a, b, taxonomy=taxonomy(), policy=Policy())
    assert outcome(comparison) == (["X 0-12", "X 5-20"], [])


def test_an_exclusive_layer_that_overlaps_in_fact_is_still_compared() -> None:
    a, b = opinion("X 0-30, Y 10-40"), opinion("X 0-30, Y 10-40")
    comparison = compare(a, b, taxonomy=taxonomy(), policy=Policy())
    assert outcome(comparison) == (["X 0-30", "Y 10-40"], [])


def test_opinions_on_different_clips_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        compare(
            opinion("", n_frames=10), opinion("", n_frames=11), taxonomy=taxonomy(), policy=Policy()
        )
    assert caught.value.code == "different_clips"


def test_a_dispute_tells_deltas_and_hull() -> None:
    shifted = compare(opinion("X 10-40"), opinion("X 4-45"), taxonomy=taxonomy(), policy=Policy())
    (dispute,) = shifted.disputes
    assert (dispute.onset, dispute.offset) == (4, 45)
    assert (dispute.onset_delta, dispute.offset_delta) == (-6, 5)
    alone = Dispute.over(DisputeKind.EXTRA, a=(), b=[Segment(label="X", onset=1, offset=3)])
    assert (alone.onset, alone.offset) == (1, 3)
    assert (alone.onset_delta, alone.offset_delta) == (None, None)


def test_a_split_tells_deltas_of_its_outer_boundaries() -> None:
    whole, pieces = opinion("X 100-200"), opinion("X 97-120, X 130-140, X 150-230")
    (split,) = compare(whole, pieces, taxonomy=taxonomy(), policy=Policy()).disputes
    assert (split.kind, split.onset, split.offset) == ("split", 97, 230)
    assert (split.onset_delta, split.offset_delta) == (-3, 30)
    counts = compare(whole, pieces, taxonomy=taxonomy(), policy=Policy()).counts
    assert (counts.n_split, counts.n_disputes, counts.n_same_label) == (1, 1, 1)
    assert (counts.n_onsets_within, counts.n_offsets_within) == (1, 0)
    merge = compare(pieces, whole, taxonomy=taxonomy(), policy=Policy())
    assert (merge.counts.n_merge, merge.counts.n_split) == (1, 0)
    assert (merge.disputes[0].onset_delta, merge.disputes[0].offset_delta) == (3, -30)


@pytest.mark.parametrize(
    ("kind", "n_a", "n_b"),
    [
        ("missing", 0, 1),
        ("extra", 1, 0),
        ("missing", 2, 0),
        ("boundary_shift", 1, 2),
        ("label_mismatch", 1, 0),
        ("split", 1, 1),
        ("split", 2, 2),
        ("merge", 1, 2),
        ("merge", 0, 0),
    ],
)
def test_a_kind_of_dispute_is_over_so_many_segments(kind: str, n_a: int, n_b: int) -> None:
    (held,) = opinion("X 10-20")
    with pytest.raises(InputError, match=f"No {kind} is over {n_a} and {n_b} segments"):
        Dispute.over(DisputeKind(kind), a=[held] * n_a, b=[held] * n_b)


def test_the_first_comparisons_on_record_are_read() -> None:
    (held,) = opinion("X 10-20")
    alone = {"kind": "missing", "a": held.as_json(), "b": None}
    assert Dispute.from_json(alone) == Dispute.over(DisputeKind.MISSING, a=[held], b=())


def test_counts_and_ratios() -> None:
    comparison = compare(
        opinion("X 0-10, Y 20-30, X 40-50, Z 200-210"),
        opinion("X 0-10, X 20-30, X 40-55, X 300-310, X 400-410"),
        taxonomy=taxonomy(),
        policy=Policy(),
    )
    counts = comparison.counts
    assert counts == ComparisonCounts(
        n_a=4,
        n_b=5,
        n_agreed=1,
        n_missing=1,
        n_extra=2,
        n_label_mismatch=1,
        n_boundary_shift=1,
        n_same_label=2,
        n_onsets_within=2,
        n_offsets_within=1,
    )
    assert counts.n_disputes == 5
    assert counts.agreement == 2 / 9
    assert counts.onset_agreement == 4 / 9
    assert counts.offset_agreement == 2 / 9
    assert (counts + counts).agreement == counts.agreement


def test_ratios_over_nothing_are_undefined() -> None:
    counts = ComparisonCounts()
    assert counts.agreement is None
    assert counts.onset_agreement is None
    assert counts.offset_agreement is None


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"agreed": [], "disputes": [], "counts": {"n_odd": 1}, "n_frames": 1},
        {"agreed": [], "disputes": [{"kind": "odd", "a": [], "b": []}], "counts": {}},
        {"agreed": [], "disputes": [{"kind": "extra", "a": [], "b": []}], "counts": {}},
    ],
)
def test_what_is_no_comparison_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"not a comparison|No extra is over 0 and 0"):
        Comparison.from_json(broken)


def test_a_dispute_reads_as_text() -> None:
    dispute = Dispute.over(DisputeKind.MISSING, a=[Segment(label="X", onset=1, offset=3)], b=())
    assert write_dispute(dispute) == "missing: X 1-3 | "
