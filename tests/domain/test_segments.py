from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from services.domain.errors import InputError
from services.domain.segments import Segment, Segmentation, SubmittedSegment
from tests.domain.notation import opinion, write
from tests.strategies import segmentations


@pytest.mark.parametrize(
    "fields",
    [
        {"onset": -1, "offset": 3},
        {"onset": 3, "offset": 3},
        {"onset": 4, "offset": 3},
        {"onset": 1.0, "offset": 3},
        {"onset": True, "offset": 3},
        {"onset": 0, "offset": "3"},
        {"onset": 0, "offset": 3, "onset_spread": 0.5},
        {"onset": 0, "offset": 3, "score": 1.5},
        {"onset": 0, "offset": 3, "score": float("nan")},
    ],
)
def test_a_segment_cannot_be_wrong(fields: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="Segment 'X'"):
        Segment(label="X", **fields)


def test_length_and_overlap() -> None:
    a, b, c = opinion("X 0-10, X 9-12, X 10-11").segments
    assert (a.n_frames, b.n_frames, c.n_frames) == (10, 3, 1)
    assert (a.overlap(b), b.overlap(a), a.overlap(c), b.overlap(c)) == (1, 1, 0, 1)


def test_order_is_by_time_then_layer_then_label() -> None:
    mixed = opinion("b/X 5-6, a/Y 5-6, a/X 5-6, a/X 0-9, a/X 0-8")
    assert [f"{s.layer}/{write(s)}" for s in mixed] == [
        "a/X 0-8",
        "a/X 0-9",
        "a/X 5-6",
        "a/Y 5-6",
        "b/X 5-6",
    ]
    assert [write(s) for s in mixed.layer("b")] == ["X 5-6"]
    assert len(mixed) == 5


def test_a_segment_beyond_the_clip_is_refused() -> None:
    assert len(opinion("X 0-10", n_frames=10)) == 1
    with pytest.raises(InputError, match="ends at frame 11, but the clip has 10 frames"):
        opinion("X 0-11", n_frames=10)


def test_json_names_what_says_something() -> None:
    plain = Segment(label="X", onset=0, offset=3)
    assert plain.as_json() == {"layer": "main", "label": "X", "onset": 0, "offset": 3}
    rich = Segment(label="X", onset=0, offset=3, score=0.5, onset_spread=2)
    assert rich.as_json() == plain.as_json() | {
        "score": 0.5,
        "onset_spread": 2,
        "offset_spread": 0,
    }
    assert Segment.from_json(rich.as_json()) == rich


@given(segmentations())
def test_json_holds_everything(drawn: Segmentation) -> None:
    again = Segmentation.from_json(json.loads(json.dumps(drawn.as_json())), n_frames=drawn.n_frames)
    assert again == drawn


def test_a_submitted_segment_survives_json() -> None:
    submitted = SubmittedSegment(
        region_id="r", layer="main", label=None, onset=9, offset=3, problem="odd"
    )
    assert SubmittedSegment.from_json(submitted.as_json()) == submitted


def test_what_is_no_segment_is_refused() -> None:
    with pytest.raises(InputError, match="not a segment"):
        Segment.from_json({"label": "X", "start": 0, "end": 3})
    with pytest.raises(InputError, match="not a submitted segment"):
        SubmittedSegment.from_json({"region_id": "r"})
