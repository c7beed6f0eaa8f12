"""Two opinions that were given under different versions of a taxonomy."""

from __future__ import annotations

from services.domain.comparison.compare import compare
from services.domain.policy import Policy
from services.domain.taxonomy import Taxonomy
from tests.domain.notation import opinion, outcome

SECOND = Taxonomy.parse(
    {
        "name": "kitchen",
        "version": 2,
        "layers": [
            {
                "name": "main",
                "labels": [
                    {"name": "grasp", "aliases": ["grab"]},
                    {"name": "cut"},
                    {"name": "whisk"},
                    {"name": "fold"},
                ],
            },
            {"name": "hands", "exclusive": False, "labels": [{"name": "left"}]},
        ],
        "changes": [
            {"kind": "rename", "before": "hold", "after": ["grasp"]},
            {"kind": "merge", "before": "slice", "after": ["cut"]},
            {"kind": "split", "before": "stir", "after": ["whisk", "fold"]},
            {"kind": "retire", "before": "rest"},
            {"kind": "rename", "before": "left hand", "after": ["left"]},
        ],
    }
)


def outcome_of(a: str, b: str) -> tuple[list[str], list[str]]:
    return outcome(compare(opinion(a), opinion(b), taxonomy=SECOND, policy=Policy()))


def test_another_name_of_one_label_is_that_label() -> None:
    assert outcome_of("grab 0-10, hold 20-30", "grasp 0-10, grab 20-30") == (
        ["grasp 0-10", "grasp 20-30"],
        [],
    )


def test_labels_that_became_one_are_compared_as_one() -> None:
    assert outcome_of("cut 0-10, slice 10-20", "slice 0-10, cut 10-20")[1] == []
    assert outcome_of("cut 0-10, slice 10-20", "cut 0-20") == (
        [],
        ["merge: cut 0-10, cut 10-20 | cut 0-20"],
    )


def test_a_label_that_went_to_another_layer_is_compared_there() -> None:
    comparison = compare(
        opinion("left hand 0-10, cut 5-10"),
        opinion("cut 5-10, hands/left 1-10"),
        taxonomy=SECOND,
        policy=Policy(),
    )
    assert outcome(comparison) == (["left 0-10", "cut 5-10"], [])
    assert comparison.agreed[0].segment.layer == "hands"


def test_a_label_that_was_split_is_for_a_person_to_tell() -> None:
    assert outcome_of("stir 0-10", "whisk 0-10") == ([], ["label_mismatch: stir 0-10 | whisk 0-10"])


def test_a_name_that_was_retired_agrees_with_itself_alone() -> None:
    assert outcome_of("rest 0-10", "rest 1-10") == (["rest 0-10"], [])
    assert outcome_of("rest 0-10", "cut 0-10")[1] == ["label_mismatch: rest 0-10 | cut 0-10"]


def test_old_names_count_as_segments_once() -> None:
    counts = compare(
        opinion("hold 0-10"), opinion("grasp 0-10"), taxonomy=SECOND, policy=Policy()
    ).counts
    assert (counts.n_a, counts.n_b, counts.n_agreed, counts.agreement) == (1, 1, 1, 1.0)
