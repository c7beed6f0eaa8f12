from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.comparison.compare import compare
from services.domain.comparison.disputes import Comparison, ComparisonCounts, Dispute, DisputeKind
from services.domain.errors import InputError
from services.domain.monitoring.confusion import ConfusionTally, confusion
from services.domain.monitoring.intervals import Share
from services.domain.monitoring.tallies import CLAMP_FRAMES, DeltaTally, LabelTally, tally
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from tests.domain.notation import opinion, taxonomy
from tests.strategies import opinion_pairs

KEY = ("main", "X")


def compared(reference: str, answer: str) -> Comparison:
    return compare(
        opinion(reference), opinion(answer), taxonomy=taxonomy(), policy=Policy(tolerance_frames=3)
    )


def dispute(kind: DisputeKind, reference: str, answer: str, *, n_frames: int = 1000) -> Comparison:
    """A comparison that holds this one dispute, as tier 2 defines its kind."""
    return Comparison(
        agreed=(),
        disputes=(Dispute.over(kind, a=tuple(opinion(reference)), b=tuple(opinion(answer))),),
        counts=ComparisonCounts(),
        n_frames=n_frames,
    )


def test_each_outcome_is_counted_once_for_each_side() -> None:
    # X agrees (+2, -1), X shifts (+9, 0), X is missed, Y is answered with Z, an X too many.
    comparison = compared(
        "X 10-40, X 100-140, X 200-220, Y 300-340",
        "X 12-39, X 109-140, Z 301-340, X 500-510",
    )
    tallies = tally(comparison)
    assert list(tallies) == [("main", "X"), ("main", "Y"), ("main", "Z")]
    assert tallies[KEY] == LabelTally(
        n_reference=3,
        n_answered=3,
        n_agreed=1,
        n_shifted=1,
        n_missed=1,
        n_extra=1,
        onset=DeltaTally(n=2, total=11, squares=85, histogram=((2, 1), (9, 1))),
        offset=DeltaTally(n=2, total=-1, squares=1, histogram=((-1, 1), (0, 1))),
    )
    assert tallies["main", "Y"] == LabelTally(n_reference=1, n_confused=1)
    assert tallies["main", "Z"] == LabelTally(n_answered=1, n_mistaken=1)
    assert confusion(comparison).cells == (
        (("main", None, "X"), 1),
        (("main", "X", None), 1),
        (("main", "X", "X"), 2),
        (("main", "Y", "Z"), 1),
    )


def test_a_split_counts_one_reference_segment_and_its_outer_boundaries() -> None:
    comparison = dispute(DisputeKind.SPLIT, "X 10-40", "X 11-20, X 22-43")
    (found,) = tally(comparison).values()
    assert (found.n_reference, found.n_split, found.n_answered) == (1, 1, 2)
    assert (found.onset.total, found.offset.total) == (1, 3)
    assert confusion(comparison).cells == ((("main", "X", "X"), 1),)


def test_a_merge_counts_each_reference_segment() -> None:
    comparison = dispute(DisputeKind.MERGE, "X 10-20, X 22-40", "X 8-40")
    (found,) = tally(comparison).values()
    assert (found.n_reference, found.n_merged, found.n_answered) == (2, 2, 1)
    assert (found.onset.total, found.offset.total) == (-2, 0)
    assert confusion(comparison).cells == ((("main", "X", "X"), 2),)


def test_boundaries_at_the_clips_edges_say_nothing() -> None:
    (found,) = tally(compared("X 0-40, X 900-1000", "X 0-41, X 903-1000")).values()
    assert found.n_agreed == 2
    assert (found.onset, found.offset) == (DeltaTally.of([3]), DeltaTally.of([1]))


def test_two_empty_opinions_add_up_to_nothing() -> None:
    comparison = compared("", "")
    assert tally(comparison) == {}
    assert confusion(comparison) == ConfusionTally()


def test_ratios() -> None:
    (found,) = tally(compared("X 10-40, X 100-140", "X 12-39, X 300-310")).values()
    assert found.misses == Share(part=1, whole=2)
    assert found.extras == Share(part=1, whole=2)
    assert found.recall == found.precision == Share(part=1, whole=2)
    assert found.confusions.value == 0
    assert LabelTally().misses.value is None


def test_deltas_describe_themselves() -> None:
    deltas = DeltaTally.of([-2, 0, 1, 1, 40])
    assert (deltas.bias, deltas.median, deltas.deviation) == (8.0, 1.0, 1.0)
    assert deltas.histogram[-1] == (CLAMP_FRAMES, 1)
    assert deltas.spread == pytest.approx(17.9304210)
    assert deltas.bias_interval() == pytest.approx((8 - 22.26356, 8 + 22.26356), abs=1e-4)
    assert (deltas.late.part, deltas.early.part, deltas.late.whole) == (3, 1, 5)
    assert DeltaTally.of([1, 4]).median == 2.5


def test_deltas_of_nothing_are_undefined() -> None:
    nothing = DeltaTally()
    assert nothing.bias is nothing.median is nothing.deviation is nothing.spread is None
    assert nothing.bias_interval() is None
    assert DeltaTally.of([3]).spread is None


def test_a_cells_share_is_of_its_row() -> None:
    matrix = ConfusionTally.of(
        {("main", "X", "X"): 3, ("main", "X", "Y"): 1, ("main", "Y", "Y"): 5}
    )
    assert matrix.share("main", "X", "Y") == Share(part=1, whole=4)
    assert matrix.share("main", "Z", "Y").value is None


@given(st.lists(st.integers(-200, 200)), st.lists(st.integers(-200, 200)))
def test_delta_tallies_add_up(one: list[int], other: list[int]) -> None:
    assert DeltaTally.of(one) + DeltaTally.of(other) == DeltaTally.of([*one, *other])


@given(opinion_pairs(), opinion_pairs())
def test_tallies_add_up_and_json_holds_everything(
    one: tuple[Segmentation, Segmentation], other: tuple[Segmentation, Segmentation]
) -> None:
    comparisons = [compare(*pair, taxonomy=taxonomy(), policy=Policy()) for pair in (one, other)]
    total = sum((confusion(each) for each in comparisons), start=ConfusionTally())
    assert ConfusionTally.from_json(json.loads(json.dumps(total.as_json()))) == total
    for each, (reference, answer) in zip(comparisons, (one, other), strict=True):
        found = tally(each)
        assert sum(t.n_reference for t in found.values()) == len(reference)
        assert sum(t.n_answered for t in found.values()) == len(answer)
        for (layer, label), t in found.items():
            assert t.n_reference == (
                t.n_agreed + t.n_shifted + t.n_missed + t.n_confused + t.n_split + t.n_merged
            )
            assert confusion(each).share(layer, label, label).whole == t.n_reference
            assert LabelTally.from_json(json.loads(json.dumps(t.as_json()))) == t
            assert t + LabelTally() == t


@pytest.mark.parametrize("broken", [{}, {"histogram": {"x": 1}}, {"histogram": []}, []])
def test_what_is_no_delta_tally_is_refused(broken: object) -> None:
    with pytest.raises(InputError, match="not a tally of deltas"):
        DeltaTally.from_json(broken)  # type: ignore[arg-type]


def test_what_is_no_tally_is_refused() -> None:
    with pytest.raises(InputError, match="not a label's tally"):
        LabelTally.from_json({"n_reference": 1})
    with pytest.raises(InputError, match="not a confusion tally"):
        ConfusionTally.from_json([["main", "X", 1]])
