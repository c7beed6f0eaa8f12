"""Comparisons worked out by hand: the edge cases, each with what a person would say."""

from __future__ import annotations

import pytest

from services.domain.comparison.compare import compare
from services.domain.policy import Policy
from tests.domain.notation import opinion, outcome, taxonomy

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
    "equal distance: the earlier one is the answer": (
        # Neither answer shares a frame with 10-20, so they are no pieces of it.
        "X 10-20",
        "X 5-10, X 20-25",
        [],
        ["boundary_shift: X 10-20 | X 5-10", "extra:  | X 20-25"],
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
    "one against two that touch is a split": (
        "X 0-30",
        "X 0-10, X 10-30",
        [],
        ["split: X 0-30 | X 0-10, X 10-30"],
    ),
    "two that touch against one is a merge": (
        "X 0-10, X 10-30",
        "X 0-30",
        [],
        ["merge: X 0-10, X 10-30 | X 0-30"],
    ),
    "a gap of one frame splits too": (
        "X 0-10, X 11-30",
        "X 0-30",
        [],
        ["merge: X 0-10, X 11-30 | X 0-30"],
    ),
    "pieces need not reach the whole's ends, nor stay within them": (
        "X 100-200",
        "X 80-120, X 130-140, X 150-230",
        [],
        ["split: X 100-200 | X 80-120, X 130-140, X 150-230"],
    ),
    "another label between two pieces is an extra of its own": (
        "X 0-30",
        "X 0-10, Y 10-20, X 20-30",
        [],
        ["split: X 0-30 | X 0-10, X 20-30", "extra:  | Y 10-20"],
    ),
    "another label between two that are merged is missing": (
        "X 0-10, Y 10-20, X 20-30",
        "X 0-30",
        [],
        ["merge: X 0-10, X 20-30 | X 0-30", "missing: Y 10-20 | "],
    ),
    "a piece that agrees stays agreed, and the rest is extra": (
        "X 0-100",
        "X 0-97, X 97-100",
        ["X 0-98"],
        ["extra:  | X 97-100"],
    ),
    "one frame more and no piece agrees": (
        "X 0-100",
        "X 0-96, X 96-100",
        [],
        ["split: X 0-100 | X 0-96, X 96-100"],
    ),
    "two pairs are better than a split and a missing one": (
        "X 0-20, X 20-40",
        "X 0-30, X 30-40",
        [],
        ["boundary_shift: X 0-20 | X 0-30", "boundary_shift: X 20-40 | X 30-40"],
    ),
    "each whole keeps its own pieces": (
        "X 0-20, X 20-40",
        "X 0-8, X 8-18, X 22-30, X 30-40",
        [],
        ["split: X 0-20 | X 0-8, X 8-18", "split: X 20-40 | X 22-30, X 30-40"],
    ),
    "a split beside a merge": (
        "X 0-20, Y 20-30, Y 30-40",
        "X 0-8, X 9-20, Y 20-40",
        [],
        ["split: X 0-20 | X 0-8, X 9-20", "merge: Y 20-30, Y 30-40 | Y 20-40"],
    ),
    "what shares no frame with the whole is no piece of it": (
        "X 0-20",
        "X 0-10, X 20-36",
        [],
        ["boundary_shift: X 0-20 | X 0-10", "extra:  | X 20-36"],
    ),
    "a neighbour of another label, merely near, takes no piece": (
        "X 0-10, Y 12-16",
        "X 0-4, X 5-10",
        [],
        ["split: X 0-10 | X 0-4, X 5-10", "missing: Y 12-16 | "],
    ),
    "a neighbour of another label that shares frames with a piece answers it": (
        "X 0-50, Y 50-60",
        "X 0-40, X 45-65",
        [],
        ["boundary_shift: X 0-50 | X 0-40", "label_mismatch: Y 50-60 | X 45-65"],
    ),
    "a duplicate on an exclusive layer is an extra": (
        "X 0-50",
        "X 0-50, X 0-50",
        ["X 0-50"],
        ["extra:  | X 0-50"],
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
