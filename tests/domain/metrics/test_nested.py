"""Segments inside segments: compact pairs, wide tolerances that need none."""

from __future__ import annotations

import tracemalloc

import pytest

from services.domain.metrics import nested
from services.domain.metrics.pair import measure_pair
from services.domain.segments import Segment
from tests.domain.metrics.notation import listed


def onion(n: int, *, moved: int = 0) -> list[Segment]:
    return [Segment(label="X", onset=i + moved, offset=4 * n - i + moved) for i in range(n)]


def test_a_tolerance_that_matches_everything_ends_the_search() -> None:
    n = 1_500
    tracemalloc.start()
    found = measure_pair(onion(n), onion(n, moved=1), n_frames=5 * n, tolerances=[0, 1, 1_000])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Moved by one, a ring's onset meets the next one's; its offset never does.
    assert found.seg_match_label == (0, n, n)
    assert peak < 30_000_000  # all pairs within 1,000 frames would be 1.7 million


def test_stretches_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    tolerances = [0, 5, 2, 5, 9]
    sides = onion(40), [*onion(35, moved=3), *listed("X 0-9, X 2-8, X 3-160")]
    whole = measure_pair(*sides, n_frames=200, tolerances=tolerances).seg_match_label
    monkeypatch.setattr(nested, "STRETCH", 1)
    assert measure_pair(*sides, n_frames=200, tolerances=tolerances).seg_match_label == whole
    assert whole[1] == whole[3]


def test_clusters_are_done_one_by_one() -> None:
    # At 0 the first cluster is whole; the second needs 2, and one of its own stays alone.
    a = listed("X 0-50, X 10-20, Y 500-600, Y 510-530, Y 520-525")
    b = listed("X 0-50, X 10-20, Y 502-602, Y 511-531")
    found = measure_pair(a, b, n_frames=700, tolerances=[0, 1, 2])
    assert found.seg_match_label == found.seg_match_anylabel == (2, 3, 4)
