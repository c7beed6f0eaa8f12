"""Tier 1 as a whole, on taxonomies that use every rule at once."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.sanity.check import check_submission
from services.domain.sanity.findings import Finding
from services.domain.segments import SubmittedSegment
from services.domain.taxonomy import NameStatus, Taxonomy

N = 40
NAMES = ("X", "Y", "Z", "P", "Q", "old", "older", "cut", "gone", "strange", None)


@st.composite
def rich_taxonomies(draw: st.DrawFn) -> Taxonomy:
    """Two layers with every kind of rule, each on or off."""
    label = st.fixed_dictionaries(
        {
            "min_frames": st.sampled_from([1, 1, 3]),
            "max_frames": st.sampled_from([None, 12]),
        }
    )
    followers = st.none() | st.sampled_from([["X"], ["X", "Y", "Z"], []])
    main: list[dict[str, Any]] = [
        {"name": name, "followed_by": draw(followers), **draw(label)} for name in "XYZ"
    ]
    main[0]["aliases"] = ["old"]
    steps = draw(st.sampled_from([[], ["X", "Y"], ["Z", "Y", "X"]]))
    layer = {
        "exclusive": draw(st.booleans()),
        "complete": draw(st.booleans()),
        "flicker_frames": draw(st.integers(0, 6)),
        "steps": steps,
        "optional_steps": steps[: draw(st.integers(0, len(steps)))],
        "steps_repeat": bool(steps) and draw(st.booleans()),
        "steps_from_end_to_end": bool(steps) and draw(st.booleans()),
        "labels": main,
    }
    second = {"name": "second", "exclusive": False, "labels": [{"name": name} for name in "PQ"]}
    return Taxonomy.parse(
        {
            "name": "rich",
            "version": 2,
            "layers": [layer, second],
            "impossible_together": draw(
                st.lists(st.tuples(st.sampled_from("XYZPQ"), st.sampled_from("XYZPQ")), max_size=3)
            ),
            "changes": [
                {"kind": "rename", "before": "older", "after": ["Y"]},
                {"kind": "split", "before": "cut", "after": ["X", "Y"]},
                {"kind": "retire", "before": "gone"},
            ],
        }
    )


@st.composite
def rich_answers(draw: st.DrawFn) -> list[SubmittedSegment]:
    """What people leave behind, crowded enough for regions to meet."""
    found = []
    for number in range(draw(st.integers(0, 9))):
        label = draw(st.sampled_from(NAMES))
        onset = draw(st.integers(-1, N))
        length = draw(st.sampled_from([-2, 0, 1, 1, 2, 3, 5, 9, 20]))
        found.append(
            SubmittedSegment(
                region_id=f"r{number}",
                layer="second"
                if label in ("P", "Q")
                else draw(st.sampled_from(["main"] * 5 + ["no"])),
                label=label,
                onset=onset,
                offset=onset + length,
                problem=draw(st.sampled_from([None] * 9 + ["it is broken"])),
            )
        )
    return found


@given(rich_answers(), rich_taxonomies(), st.data())
@settings(max_examples=300)
def test_same_input_same_findings_same_order(
    answer: list[SubmittedSegment], labels: Taxonomy, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(answer))
    first = check_submission(answer, n_frames=N, taxonomy=labels)
    assert check_submission(answer, n_frames=N, taxonomy=labels) == first
    assert check_submission(shuffled, n_frames=N, taxonomy=labels) == first
    # The order is one of content, so that it also holds where a database or a set comes between.
    again = [Finding.from_json(finding.as_json()) for finding in first.findings]
    assert tuple(again) == first.findings


@given(rich_answers(), rich_taxonomies())
@settings(max_examples=300)
def test_every_finding_can_be_shown(answer: list[SubmittedSegment], labels: Taxonomy) -> None:
    report = check_submission(answer, n_frames=N, taxonomy=labels)
    ids = {one.region_id for one in answer}
    sound_codes = {"reversed", "zero_length", "out_of_range", "unreadable"}
    for finding in report.findings:
        assert finding.message.endswith(".")
        assert list(finding.region_ids) == sorted(set(finding.region_ids))
        assert set(finding.region_ids) <= ids
        of_names = finding.code.endswith(("_label", "_layer"))
        if finding.code not in sound_codes and not of_names:
            assert finding.onset is not None
            assert finding.offset is not None
            assert 0 <= finding.onset < finding.offset <= N


@given(rich_answers(), rich_taxonomies())
def test_what_passes_speaks_the_present_language(
    answer: list[SubmittedSegment], labels: Taxonomy
) -> None:
    report = check_submission(answer, n_frames=N, taxonomy=labels)
    assert report.passed is (report.segmentation is not None)
    for segment in report.segmentation or ():
        assert labels.resolve(segment.layer, segment.label).status is NameStatus.CURRENT
