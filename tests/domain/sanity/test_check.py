from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.sanity.check import check_submission
from services.domain.sanity.findings import WARNINGS, Finding, SanityReport
from services.domain.segments import Segmentation, SubmittedSegment
from services.domain.taxonomy import Taxonomy
from tests.domain.notation import submitted, taxonomy
from tests.strategies import LABELS, segmentations, taxonomies

N = 100


def check(text: str, labels: Taxonomy | None = None) -> SanityReport:
    return check_submission(submitted(text), n_frames=N, taxonomy=labels or taxonomy())


def found(report: SanityReport) -> list[tuple[str, int | None, int | None, tuple[str, ...]]]:
    return [(f.code, f.onset, f.offset, f.region_ids) for f in report.findings]


def region(**fields: object) -> SubmittedSegment:
    given_ = {"region_id": "r1", "layer": "main", "label": "X", "onset": 0, "offset": 10}
    return SubmittedSegment(**(given_ | fields))  # type: ignore[arg-type]


def only(report: SanityReport) -> Finding:
    (finding,) = report.findings
    return finding


def test_a_sound_answer_passes_with_its_segments() -> None:
    report = check("X 0 10, Y 10 11, X 50 100")
    assert report.passed
    assert report.findings == ()
    assert [s.as_json() for s in report.segmentation or ()] == [
        {"layer": "main", "label": "X", "onset": 0, "offset": 10},
        {"layer": "main", "label": "Y", "onset": 10, "offset": 11},
        {"layer": "main", "label": "X", "onset": 50, "offset": 100},
    ]


# Text, what the taxonomy adds, findings as (code, onset, offset, regions).
CASES: dict[str, tuple[str, Taxonomy, list[tuple[str, int, int, tuple[str, ...]]]]] = {
    "reversed": ("X 20 10", taxonomy(), [("reversed", 20, 10, ("r1",))]),
    "zero length": ("X 20 20", taxonomy(), [("zero_length", 20, 20, ("r1",))]),
    "before the clip": ("X -1 20", taxonomy(), [("out_of_range", -1, 20, ("r1",))]),
    "after the clip": ("X 90 101", taxonomy(), [("out_of_range", 90, 101, ("r1",))]),
    "up to the last frame is fine": ("X 90 100", taxonomy(), []),
    "a label of no layer": ("Q 5 9", taxonomy(), [("unknown_label", 5, 9, ("r1",))]),
    "the same thing twice is no overlap": (
        "X 0 9, X 0 9, X 0 9",
        taxonomy(),
        [("duplicate", 0, 9, ("r1", "r2", "r3"))],
    ),
    "same frames, other label": ("X 0 9, Y 0 9", taxonomy(), [("overlap", 0, 9, ("r1", "r2"))]),
    "overlap by one frame": ("X 0 10, Y 9 20", taxonomy(), [("overlap", 9, 10, ("r1", "r2"))]),
    "touching is no overlap": ("X 0 10, Y 10 20", taxonomy(), []),
    "one inside another, then a third": (
        "X 0 50, Y 10 20, Z 30 60",
        taxonomy(),
        [("overlap", 10, 20, ("r1", "r2")), ("overlap", 30, 50, ("r1", "r3"))],
    ),
    "overlap where it is allowed": ("X 0 10, Y 5 20", taxonomy(exclusive=False), []),
    "gaps at start, middle and end": (
        "X 1 10, Y 11 99",
        taxonomy(complete=True),
        [("gap", 0, 1, ()), ("gap", 10, 11, ()), ("gap", 99, 100, ())],
    ),
    "no gap": ("X 0 10, Y 10 100", taxonomy(complete=True), []),
    "a covered gap": ("X 0 90, Y 10 20, Z 85 100", taxonomy(exclusive=False, complete=True), []),
    "shorter than allowed": (
        "X 0 4, X 10 15",
        taxonomy(X={"min_frames": 5}),
        [("too_short", 0, 4, ("r1",))],
    ),
    "longer than allowed": (
        "X 0 6, X 10 15",
        taxonomy(X={"max_frames": 5}),
        [("too_long", 0, 6, ("r1",))],
    ),
    "what may not follow": (
        "X 0 10, Z 30 40, Y 50 60",
        taxonomy(X={"followed_by": ["Y"]}),
        [("forbidden_transition", 0, 40, ("r1", "r2"))],
    ),
    "what may follow": ("X 0 10, Y 10 20, Z 20 30", taxonomy(X={"followed_by": ["Y"]}), []),
    "nothing may follow": (
        "X 0 10, Y 10 20",
        taxonomy(X={"followed_by": []}),
        [("forbidden_transition", 0, 20, ("r1", "r2"))],
    ),
    "all that begin next are looked at": (
        "X 0 10, Y 10 20, Z 10 30, Z 15 16",
        taxonomy(exclusive=False, X={"followed_by": ["Y"]}),
        [("forbidden_transition", 0, 30, ("r1", "r3"))],
    ),
    "touching with one label": (
        "X 0 10, X 10 20, X 30 40",
        taxonomy(),
        [("touching_same_label", 0, 20, ("r1", "r2"))],
    ),
    "nothing at all": ("", taxonomy(), [("empty", 0, 100, ())]),
    "nothing at all where all is needed": (
        "",
        taxonomy(complete=True),
        [("empty", 0, 100, ()), ("gap", 0, 100, ())],
    ),
}


@pytest.mark.parametrize(("text", "labels", "expected"), CASES.values(), ids=list(CASES))
def test_it_finds_what_was_worked_out_by_hand(
    text: str, labels: Taxonomy, expected: list[tuple[str, int, int, tuple[str, ...]]]
) -> None:
    report = check(text, labels)
    assert found(report) == expected
    assert report.passed is all(code in WARNINGS for code, *_ in expected)
    assert (report.segmentation is not None) is report.passed


TWO_LAYERS = Taxonomy.parse(
    {
        "name": "two",
        "version": 1,
        "layers": [
            {"name": "pose", "exclusive": False, "labels": [{"name": "sit"}, {"name": "run"}]},
            {"name": "gaze", "labels": [{"name": "left"}]},
        ],
        "impossible_together": [["sit", "run"], ["left", "sit"], ["run", "run"]],
    }
)


def impossible(*regions: tuple[str, str, int, int]) -> list[tuple[str, int | None, int | None]]:
    answer = [
        SubmittedSegment(region_id=f"r{i}", layer=layer, label=label, onset=onset, offset=offset)
        for i, (layer, label, onset, offset) in enumerate(regions)
    ]
    report = check_submission(answer, n_frames=N, taxonomy=TWO_LAYERS)
    return [
        (finding.message.split(" are both")[0], finding.onset, finding.offset)
        for finding in report.findings
        if finding.code == "impossible_together"
    ]


def test_labels_that_exclude_each_other_within_a_layer() -> None:
    regions = [("pose", "sit", 0, 50), ("pose", "run", 40, 60)]
    assert impossible(*regions) == [('"run" and "sit"', 40, 50)]


def test_labels_that_exclude_each_other_across_layers() -> None:
    regions = [("pose", "sit", 0, 50), ("gaze", "left", 10, 20), ("gaze", "left", 50, 60)]
    assert impossible(*regions) == [('"left" and "sit"', 10, 20)]


def test_runs_of_common_frames_are_joined() -> None:
    regions = [("pose", "sit", 0, 50), ("gaze", "left", 10, 20), ("gaze", "left", 20, 30)]
    assert impossible(*regions) == [('"left" and "sit"', 10, 30)]


def test_a_run_names_of_each_label_the_region_in_its_first_frame_that_reaches_furthest() -> None:
    answer = [
        SubmittedSegment(region_id=name, layer=layer, label=label, onset=onset, offset=offset)
        for name, layer, label, onset, offset in [
            ("before", "gaze", "left", 0, 10),
            ("first", "gaze", "left", 20, 30),
            ("second", "gaze", "left", 30, 40),
            ("long", "pose", "sit", 10, 50),
            ("short", "pose", "sit", 11, 30),
            ("ends", "pose", "sit", 12, 20),
            ("begins", "pose", "sit", 39, 60),
        ]
    ]
    report = check_submission(answer, n_frames=N, taxonomy=TWO_LAYERS)
    (finding,) = [f for f in report.findings if f.code == "impossible_together"]
    assert (finding.onset, finding.offset) == (20, 40)
    assert finding.region_ids == ("first", "long")


def test_regions_that_hold_for_long_are_not_named_again_and_again() -> None:
    long = [("pose", "sit", 0, 50 + i) for i in range(30)]
    runs = [("gaze", "left", 2 * i, 2 * i + 1) for i in range(20)]
    answer = [
        SubmittedSegment(region_id=f"r{i}", layer=layer, label=label, onset=onset, offset=offset)
        for i, (layer, label, onset, offset) in enumerate(long + runs)
    ]
    report = check_submission(answer, n_frames=N, taxonomy=TWO_LAYERS)
    found_ = [f.region_ids for f in report.findings if f.code == "impossible_together"]
    assert found_ == [("r29", f"r{30 + i}") for i in range(20)]


def test_what_may_not_follow_is_said_once_for_each_region() -> None:
    n = 30
    first = [region(region_id=f"a{i:02}", onset=i, offset=50) for i in range(n)]
    after = [
        region(region_id=f"b{i:02}", label="YZ"[i % 2], onset=50, offset=60 + i) for i in range(n)
    ]
    labels = taxonomy(exclusive=False, X={"followed_by": ["Y"]})
    report = check_submission([*after, *first], n_frames=N, taxonomy=labels)
    assert found(report) == [("forbidden_transition", i, 61, (f"a{i:02}", "b01")) for i in range(n)]


def test_a_label_that_may_not_hold_twice() -> None:
    regions = [("pose", "run", 0, 10), ("pose", "run", 9, 30), ("pose", "run", 30, 40)]
    assert impossible(*regions) == [('"run" and "run"', 9, 10)]


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"problem": "it spans two clips"}, "unreadable", "it spans two clips"),
        ({"onset": None, "offset": None}, "unreadable", "it has no frames"),
        ({"offset": None}, "unreadable", "it has no frames"),
        ({"label": None}, "unknown_label", "starts at frame 1 has no label"),
        ({"label": "Q"}, "unknown_label", '"Q"'),
        ({"layer": "other"}, "unknown_layer", "'other'"),
        ({"onset": 9, "offset": 5}, "reversed", "starts at frame 10 but ends at frame 5"),
        ({"layer": "other", "label": None}, "unknown_layer", "'other'"),
        ({"offset": 101}, "out_of_range", "frames 1 to 101, but the clip has the frames 1 to 100"),
    ],
)
def test_a_flaw_is_said_to_the_person(fields: dict[str, object], code: str, says: str) -> None:
    report = check_submission([region(**fields)], n_frames=N, taxonomy=taxonomy())
    finding = only(report)
    assert (finding.code, finding.severity) == (code, "error")
    assert says in finding.message
    assert not report.passed


def test_what_cannot_be_placed_comes_first() -> None:
    answer = [
        region(region_id="r1", onset=5, offset=5),
        region(region_id="r2", onset=None, offset=None),
    ]
    report = check_submission(answer, n_frames=N, taxonomy=taxonomy())
    assert [finding.code for finding in report.findings] == ["unreadable", "zero_length"]


def test_sentences_speak_of_one_frame_and_of_many() -> None:
    one = only(check("X 3 4", taxonomy(X={"min_frames": 2})))
    assert one.message.startswith('"X" (frame 4) is 1 frame long; this label needs at least 2.')
    many = only(check("X 3 6", taxonomy(X={"max_frames": 2})))
    assert many.message.startswith('"X" (frames 4 to 6) is 3 frames long; this label may have')


def test_a_finding_survives_json() -> None:
    finding = only(check("X 0 10, Y 9 20"))
    assert Finding.from_json(json.loads(json.dumps(finding.as_json()))) == finding


@pytest.mark.parametrize("broken", [{}, {"region_ids": []}, {"region_ids": [], "odd": 1}])
def test_what_is_no_finding_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(InputError, match="not a finding"):
        Finding.from_json(broken)


@st.composite
def answers(draw: st.DrawFn) -> list[SubmittedSegment]:
    """Anything a person and a careless tool could leave behind."""
    frame = st.none() | st.integers(-3, 63)
    return [
        SubmittedSegment(
            region_id=f"r{number}",
            layer=draw(st.sampled_from(["main", "main", "main", "other"])),
            label=draw(st.sampled_from([*LABELS, *LABELS, "Q", None])),
            onset=draw(frame),
            offset=draw(frame),
            problem=draw(st.sampled_from([None, None, None, "it is broken"])),
        )
        for number in range(draw(st.integers(0, 8)))
    ]


@given(answers(), taxonomies(), st.randoms(use_true_random=False))
def test_the_order_of_regions_does_not_matter(
    answer: list[SubmittedSegment], labels: Taxonomy, dice: object
) -> None:
    shuffled = list(answer)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    first = check_submission(answer, n_frames=60, taxonomy=labels)
    assert check_submission(shuffled, n_frames=60, taxonomy=labels) == first


@given(answers(), taxonomies())
def test_every_region_is_kept_or_named(answer: list[SubmittedSegment], labels: Taxonomy) -> None:
    report = check_submission(answer, n_frames=60, taxonomy=labels)
    if report.segmentation is not None:
        assert len(report.segmentation) == len(answer)
    else:
        assert any(finding.severity == "error" for finding in report.findings)
    for finding in report.findings:
        assert finding.message.endswith(".")
        assert set(finding.region_ids) <= {one.region_id for one in answer}


@given(segmentations(exclusive=True), taxonomies())
def test_what_passes_obeys_the_taxonomy(drawn: Segmentation, labels: Taxonomy) -> None:
    answer = [
        region(region_id=str(i), label=s.label, onset=s.onset, offset=s.offset)
        for i, s in enumerate(drawn)
    ]
    report = check_submission(answer, n_frames=60, taxonomy=labels)
    layer = labels.layers[0]
    limits = {label.name: label for label in layer.labels}
    lengths_fit = all(
        limits[s.label].min_frames <= s.n_frames <= (limits[s.label].max_frames or 60)
        for s in drawn
    )
    covers = sum(s.n_frames for s in drawn) == 60
    follows = all(
        limits[one.label].followed_by is None
        or after.label in (limits[one.label].followed_by or ())
        for one, after in zip(drawn.segments, drawn.segments[1:], strict=False)
    )
    assert report.passed is (lengths_fit and (covers or not layer.complete) and follows)
