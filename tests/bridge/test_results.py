from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling_bridge.regions import Opinion, render, render_opinion
from labeling_bridge.results import Answer, parse
from services.domain.segments import Segment, SubmittedSegment
from services.domain.taxonomy import Taxonomy
from tests.bridge.samples import AWKWARD, COFFEE, seg

SHARED = Path(os.environ.get("SEGUE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
SAMPLE = SHARED / "label_studio" / "test_timeline_labels_1.json"

LABELS = [(layer.name, label.name) for layer in AWKWARD.layers for label in layer.labels]


@st.composite
def segments(draw: st.DrawFn) -> list[Segment]:
    def one() -> Segment:
        layer, label = draw(st.sampled_from(LABELS))
        onset = draw(st.integers(0, 10**6))
        return seg(label, onset, onset + draw(st.integers(1, 10**6)), layer)

    return [one() for _ in range(draw(st.integers(0, 8)))]


def _read(result: Any, *, kind: Any = "annotation", taxonomy: Taxonomy = COFFEE) -> Answer:
    # As it travels: through JSON and back.
    return parse(json.loads(json.dumps(result)), taxonomy=taxonomy, kind=kind)


def _plain(answer: Answer) -> list[tuple[Any, ...]]:
    return [(s.layer, s.label, s.onset, s.offset, s.problem) for s in answer.segments]


def _region(**changes: Any) -> dict[str, Any]:
    return {**render([seg("pour", 4, 9)])[0], **changes}


def _value(**changes: Any) -> dict[str, Any]:
    return _region(value={**_region()["value"], **changes})


def _only(result: Any, **arguments: Any) -> SubmittedSegment:
    (found,) = _read(result, **arguments).segments
    return found


@given(segments())
def test_what_is_rendered_is_read_back(given_segments: list[Segment]) -> None:
    answer = _read(render(given_segments), taxonomy=AWKWARD)
    assert _plain(answer) == [(s.layer, s.label, s.onset, s.offset, None) for s in given_segments]
    assert [s.region_id for s in answer.segments] == [
        f"s{number}" for number in range(1, len(given_segments) + 1)
    ]


@pytest.mark.parametrize(
    ("label", "layer"),
    [("right", "hands"), ("starboard", "hands"), ("flap", "hands"), ("nowhere", "main")],
)
def test_a_label_tells_its_layer_also_under_an_older_name(label: str, layer: str) -> None:
    # Tier 1 can then say what became of it, instead of that the first layer does not have it.
    document = AWKWARD.model_dump(mode="json")
    document["layers"][1]["labels"][1]["aliases"] = ["starboard"]
    document["changes"] = [{"kind": "retire", "layer": "hands", "before": "flap"}]
    found = _only([_value(timelinelabels=[label])], taxonomy=Taxonomy.parse(document))
    assert (found.layer, found.label, found.problem) == (layer, label, None)


@given(segments(), segments(), segments())
def test_untouched_opinions_are_no_part_of_the_answer(
    final: list[Segment], x: list[Segment], y: list[Segment]
) -> None:
    result = [*render(final), *render_opinion(x, Opinion.X), *render_opinion(y, Opinion.Y)]
    answer = _read([*result, _verdict(["accept"])], kind="arbitration", taxonomy=AWKWARD)
    assert _plain(answer) == [(s.layer, s.label, s.onset, s.offset, None) for s in final]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(
            ["id", "type", "value", "from_name", "to_name", "ranges", "start", "end", "meta",
             "text", "timelinelabels", "choices"]
        ), inner, max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(json_values, max_size=5), st.sampled_from(["annotation", "arbitration"]))
def test_whatever_comes_is_read_without_loss(result: list[Any], kind: Any) -> None:
    answer = _read(result, kind=kind)
    json.dumps([segment.as_json() for segment in answer.segments]).encode()
    if kind == "annotation":
        assert len(answer.segments) == len(result)
        assert all(segment.problem for segment in answer.segments)


@given(json_values.filter(lambda value: not isinstance(value, list)))
def test_an_answer_that_is_no_list_is_a_problem(result: Any) -> None:
    assert "no list of regions" in (_only(result).problem or "")


@pytest.mark.parametrize(
    ("span", "frames"),
    [
        ({"start": 9, "end": 2}, (8, 2)),
        ({"start": 0, "end": 4}, (-1, 4)),
        ({"start": -7, "end": -2}, (-8, -2)),
        ({"start": 1, "end": 10**9}, (0, 10**9)),
        ({"start": 5, "end": 5}, (4, 5)),
        ({"start": 5, "end": 4}, (4, 4)),
    ],
)
def test_whole_frames_are_passed_on_however_wrong(
    span: dict[str, int], frames: tuple[int, int]
) -> None:
    found = _only([_value(ranges=[span])])
    assert (found.onset, found.offset, found.problem) == (*frames, None)


@pytest.mark.parametrize(
    ("ranges", "problem"),
    [
        ([{"start": 1.5, "end": 9}], "its start frame is 1.5, not a whole number"),
        ([{"start": 1.0, "end": 9}], "its start frame is 1.0, not a whole number"),
        ([{"start": "1", "end": 9}], "its start frame is '1', not a whole number"),
        ([{"start": True, "end": 9}], "its start frame is True, not a whole number"),
        ([{"start": 1, "end": None}], "its end frame is None, not a whole number"),
        ([{"start": 1}], "its end frame is None, not a whole number"),
        ([{"start": 2**60, "end": 9}], f"its start frame is {2**60}, not a whole number"),
        ([{}], "its start frame is None, not a whole number; "
               "its end frame is None, not a whole number"),
        ([[1, 9]], "its frames are [1, 9]"),
        ([], "it has no frames"),
        (None, "it has no frames"),
        ({"start": 1, "end": 9}, "it has no frames"),
        ([{"start": 1, "end": 2}, {"start": 4, "end": 5}],
         "it has 2 ranges of frames; each needs a region of its own"),
    ],
)  # fmt: skip
def test_unreadable_frames_are_told(ranges: Any, problem: str) -> None:
    found = _only([_value(ranges=ranges)])
    assert (found.label, found.onset, found.offset) == ("pour", None, None)
    assert found.problem == problem


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ([], "it has no label"),
        (None, "it has no label"),
        (["pour", "stir"], "it has 2 labels: ['pour', 'stir']"),
        ("pour", "its label is 'pour'"),
        ([7], "its label is [7]"),
        (["po\0ur"], r"its label is 'po\x00ur'"),
    ],
)
def test_unreadable_labels_are_told(labels: Any, problem: str) -> None:
    found = _only([_value(timelinelabels=labels)])
    assert (found.label, found.onset, found.offset) == (None, 4, 9)
    assert found.problem == problem


def test_an_unknown_label_is_left_to_the_checks() -> None:
    found = _only([_value(timelinelabels=["wash"])])
    assert (found.label, found.layer, found.problem) == ("wash", "main", None)


def test_the_layer_follows_from_the_label() -> None:
    (region,) = render([seg("left", 0, 9, "hands")])
    assert _only([region], taxonomy=AWKWARD).layer == "hands"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"from_name": "phase"}, "it was made with 'phase', not with the labels of this task"),
        ({"from_name": None}, "it was made with None, not with the labels of this task"),
        ({"from_name": ["segments"]},
         "it was made with ['segments'], not with the labels of this task"),
        ({"to_name": "audio"}, "it lies on 'audio', not on the video"),
        ({"type": "videorectangle"}, "it is no segment of the timeline but 'videorectangle'"),
        ({"type": "choices"}, "it is no segment of the timeline but 'choices'"),
        ({"type": "relation"}, "it is no segment of the timeline but 'relation'"),
        ({"type": None}, "it is no segment of the timeline but None"),
        ({"id": 7}, "its id is 7"),
        ({"id": ""}, "its id is ''"),
        ({"id": "a\ud800"}, r"its id is 'a\ud800'"),
        ({"value": None}, "it has no label; it has no frames"),
        ({"value": [1]}, "it has no label; it has no frames"),
    ],
)  # fmt: skip
def test_anything_but_a_segment_of_ones_own_is_told(changes: Any, problem: str) -> None:
    assert _only([_region(**changes)]).problem == problem


def test_an_entry_that_is_no_object_is_told() -> None:
    (first, second) = _read(["x", None]).segments
    assert first.problem == "entry 1 of the answer is 'x'"
    assert second.region_id == "#2"


def test_regions_that_share_an_id_are_both_told() -> None:
    answer = _read([_region(id="a"), _region(id="a"), _region(id="b"), _region(id="a", type="x")])
    shared = "another region has the same id"
    assert [s.problem for s in answer.segments] == [
        shared, shared, None, f"it is no segment of the timeline but 'x'; {shared}",
    ]  # fmt: skip


def test_a_long_surprise_is_cut() -> None:
    assert len(_only([_region(from_name="n" * 1000)]).problem or "") < 120


def test_remarks_on_regions_are_kept() -> None:
    answer = _read(
        [_region(meta={"text": ["not sure", "", 7]}), _region(id="z", meta={"text": "x\0"})]
    )
    assert answer.note == "pour: not sure\npour: x?"


# --- the arbiter -----------------------------------------------------------------------------


def _verdict(choices: Any) -> dict[str, Any]:
    return {
        "id": "v", "type": "choices", "from_name": "verdict", "to_name": "video",
        "value": {"choices": choices},
    }  # fmt: skip


def _note(text: Any) -> dict[str, Any]:
    return {
        "id": "n", "type": "textarea", "from_name": "note", "to_name": "video",
        "value": {"text": text},
    }  # fmt: skip


@pytest.mark.parametrize("verdict", ["accept", "reopen", "reject"])
def test_a_verdict_and_a_note_are_read(verdict: str) -> None:
    answer = _read([_verdict([verdict]), _note(["a", "b"])], kind="arbitration")
    assert answer == Answer(segments=(), verdict=verdict, note="a\nb")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [_verdict([])],
        [_verdict(["maybe"])],
        [_verdict("accept")],
        [_verdict([["accept"]])],
        [_verdict(["accept", "reject"])],
        [_verdict(["accept"]), {**_verdict(["reject"]), "id": "v2"}],
    ],
)
def test_an_arbiters_answer_without_one_verdict_is_told(entries: list[Any]) -> None:
    answer = _read(entries, kind="arbitration")
    assert answer.verdict is None
    (found,) = answer.segments
    assert found.region_id == "verdict"
    assert "choose accept, reopen or reject" in (found.problem or "")


def test_an_annotator_has_no_verdict() -> None:
    answer = _read([_verdict(["accept"])])
    assert answer.verdict is None
    assert [s.problem for s in answer.segments] == [
        "it is no segment of the timeline but 'choices'"
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"value": {"ranges": [{"start": 1, "end": 8}], "timelinelabels": ["X · pour"]}},
        {"value": {"ranges": [{"start": 1, "end": 9}], "timelinelabels": ["X · stir"]}},
        {"id": "x-0000000000000000-1"},
        {"id": "drawn"},
        {"from_name": "opinion_y"},
        {"value": 7},
    ],
)
def test_a_touched_opinion_is_told(change: dict[str, Any]) -> None:
    (region,) = render_opinion([seg("pour", 0, 9)], Opinion.X)
    answer = _read([{**region, **change}, _verdict(["accept"])], kind="arbitration")
    (found,) = answer.segments
    assert "which is for reading; mark it with a final label" in (found.problem or "")


def test_what_the_tool_adds_to_an_opinion_is_no_change() -> None:
    (region,) = render_opinion([seg("pour", 0, 9)], Opinion.X)
    saved = {**region, "origin": "prediction", "locked": True, "value": {**region["value"], "z": 1}}
    assert _read([saved, _verdict(["accept"])], kind="arbitration").segments == ()


def test_an_annotator_cannot_answer_with_an_opinion() -> None:
    (region,) = render_opinion([seg("pour", 0, 9)], Opinion.X)
    assert "opinion X" in (_only([region]).problem or "")


@pytest.mark.skipif(not SAMPLE.exists(), reason="the shared data folder is not here")
def test_label_studios_own_sample_is_read() -> None:
    sample = json.loads(SAMPLE.read_text())["annotation"]["result"]
    taxonomy = Taxonomy.parse(
        {
            "name": "sample", "version": 1,
            "layers": [{"labels": [{"name": "Car"}, {"name": "croquet_ball"}]}],
        }
    )  # fmt: skip
    ours = [{**region, "from_name": "segments"} for region in sample]
    assert _plain(_read(ours, taxonomy=taxonomy)) == [
        ("main", "Car", 0, 10, None),
        ("main", "croquet_ball", 4, 15, None),
    ]
    assert all(s.problem for s in _read(sample, taxonomy=taxonomy).segments)
