from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.monitoring.probes import Probe, noticed, plant_probe
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Side
from tests.domain.notation import opinion, write
from tests.strategies import segmentations

PROBE = Probe(layer="main", label="X", side=Side.ONSET, frame=100, moved_to=112)


def planted(draft: str, seed: int = 0, shift: int = 12) -> tuple[list[str], Probe | None]:
    moved, probe = plant_probe(opinion(draft).segments, seed, shift, 1000)
    return [write(segment) for segment in moved], probe


def test_every_boundary_has_its_chance() -> None:
    drawn = Counter(" ".join(planted("X 100-200", seed)[0]) for seed in range(400))
    assert set(drawn) == {"X 88-200", "X 112-200", "X 100-188", "X 100-212"}
    assert min(drawn.values()) > 60  # 100 expected of each


def test_the_probe_tells_what_was_moved() -> None:
    for seed in range(10):
        ((text,), probe) = planted("X 100-200", seed)
        assert probe is not None
        assert probe.frame == (100 if probe.side is Side.ONSET else 200)
        assert str(probe.moved_to) in text
        assert abs(probe.moved_to - probe.frame) == 12


def test_where_two_touch_their_common_boundary_moves_as_one() -> None:
    # The clip is X and Y from edge to edge: only the boundary between them may move.
    drawn = {" ".join(planted("X 0-500, Y 500-1000", seed)[0]) for seed in range(50)}
    assert drawn == {"X 0-488 Y 488-1000", "X 0-512 Y 512-1000"}


@pytest.mark.parametrize(
    ("draft", "n_frames"),
    [
        ("", 30),
        ("X 0-30", 30),  # edges only
        ("X 0-4, Y 4-8, X 8-12", 12),  # touching, and too short to give twelve frames
        ("X 0-10, Y 15-20, X 23-30", 30),  # would run into each other
    ],
)
def test_a_draft_in_which_nothing_can_move_unnoticed_stays(draft: str, n_frames: int) -> None:
    segments = opinion(draft, n_frames=n_frames).segments
    assert plant_probe(segments, 0, 12, n_frames) == (segments, None)


def test_a_boundary_does_not_leave_the_clip() -> None:
    drawn = {" ".join(planted("X 5-20, Y 30-995", seed)[0]) for seed in range(60)}
    assert not any("-7" in text or "1007" in text for text in drawn)
    assert drawn == {"X 5-20 Y 42-995", "X 5-20 Y 30-983"}


def test_other_layers_neither_move_nor_hinder() -> None:
    moved, probe = plant_probe(opinion("X 0-500, b/Z 500-1000").segments, 3, 12, 1000)
    assert probe is not None
    unmoved = {"main": "b", "b": "main"}[probe.layer]
    assert [write(s) for s in moved if s.layer == unmoved] in (["X 0-500"], ["Z 500-1000"])


@given(segmentations(exclusive=True), st.integers(0, 10**6), st.integers(1, 6))
def test_a_planted_draft_is_as_sound_as_the_draft(
    draft: Segmentation, seed: int, shift: int
) -> None:
    moved, probe = plant_probe(draft.segments, seed, shift, draft.n_frames)
    assert plant_probe(draft.segments, seed, shift, draft.n_frames) == (moved, probe)
    after = Segmentation.of(moved, n_frames=draft.n_frames)
    assert after.segments == moved
    assert Counter(s.label for s in moved) == Counter(s.label for s in draft)
    assert all(x.offset <= y.onset for x, y in pairwise(moved))
    if probe is None:
        assert moved == draft.segments
        return
    assert Probe.from_json(json.loads(json.dumps(probe.as_json()))) == probe
    assert noticed(probe, moved) is False
    gone = {frame for s in draft for frame in (s.onset, s.offset)} - {
        frame for s in moved for frame in (s.onset, s.offset)
    }
    assert gone <= {probe.frame}
    assert len({probe.frame, probe.moved_to}) == 2


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ("X 100-200", True),
        ("X 103-200", True),
        ("X 112-200", False),  # left as it was
        ("X 106-200", False),  # halfway
        ("X 110-200", False),  # nudged
        ("X 90-200", True),  # beyond the truth, but off the probe
        ("Y 101-200", True),  # label corrected too
        ("Y 112-200", False),
        ("X 150-200", None),  # the person sees something else
        ("", None),
        ("X 100-105, X 112-200", False),  # one more put before what was left
    ],
)
def test_noticed_without_a_reference(answer: str, seen: bool | None) -> None:
    assert noticed(PROBE, opinion(answer).segments) is seen


@pytest.mark.parametrize(
    ("reference", "answer", "seen"),
    [
        ("X 97-200", "X 98-200", True),
        ("X 97-200", "X 112-200", False),
        ("X 106-200", "X 100-200", None),  # the probe is as near as the draft was
        ("X 113-200", "X 112-200", None),  # the probe happened to be right
        ("X 140-200", "X 140-200", None),  # the draft was wrong there anyway
        ("", "X 112-200", None),
        ("Y 99-200", "Y 99-200", True),  # the draft's label was wrong
    ],
)
def test_noticed_with_a_reference(reference: str, answer: str, seen: bool | None) -> None:
    found = noticed(PROBE, opinion(answer).segments, opinion(reference).segments)
    assert found is seen


def test_an_offset_is_looked_for_among_offsets() -> None:
    probe = Probe(layer="main", label="X", side=Side.OFFSET, frame=200, moved_to=188)
    kept = [Segment(label="X", onset=100, offset=188)]
    undone = [Segment(label="X", onset=188, offset=200)]
    assert noticed(probe, kept) is False
    assert noticed(probe, undone) is True


def test_what_is_no_probe_is_refused() -> None:
    for broken in ({}, {"side": "top"}, {"side": "onset", "wrong": 1}):
        with pytest.raises(InputError, match="not a probe"):
            Probe.from_json(broken)
