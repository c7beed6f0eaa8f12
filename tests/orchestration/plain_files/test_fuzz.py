"""Whatever a line holds, it is read or refused with a sentence; nothing else ever happens."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.plain_files.checking import findings_of
from orchestration.plain_files.lines import parse_object
from orchestration.plain_files.opinion import LAST_FRAME, Span, read_opinion, refuse_unsound
from orchestration.plain_files.snapping import Snapping
from orchestration.plain_files.store import OpinionStore
from orchestration.plain_files.yardstick import Yardstick
from services.domain.errors import InputError
from services.domain.taxonomy import Taxonomy
from tests.orchestration.plain_files.conftest import marked

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-3, 40)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["X", "25", "30000/1001", "1e9", "-", "\ud800"])
)
ANY = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
FRAMES = st.integers(-2, 30) | ANY
SEGMENT = st.fixed_dictionaries(
    {"label": st.sampled_from("XY") | ANY},
    optional=dict.fromkeys(("start_frame", "end_frame", "start_s", "end_s"), FRAMES),
)
LINE = st.fixed_dictionaries(
    {"item": st.just("clip") | ANY, "annotator": st.sampled_from("ab") | ANY},
    optional={
        "fps": st.sampled_from([25, 23.976, "30000/1001", None]) | ANY,
        "n_frames": st.integers(1, 40) | ANY,
        "segments": st.lists(SEGMENT | ANY, max_size=4) | ANY,
    },
)
RULES = Taxonomy.parse(
    {"name": "t", "version": 1, "layers": [{"complete": True, "labels": [{"name": "X"}]}]}
)


@given(st.binary(max_size=60) | LINE.map(lambda line: json.dumps(line).encode()))
@settings(max_examples=400, deadline=None)
def test_a_line_is_read_or_refused(raw: bytes) -> None:
    refused = ""
    spans: tuple[Span, ...] = ()
    try:
        spans = read_opinion(1, parse_object(raw), snapping=Snapping()).spans
    except InputError as error:
        refused = error.detail
    assert not refused or refused.endswith(".")
    assert all(abs(span.onset) <= LAST_FRAME for span in spans)


def sound_lines(count: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    spans = st.lists(
        st.tuples(st.sampled_from("XYZ"), st.integers(0, 30), st.integers(1, 12)), max_size=6
    )
    texts = spans.map(lambda all_: ", ".join(f"{name} {on}-{on + n}" for name, on, n in all_))
    lengths = st.none() | st.integers(1, 50)
    one = st.tuples(texts, lengths).map(lambda it: marked("?", it[0], n_frames=it[1]))
    return st.lists(one, min_size=count, max_size=count)


@given(sound_lines(3))
@settings(max_examples=200, deadline=None)
def test_whatever_is_read_can_be_compared_and_checked(lines: list[dict[str, Any]]) -> None:
    store = OpinionStore()
    yardstick = Yardstick(tolerances=[0, 3])
    for number, line in enumerate(lines, start=1):
        opinion = read_opinion(number, line | {"annotator": f"p{number}"}, snapping=Snapping())
        refuse_unsound(opinion)
        store.add(opinion)
    (opinions,) = store.items()
    pairs = list(yardstick.pairs(yardstick.item(opinions)))
    assert len(pairs) == 3
    for pair in pairs:
        counts = pair.comparison.counts
        assert (counts.n_a, counts.n_b) == (len(pair.a.spans), len(pair.b.spans))
        assert pair.metrics.n_seg_a == counts.n_a
        # What agrees within the house's three frames also matches at three frames.
        assert counts.n_agreed <= pair.metrics.seg_match_label[1]
    for opinion, n_frames in store.lines():
        findings_of(opinion, RULES, n_frames=n_frames)
