from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.comparison import Comparison, ComparisonCounts, Dispute, DisputeKind, compare
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy
from tests.domain.notation import opinion, outcome, taxonomy, write_dispute
from tests.strategies import opinion_pairs, policies, taxonomies

# Worked out by hand from the rules in the modules' docstrings; default tolerance 3, window 15.
GOLDEN = {
    "empty against empty agrees": ("", "", [], []),
    "empty against some: all extra": (
        "",
        "X 0-10, Y 10-20",
        [],
        ["extra:  | X 0-10", "extra:  | Y 10-20"],
    ),
    "some against empty: all missing": ("X 0-10", "", [], ["missing: X 0-10 | "]),
    "identical": ("X 0-10, Y 12-20", "X 0-10, Y 12-20", ["X 0-10", "Y 12-20"], []),
    "three frames pass at both ends": ("X 10-40", "X 13-43", ["X 12-42"], []),
    "three frames pass outwards": ("X 10-40", "X 7-43", ["X 8-42"], []),
    "four frames at the onset": (
        "X 10-40",
        "X 14-40",
        [],
        ["boundary_shift: X 10-40 | X 14-40"],
    ),
    "four frames at the offset": (
        "X 10-40",
        "X 10-36",
        [],
        ["boundary_shift: X 10-40 | X 10-36"],
    ),
    "a pure 3-frame shift of 4 frames is agreed though its IoU is 1/7": (
        "X 10-14",
        "X 13-17",
        ["X 12-16"],
        [],
    ),
    "shorter than the tolerance, no common frame": (
        "X 10-12",
        "X 12-14",
        [],
        ["boundary_shift: X 10-12 | X 12-14"],
    ),
    "one frame each, the same": ("X 10-11", "X 10-11", ["X 10-11"], []),
    "one frame each, two apart": (
        "X 10-11",
        "X 12-13",
        [],
        ["boundary_shift: X 10-11 | X 12-13"],
    ),
    "a one-frame answer inside a short one": ("X 10-14", "X 12-13", ["X 11-14"], []),
    "both ends at the pairing window": (
        "X 10-20",
        "X 25-35",
        [],
        ["boundary_shift: X 10-20 | X 25-35"],
    ),
    "one frame beyond the pairing window": (
        "X 10-20",
        "X 26-36",
        [],
        ["missing: X 10-20 | ", "extra:  | X 26-36"],
    ),
    "one end alone beyond the window": (
        "X 10-20",
        "X 21-36",
        [],
        ["missing: X 10-20 | ", "extra:  | X 21-36"],
    ),
    "other label, same frames": ("X 10-20", "Y 10-20", [], ["label_mismatch: X 10-20 | Y 10-20"]),
    "other label, other frames": ("X 10-20", "Y 15-40", [], ["label_mismatch: X 10-20 | Y 15-40"]),
    "one fault does not taint its neighbours": (
        "X 0-10, Y 10-20, X 20-30",
        "X 0-10, Z 10-20, X 20-30",
        ["X 0-10", "X 20-30"],
        ["label_mismatch: Y 10-20 | Z 10-20"],
    ),
    "a shared boundary moved by four disputes both sides": (
        "X 0-10, Y 10-20",
        "X 0-14, Y 14-20",
        [],
        ["boundary_shift: X 0-10 | X 0-14", "boundary_shift: Y 10-20 | Y 14-20"],
    ),
    "a shared boundary moved by three stays shared": (
        "X 0-10, Y 10-20",
        "X 0-13, Y 13-20",
        ["X 0-12", "Y 12-20"],
        [],
    ),
    "touching instances are kept apart": (
        "X 0-10, X 10-20",
        "X 0-10, X 10-20",
        ["X 0-10", "X 10-20"],
        [],
    ),
    "two touching against one long: a match and a missing one": (
        "X 0-10, X 10-30",
        "X 0-30",
        [],
        # Both pairs have one boundary outside; 10-30 is nearer to 0-30 than 0-10 is.
        ["missing: X 0-10 | ", "boundary_shift: X 10-30 | X 0-30"],
    ),
    "equal distance: the earlier one is the answer": (
        "X 10-20",
        "X 5-15, X 15-25",
        [],
        ["boundary_shift: X 10-20 | X 5-15", "extra:  | X 15-25"],
    ),
    "a gap of one frame inside the tolerance": (
        "X 0-10, Y 10-20",
        "X 0-10, Y 11-20",
        ["X 0-10", "Y 10-20"],
        [],
    ),
    "clip start and end": ("X 0-1000", "X 3-997", ["X 2-998"], []),
    "agreement beats a nearer pair": (
        # b1 overlaps a1 too, but a1 and b2 agree; pairing in turn would dispute all three.
        "X 0-100, X 100-103",
        "Y 0-3, X 3-103",
        ["X 2-102"],
        ["extra:  | Y 0-3", "missing: X 100-103 | "],
    ),
    "same label beats more pairs": (
        # Pairing in turn would make three pairs of wrong labels out of two right ones.
        "X 0-100, Y 100-200, Z 200-300",
        "Z 0-9, X 9-109, Y 109-209",
        [],
        [
            "extra:  | Z 0-9",
            "boundary_shift: X 0-100 | X 9-109",
            "boundary_shift: Y 100-200 | Y 109-209",
            "missing: Z 200-300 | ",
        ],
    ),
    "order is kept: no crossing pairs": (
        "X 10-12, Y 12-14",
        "Y 10-12, X 12-14",
        [],
        ["label_mismatch: X 10-12 | Y 10-12", "label_mismatch: Y 12-14 | X 12-14"],
    ),
}


@pytest.mark.parametrize(("a", "b", "agreed", "disputes"), GOLDEN.values(), ids=list(GOLDEN))
def test_it_compares_as_worked_out_by_hand(
    a: str, b: str, agreed: list[str], disputes: list[str]
) -> None:
    comparison = compare(opinion(a), opinion(b), taxonomy=taxonomy(), policy=Policy())
    assert outcome(comparison) == (agreed, disputes)
    assert comparison.is_agreed is (not disputes)


# Layers on which labels may overlap.
OVERLAPPING = {
    "same label first, across a mismatch that lies nearer": (
        "X 0-50, Y 0-50",
        "Y 0-52, X 3-52",
        ["Y 0-51", "X 2-51"],
        [],
    ),
    "what is left pairs across labels": (
        "X 0-50, Y 0-50",
        "X 1-50, Z 0-50",
        ["X 0-50"],
        ["label_mismatch: Y 0-50 | Z 0-50"],
    ),
    "a duplicate by one person is an extra": (
        "X 0-50",
        "X 0-50, X 0-50",
        ["X 0-50"],
        ["extra:  | X 0-50"],
    ),
    "crossing answers are found": (
        "X 10-12, Y 12-14",
        "Y 10-12, X 12-14",
        [],
        ["boundary_shift: X 10-12 | X 12-14", "boundary_shift: Y 12-14 | Y 10-12"],
    ),
    "one long, many short": (
        "X 0-300",
        "X 0-100, X 90-300, Y 5-9",
        [],
        ["extra:  | X 0-100", "boundary_shift: X 0-300 | X 90-300", "extra:  | Y 5-9"],
    ),
}


@pytest.mark.parametrize(
    ("a", "b", "agreed", "disputes"), OVERLAPPING.values(), ids=list(OVERLAPPING)
)
def test_it_compares_overlapping_layers_as_worked_out_by_hand(
    a: str, b: str, agreed: list[str], disputes: list[str]
) -> None:
    comparison = compare(
        opinion(a), opinion(b), taxonomy=taxonomy(exclusive=False), policy=Policy()
    )
    assert (sorted(outcome(comparison)[0]), sorted(outcome(comparison)[1])) == (
        sorted(agreed),
        sorted(disputes),
    )


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
    alone = Dispute.over(DisputeKind.EXTRA, a=None, b=Segment(label="X", onset=1, offset=3))
    assert (alone.onset_delta, alone.offset_delta) == (None, None)


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
        {"agreed": [], "disputes": [{"kind": "odd", "a": None, "b": None}], "counts": {}},
        {"agreed": [], "disputes": [{"kind": "extra", "a": None, "b": None}], "counts": {}},
    ],
)
def test_what_is_no_comparison_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(InputError, match="not a comparison"):
        Comparison.from_json(broken)


@given(opinion_pairs(), taxonomies(), policies())
def test_json_holds_everything(
    pair: tuple[Segmentation, Segmentation], labels: Taxonomy, policy: Policy
) -> None:
    comparison = compare(*pair, taxonomy=labels, policy=policy)
    assert Comparison.from_json(json.loads(json.dumps(comparison.as_json()))) == comparison


@given(opinion_pairs(), taxonomies(), policies())
def test_every_segment_is_agreed_or_disputed_once(
    pair: tuple[Segmentation, Segmentation], labels: Taxonomy, policy: Policy
) -> None:
    comparison = compare(*pair, taxonomy=labels, policy=policy)
    outcomes = [*comparison.agreed, *comparison.disputes]
    assert Counter(item.a for item in outcomes if item.a) == Counter(pair[0])
    assert Counter(item.b for item in outcomes if item.b) == Counter(pair[1])
    counts = comparison.counts
    assert (counts.n_a, counts.n_b) == (len(pair[0]), len(pair[1]))
    assert counts.n_agreed == len(comparison.agreed)
    assert counts.n_disputes == len(comparison.disputes)
    kinds = Counter(dispute.kind for dispute in comparison.disputes)
    assert kinds == +Counter({kind: getattr(counts, f"n_{kind}") for kind in DisputeKind})


MIRRORED = {"missing": "extra", "extra": "missing"}


@given(opinion_pairs(), taxonomies(), policies())
def test_swapping_the_opinions_mirrors_the_result(
    pair: tuple[Segmentation, Segmentation], labels: Taxonomy, policy: Policy
) -> None:
    a, b = pair
    there = compare(a, b, taxonomy=labels, policy=policy)
    back = compare(b, a, taxonomy=labels, policy=policy)
    assert Counter(item.segment for item in there.agreed) == Counter(
        item.segment for item in back.agreed
    )
    mirrored = Counter(
        (MIRRORED.get(dispute.kind, dispute.kind), dispute.b, dispute.a)
        for dispute in there.disputes
    )
    assert mirrored == Counter((str(d.kind), d.a, d.b) for d in back.disputes)


@given(opinion_pairs(), taxonomies(), policies(), st.integers(1, 500))
def test_shifting_both_opinions_changes_nothing(
    pair: tuple[Segmentation, Segmentation], labels: Taxonomy, policy: Policy, by: int
) -> None:
    def shift(given_: Segmentation) -> Segmentation:
        moved = (
            Segment(label=s.label, layer=s.layer, onset=s.onset + by, offset=s.offset + by)
            for s in given_
        )
        return Segmentation.of(moved, n_frames=given_.n_frames + by)

    a, b = pair
    here = compare(a, b, taxonomy=labels, policy=policy)
    there = compare(shift(a), shift(b), taxonomy=labels, policy=policy)
    assert here.counts == there.counts
    assert [(d.kind, d.onset + by, d.offset + by) for d in here.disputes] == [
        (d.kind, d.onset, d.offset) for d in there.disputes
    ]


@given(opinion_pairs(), st.integers(0, 6), st.integers(0, 6))
def test_a_wider_tolerance_never_agrees_on_less(
    pair: tuple[Segmentation, Segmentation], tolerance: int, more: int
) -> None:
    for exclusive in (True, False):
        narrow, wide = (
            compare(
                *pair,
                taxonomy=taxonomy(exclusive=exclusive),
                policy=Policy(tolerance_frames=frames),
            )
            for frames in (tolerance, tolerance + more)
        )
        assert wide.counts.n_agreed >= narrow.counts.n_agreed


@given(opinion_pairs(), policies())
def test_an_opinion_agrees_with_itself(
    pair: tuple[Segmentation, Segmentation], policy: Policy
) -> None:
    comparison = compare(pair[0], pair[0], taxonomy=taxonomy(exclusive=False), policy=policy)
    assert comparison.is_agreed
    assert all(item.segment == item.a == item.b for item in comparison.agreed)


def test_a_dispute_reads_as_text() -> None:
    dispute = Dispute.over(DisputeKind.MISSING, a=Segment(label="X", onset=1, offset=3), b=None)
    assert write_dispute(dispute) == "missing: X 1-3 | "
