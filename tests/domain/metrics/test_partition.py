from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from services.domain.metrics.partition import disjoint, partition, rows_of
from services.domain.segments import Segment
from tests.domain.metrics.notation import N_FRAMES, listed, opinions, painted


def runs(text: str, *, n_frames: int) -> list[tuple[int, str | None]]:
    found = partition(rows_of(listed(text)), n_frames=n_frames)
    return list(zip(found.onsets, found.classes, strict=True))


def test_frames_without_a_segment_are_a_class_of_their_own() -> None:
    assert runs("X 2-5, Y 7-9", n_frames=10) == [
        (0, None), (2, "X"), (5, None), (7, "Y"), (9, None),
    ]  # fmt: skip


def test_of_two_that_overlap_the_later_in_the_list_wins() -> None:
    assert runs("X 0-6, Y 4-10", n_frames=10) == [(0, "X"), (4, "Y")]
    assert runs("Y 4-10, X 0-6", n_frames=10) == [(0, "X"), (6, "Y")]


def test_a_later_segment_inside_another_cuts_it_in_two() -> None:
    assert runs("X 0-10, Y 4-6", n_frames=10) == [(0, "X"), (4, "Y"), (6, "X")]
    assert runs("Y 4-6, X 0-10", n_frames=10) == [(0, "X")]


def test_touching_segments_of_one_label_are_one_run() -> None:
    assert runs("X 0-5, X 5-10", n_frames=10) == [(0, "X")]
    assert runs("X 0-5, X 6-10", n_frames=10) == [(0, "X"), (5, None), (6, "X")]


def test_but_they_stay_two_rows() -> None:
    rows = rows_of(listed("X 5-10, X 0-5, Y 7-8"))
    assert disjoint(rows) == [(0, 5, "X"), (5, 7, "X"), (7, 8, "Y"), (8, 10, "X")]


def test_nothing_is_one_run_and_no_frames_are_none() -> None:
    assert runs("", n_frames=3) == [(0, None)]
    assert runs("", n_frames=0) == []


def test_the_clips_own_ends_are_no_boundaries() -> None:
    assert partition(rows_of(listed("X 0-10")), n_frames=10).boundaries == []
    assert partition(rows_of(listed("X 0-9")), n_frames=10).boundaries == [9]


def test_a_clip_of_a_billion_frames_costs_what_its_segments_cost() -> None:
    assert len(partition(rows_of(listed("X 5-9")), n_frames=10**9).onsets) == 3


@given(opinions)
def test_runs_say_what_painting_each_frame_says(segments: list[Segment]) -> None:
    found = partition(rows_of(segments), n_frames=N_FRAMES)
    frames: list[str] = []
    for label, onset, offset in zip(
        found.classes, found.onsets, [*found.onsets[1:], N_FRAMES], strict=True
    ):
        frames += [label or ""] * (offset - onset)
    assert frames == painted(segments, N_FRAMES)
    assert all(a != b for a, b in pairwise(found.classes))


@given(opinions)
def test_each_frame_stays_with_the_last_segment_that_covers_it(segments: list[Segment]) -> None:
    numbered = [(s.onset, s.offset, str(place)) for place, s in enumerate(segments)]
    owners = [""] * N_FRAMES
    for onset, offset, name in numbered:
        owners[onset:offset] = [name] * (offset - onset)
    pieces = disjoint(numbered)
    held = [""] * N_FRAMES
    for onset, offset, name in pieces:
        held[onset:offset] = [name] * (offset - onset)
    assert held == owners
    assert all(a[1] < b[0] or a[2] != b[2] for a, b in pairwise(pieces))
