"""A, a very short B, A again."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.sanity.check import check_submission
from services.domain.sanity.findings import Finding
from services.domain.segments import Segment, SubmittedSegment
from services.domain.taxonomy import Taxonomy
from tests.domain.notation import submitted
from tests.strategies import disjoint_segments


def layer(flicker_frames: int, *, exclusive: bool = True) -> Taxonomy:
    return Taxonomy.parse(
        {
            "name": "test",
            "version": 1,
            "layers": [
                {
                    "exclusive": exclusive,
                    "flicker_frames": flicker_frames,
                    "labels": [{"name": name} for name in "XYZ"],
                }
            ],
        }
    )


def flickers(answer: list[SubmittedSegment], labels: Taxonomy) -> list[Finding]:
    report = check_submission(answer, n_frames=100, taxonomy=labels)
    return [finding for finding in report.findings if finding.code == "flicker"]


# Text, limit, which regions are named.
CASES: dict[str, tuple[str, int, list[tuple[str, ...]]]] = {
    "one frame less than the limit": ("X 0 10, Y 10 14, X 14 30", 5, [("r1", "r2", "r3")]),
    "as long as the limit": ("X 0 10, Y 10 15, X 15 30", 5, []),
    "one frame, the smallest limit that says anything": (
        "X 0 10, Y 10 11, X 11 30",
        2,
        [("r1", "r2", "r3")],
    ),
    "nothing is shorter than one frame": ("X 0 10, Y 10 11, X 11 30", 1, []),
    "no limit": ("X 0 10, Y 10 11, X 11 30", 0, []),
    "with pauses, as far apart as the limit": ("X 0 10, Y 12 14, X 15 30", 5, [("r1", "r2", "r3")]),
    "with pauses, one frame further apart": ("X 0 10, Y 12 14, X 16 30", 5, []),
    "between two others": ("X 0 10, Y 10 12, Z 12 30", 5, []),
    "two others between": ("X 0 10, Y 10 11, Z 11 12, X 12 30", 5, []),
    "a pause is no label": ("X 0 10, X 11 30", 5, []),
    "the same label in three pieces": ("X 0 10, X 10 12, X 12 30", 5, []),
    "at the clip's begin": ("Y 0 2, X 2 30", 5, []),
    "at the clip's end": ("X 60 98, Y 98 100", 5, []),
    "each way of a long flicker": (
        "X 0 10, Y 10 12, X 12 14, Y 14 30",
        5,
        [("r1", "r2", "r3"), ("r2", "r3", "r4")],
    ),
}


@pytest.mark.parametrize(("text", "limit", "expected"), CASES.values(), ids=list(CASES))
def test_it_points_out_what_was_worked_out_by_hand(
    text: str, limit: int, expected: list[tuple[str, ...]]
) -> None:
    assert [f.region_ids for f in flickers(submitted(text), layer(limit))] == expected


def test_it_is_a_remark_on_the_short_label() -> None:
    (finding,) = flickers(submitted("X 0 10, Y 10 12, X 12 30"), layer(5))
    assert (finding.severity, finding.label, finding.onset, finding.offset) == (
        "warning",
        "Y",
        10,
        12,
    )
    assert finding.message == (
        '"Y" (frames 11 to 12) interrupts "X" for only 2 frames. If nothing changed there, '
        "delete it and join the two."
    )


def test_where_labels_overlap_the_nearest_on_each_side_count() -> None:
    # Y lies inside a Z that goes on; before it X and Z end together, after it only X begins.
    text = "Z 0 100, X 0 10, Z 5 10, Y 10 12, X 12 30, Z 13 30"
    found = flickers(submitted(text), layer(5, exclusive=False))
    assert [f.region_ids for f in found] == [("r2", "r4", "r5")]


# Text, which regions are named; the limit is 6 and labels may overlap.
BYSTANDERS: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "one that ends in the pause": ("X 0 9, Z 5 10, Y 10 12, X 12 30", [("r1", "r3", "r4")]),
    "one that begins in the pause": ("X 0 9, Y 10 12, Z 12 40, X 13 30", [("r1", "r2", "r4")]),
    "one over all": ("Z 0 40, X 0 9, Y 10 12, X 13 30", [("r2", "r3", "r4")]),
    "one wholly in the pause": ("X 0 9, Y 9 11, Z 11 12, X 13 30", []),
    "more of the same wholly in the pause": ("X 0 9, Y 9 11, Y 11 12, X 13 30", []),
    "one that ends last, of several": (
        "X 0 9, X 3 8, Y 10 12, X 12 30, X 13 20",
        [("r1", "r3", "r4")],
    ),
    "the label itself goes on": ("X 0 9, X 5 11, Y 10 12, X 12 30", []),
}


@pytest.mark.parametrize(("text", "expected"), BYSTANDERS.values(), ids=list(BYSTANDERS))
def test_where_labels_overlap_bystanders_hide_nothing(
    text: str, expected: list[tuple[str, ...]]
) -> None:
    assert [f.region_ids for f in flickers(submitted(text), layer(6, exclusive=False))] == expected


def test_it_can_interrupt_two_labels_at_once() -> None:
    text = "X 0 10, Z 0 10, Y 10 12, X 12 30, Z 12 30"
    found = flickers(submitted(text), layer(5, exclusive=False))
    assert [f.region_ids for f in found] == [("r1", "r3", "r4"), ("r2", "r3", "r5")]


@given(disjoint_segments(), st.integers(0, 8))
def test_on_an_exclusive_layer_it_is_every_short_one_between_two_alike(
    drawn: list[Segment], limit: int
) -> None:
    answer = [
        SubmittedSegment(
            region_id=f"{i:02}", layer=s.layer, label=s.label, onset=s.onset, offset=s.offset
        )
        for i, s in enumerate(drawn)
    ]
    expected = [
        (f"{i:02}", f"{j:02}", f"{k:02}")
        for i, j, k in combinations(range(len(drawn)), 3)
        if (j, k) == (i + 1, i + 2)
        and drawn[i].label == drawn[k].label != drawn[j].label
        and drawn[j].n_frames < limit
        and drawn[k].onset - drawn[i].offset <= limit
    ]
    assert [f.region_ids for f in flickers(answer, layer(limit))] == expected
