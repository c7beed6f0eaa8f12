from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from labeling_bridge.briefs import NO_DRAFT
from labeling_bridge.tasks import (
    Clip,
    annotation_task,
    arbitration_task,
    passed_data,
    returned_data,
)
from services.domain.hints import FrameRange, HintRules, Hints, Strip
from services.domain.sanity.findings import make_finding
from services.domain.segments import Segment
from services.domain.taxonomy import Taxonomy
from tests.bridge.samples import AWKWARD, CLIP, comparison, seg

NAMES = ("ana", "ben", "sam")


def _annotation(prelabel: list[Segment] | None) -> dict[str, object]:
    task = annotation_task(assignment="u-1", clip=CLIP, round_=2, prelabel=prelabel)
    data = task.data(video="/segue/media/t", strip="/segue/media/s")
    return {"data": data, "predictions": task.predictions()}


def test_task_data_is_what_the_tool_and_the_person_need() -> None:
    task = _annotation([seg("pour", 0, 55)])
    assert task["data"] == {
        "video": "/segue/media/t",
        "strip": "![The clip at a glance: lines are shots, dark is black, hatched stands still]"
        "(/segue/media/s)",
        "fps": pytest.approx(25, rel=1e-9),
        "assignment": "u-1",
        "title": "pour_01",
        "n_frames": 300,
        "brief": "pour_01 · 300 frames at 25 frames a second.\n"
        "A machine's draft is filled in: correct it wherever it is wrong, add what is missing.",
        "opening": "pour_01 · 300 frames at 25 frames a second.\n"
        "A machine's draft is filled in: correct it wherever it is wrong, add what is missing.",
        "status": "new",
        "round": 2,
    }


def test_the_rate_is_a_hair_above_the_exact_one() -> None:
    ntsc = replace(CLIP, rate=Fraction(30000, 1001))
    task = annotation_task(assignment="u", clip=ntsc, round_=1, prelabel=None)
    assert 1e-11 < task.data(video="v", strip=None)["fps"] * 1001 / 30000 - 1 < 1e-9
    assert "29.97 frames a second" in task.opening


def test_a_draft_has_text_ids_and_whole_inclusive_frames() -> None:
    task = _annotation([Segment(label="pour", onset=0, offset=1, score=0.5), seg("stir", 1, 300)])
    assert task["predictions"] == [
        {
            "model_version": "draft",
            "result": [
                {
                    "id": "p1",
                    "type": "timelinelabels",
                    "from_name": "segments",
                    "to_name": "video",
                    "value": {"ranges": [{"start": 1, "end": 1}], "timelinelabels": ["pour"]},
                    "score": 0.5,
                },
                {
                    "id": "p2",
                    "type": "timelinelabels",
                    "from_name": "segments",
                    "to_name": "video",
                    "value": {"ranges": [{"start": 2, "end": 300}], "timelinelabels": ["stir"]},
                },
            ],
        }
    ]


def test_a_control_seat_and_an_empty_draft_look_the_same() -> None:
    assert _annotation(None) == _annotation([])
    assert _annotation(None)["predictions"] == []


def test_the_arbiter_reads_every_dispute_in_a_sentence() -> None:
    x = [seg("pour", 0, 55), seg("stir", 60, 100), seg("pour", 120, 150), seg("stir", 200, 240)]
    y = [seg("pour", 0, 55), seg("stir", 67, 99), seg("stir", 120, 150), seg("pour", 260, 270)]
    task = arbitration_task(assignment="u", clip=CLIP, round_=1, comparison=comparison(x, y))
    assert task.opening.splitlines() == [
        "pour_01 · 300 frames at 25 frames a second. 4 points are disputed.",
        "What both agree on is filled in; the locked rows show X and Y. Draw the final segments "
        "of these points, then choose a verdict.",
        '1. "stir" (frames 61 to 100) in X, frames 68 to 99 in Y: '
        "Y starts 7 frames later, Y ends 1 frame earlier.",
        '2. X has "pour" (frames 121 to 150), Y has "stir" (frames 121 to 150).',
        '3. only X has "stir" (frames 201 to 240).',
        '4. only Y has "pour" (frames 261 to 270).',
    ]


def test_splits_and_merges_read_as_one_segment_against_several() -> None:
    x = [seg("pour", 0, 60), seg("stir", 100, 120), seg("stir", 121, 160)]
    y = [seg("pour", 0, 20), seg("pour", 21, 60), seg("stir", 100, 160)]
    task = arbitration_task(assignment="u", clip=CLIP, round_=1, comparison=comparison(x, y))
    assert task.opening.splitlines()[2:] == [
        '1. "pour" (frames 1 to 60) is one segment in X and 2 in Y: '
        "frames 1 to 20 and frames 22 to 60.",
        '2. "stir" (frames 101 to 160) is one segment in Y and 2 in X: '
        "frames 101 to 120 and frames 122 to 160.",
    ]
    drawn = [
        (region["value"]["timelinelabels"][0], *region["value"]["ranges"][0].values())
        for region in task.draft
    ]
    assert drawn == [
        ("Y · pour", 1, 20),
        ("X · pour", 1, 60),
        ("Y · pour", 22, 60),
        ("X · stir", 101, 120),
        ("Y · stir", 101, 160),
        ("X · stir", 122, 160),
    ]


def test_a_sentence_lists_few_pieces_and_the_rows_show_all() -> None:
    y = [seg("left", 10 * n, 10 * n + 9, "hands") for n in range(9)]
    several = Taxonomy.parse(
        {
            "name": "hands",
            "version": 1,
            "layers": [
                {"name": "hands", "labels": [{"name": "left"}]},
                {"name": "feet", "labels": [{"name": "step"}]},
            ],
        }
    )
    one, step = seg("left", 0, 89, "hands"), seg("step", 200, 210, "feet")
    compared = comparison([one, step], [*y, step], taxonomy=several)
    task = arbitration_task(assignment="u", clip=CLIP, round_=1, comparison=compared)
    assert task.opening.splitlines()[2] == (
        '1. hands: "left" (frames 1 to 89) is one segment in X and 9 in Y: frames 1 to 9, '
        "frames 11 to 19, frames 21 to 29, frames 31 to 39, frames 41 to 49, frames 51 to 59 "
        "and 3 more."
    )
    shown = [region for region in task.draft if region["from_name"] == "opinion_y"]
    assert len(shown) == 9 + 1
    assert len({region["id"] for region in task.draft}) == len(task.draft)


def test_one_dispute_is_one_point() -> None:
    task = arbitration_task(
        assignment="u", clip=CLIP, round_=1, comparison=comparison([seg("pour", 0, 9)], [])
    )
    assert "1 point is disputed" in task.opening


def test_layers_are_named_where_there_are_several() -> None:
    compared = comparison(
        [seg("größer/容器 🍵", 0, 90)], [seg("left", 0, 90, "hands")], taxonomy=AWKWARD
    )
    task = arbitration_task(assignment="u", clip=CLIP, round_=1, comparison=compared)
    assert "hands: only Y has" in task.opening


def test_the_arbiters_draft_is_the_agreed_part_with_both_opinions_locked() -> None:
    scored = Segment(label="pour", onset=0, offset=55, score=0.9)
    compared = comparison([scored, seg("stir", 80, 150)], [seg("pour", 0, 55)])
    task = arbitration_task(assignment="u", clip=CLIP, round_=1, comparison=compared)
    drawn = [
        (region["from_name"], region["value"]["timelinelabels"][0], region.get("readonly", False))
        for region in task.draft
    ]
    assert drawn == [
        ("segments", "pour", False),
        ("opinion_x", "X · pour", True),
        ("opinion_y", "Y · pour", True),
        ("opinion_x", "X · stir", True),
    ]
    ids = [region["id"] for region in task.draft]
    assert len(set(ids)) == len(ids)
    assert all("score" not in region for region in task.draft if region.get("readonly"))


def test_equal_segments_of_one_opinion_keep_ids_of_their_own() -> None:
    twice = comparison([seg("left", 0, 9, "hands"), seg("left", 0, 9, "hands")], [], AWKWARD)
    task = arbitration_task(assignment="u", clip=CLIP, round_=1, comparison=twice)
    assert len({region["id"] for region in task.draft}) == len(task.draft) == 2


def test_no_text_names_a_person() -> None:
    task = arbitration_task(
        assignment="u", clip=CLIP, round_=1, comparison=comparison([seg("pour", 0, 9)], [])
    )
    words = task.opening.lower().replace('"', " ").split()
    assert not set(NAMES) & set(words)


def test_findings_stand_before_what_the_task_said_at_first() -> None:
    data = {"brief": "Old findings", "opening": "Mark it.", "status": "returned", "other": 1}
    error = make_finding("overlap", "Two segments overlap.", frames=(0, 9))
    remark = make_finding("empty", "Nothing is marked.", frames=None)
    assert returned_data(data, [remark, error]) == {
        "brief": "This answer came back. Correct your answer below and press Update.\n"
        "1. Two segments overlap.\nRemark: Nothing is marked.\n\nMark it.",
        "opening": "Mark it.",
        "status": "returned",
        "other": 1,
    }


def test_a_clip_without_a_strip_shows_none() -> None:
    task = annotation_task(assignment="u", clip=CLIP, round_=1, prelabel=None)
    assert task.data(video="v", strip=None)["strip"] == ""


def _hints(**found: Any) -> Hints:
    strip = Strip(frames=(0,), columns=1, cell_width=96, cell_height=54)
    given = {"shots": (), "black": (), "frozen": (), **found}
    return Hints(n_frames=300, strip=strip, rules=HintRules(), **given)


def _stretches(*pairs: tuple[int, int]) -> tuple[FrameRange, ...]:
    return tuple(FrameRange(onset=onset, offset=offset) for onset, offset in pairs)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ({}, ""),
        ({"shots": (30,)}, "a shot starts at frame 31"),
        (
            {
                "shots": (30, 76),
                "black": _stretches((0, 12)),
                "frozen": _stretches((12, 13), (40, 60)),
            },
            "shots start at frames 31, 77; black: frames 1 to 12; "
            "nothing moves: frame 13, frames 41 to 60",
        ),
        (
            {"shots": tuple(range(10, 200, 10))},
            "shots start at frames 11, 21, 31, 41, 51, 61, 71, 81 and 11 more",
        ),
    ],
)
def test_one_line_says_in_shown_frames_what_a_machine_saw(found: Any, line: str) -> None:
    hinted = replace(CLIP, hints=_hints(**found))
    wanted = f"A machine's hints, shown on the strip: {line}." if line else NO_DRAFT
    mine = annotation_task(assignment="u", clip=hinted, round_=1, prelabel=None)
    assert mine.opening.splitlines()[-1] == wanted
    compared = comparison([seg("pour", 0, 9)], [])
    theirs = arbitration_task(assignment="u", clip=hinted, round_=1, comparison=compared)
    assert (theirs.opening.splitlines()[-1] == wanted) is bool(line)


def test_a_clip_says_its_length() -> None:
    clip = Clip(name="a", proxy_key="k", rate=Fraction(60000, 1001), n_frames=7)
    assert clip.line == "a · 7 frames at 59.9401 frames a second."


@pytest.mark.parametrize(
    ("remarks", "brief"),
    [
        ([], "This answer was taken.\n\nMark it."),
        (
            [make_finding("empty", "Nothing is marked.", frames=None)],
            "This answer was taken. Nothing has to be done. A correction (Update) counts for as "
            "long as the clip is undecided.\nRemark: Nothing is marked.\n\nMark it.",
        ),
    ],
)
def test_what_passed_no_longer_says_that_it_came_back(remarks: Any, brief: str) -> None:
    data = {"brief": "This answer came back.", "opening": "Mark it.", "status": "returned"}
    assert passed_data(data, remarks) == {
        "brief": brief,
        "opening": "Mark it.",
        "status": "passed",
    }
