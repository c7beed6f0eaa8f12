"""Tier 1 on labels under names of other taxonomy versions."""

from __future__ import annotations

import pytest

from services.domain.sanity.check import check_submission
from services.domain.sanity.findings import Finding
from services.domain.segments import SubmittedSegment
from services.domain.taxonomy import Taxonomy

GAIT = Taxonomy.parse(
    {
        "name": "gait",
        "version": 2,
        "layers": [
            {
                "name": "pose",
                "labels": [
                    {"name": "walk", "aliases": ["amble"], "max_frames": 50},
                    {"name": "run"},
                    {"name": "rest"},
                ],
            },
            {"name": "gaze", "labels": [{"name": "left"}, {"name": "right"}]},
        ],
        "changes": [
            {"kind": "rename", "layer": "pose", "before": "stroll", "after": ["walk"]},
            {"kind": "split", "layer": "pose", "before": "move", "after": ["walk", "run"]},
            {"kind": "split", "layer": "pose", "before": "any", "after": ["walk", "run", "rest"]},
            {"kind": "retire", "layer": "pose", "before": "hop"},
            {"kind": "rename", "layer": "eyes", "before": "port", "after": ["left"]},
            {"kind": "retire", "layer": "eyes", "before": "blink"},
        ],
    }
)

Row = tuple[str, str, int, int]


def check(*rows: Row) -> tuple[list[Finding], list[tuple[str, str, int, int]] | None]:
    """Return the findings, and the segments where the answer passed."""
    answer = [
        SubmittedSegment(region_id=f"r{i}", layer=layer, label=label, onset=onset, offset=offset)
        for i, (layer, label, onset, offset) in enumerate(rows, start=1)
    ]
    report = check_submission(answer, n_frames=100, taxonomy=GAIT)
    found = report.segmentation
    segments = found and [(s.layer, s.label, s.onset, s.offset) for s in found]
    return list(report.findings), segments


def codes(findings: list[Finding]) -> list[tuple[str, str, str | None, tuple[str, ...]]]:
    return [(f.code, f.severity, f.label, f.region_ids) for f in findings]


@pytest.mark.parametrize("name", ["amble", "stroll"])
def test_an_older_name_passes_as_the_present_one(name: str) -> None:
    findings, segments = check(("pose", name, 0, 10))
    assert codes(findings) == [("aliased_label", "warning", name, ("r1",))]
    assert findings[0].message.startswith(f'"{name}" (frames 1 to 10) is called "walk" now')
    assert (findings[0].onset, findings[0].offset, findings[0].layer) == (0, 10, "pose")
    assert segments == [("pose", "walk", 0, 10)]


def test_a_label_that_moved_passes_on_its_present_layer() -> None:
    findings, segments = check(("eyes", "port", 0, 10))
    assert codes(findings) == [("aliased_label", "warning", "port", ("r1",))]
    assert findings[0].layer == "eyes"
    assert "is called \"left\" on the layer 'gaze' now" in findings[0].message
    assert segments == [("gaze", "left", 0, 10)]


def test_the_other_rules_know_the_present_name() -> None:
    findings, _ = check(("pose", "amble", 0, 51))
    assert codes(findings) == [
        ("aliased_label", "warning", "amble", ("r1",)),
        ("too_long", "error", "walk", ("r1",)),
    ]
    findings, _ = check(("pose", "amble", 0, 10), ("pose", "walk", 10, 20))
    assert codes(findings) == [
        ("aliased_label", "warning", "amble", ("r1",)),
        ("touching_same_label", "warning", "walk", ("r1", "r2")),
    ]


def test_one_event_under_two_names_is_a_duplicate() -> None:
    findings, _ = check(("pose", "amble", 0, 10), ("pose", "stroll", 0, 10))
    assert codes(findings) == [
        ("aliased_label", "warning", "amble", ("r1",)),
        ("aliased_label", "warning", "stroll", ("r2",)),
        ("duplicate", "error", "walk", ("r1", "r2")),
    ]


@pytest.mark.parametrize("layer_and_name", [("pose", "hop"), ("eyes", "blink")])
def test_a_retired_label_comes_back(layer_and_name: tuple[str, str]) -> None:
    layer, name = layer_and_name
    findings, segments = check((layer, name, 20, 30))
    assert codes(findings) == [("retired_label", "error", name, ("r1",))]
    assert findings[0].message == (
        f'The region that starts at frame 21 is labelled "{name}", which is no longer used. '
        "Choose one of the labels shown, or delete it."
    )
    assert segments is None


@pytest.mark.parametrize(
    ("name", "choice"), [("move", '"walk" or "run"'), ("any", '"walk", "run" or "rest"')]
)
def test_a_split_label_comes_back_with_its_parts(name: str, choice: str) -> None:
    findings, segments = check(("pose", name, 20, 30))
    assert codes(findings) == [("split_label", "error", name, ("r1",))]
    assert findings[0].message.endswith(f'labelled "{name}", which was split: choose {choice}.')
    assert segments is None


def test_an_unknown_name_on_a_layer_that_is_gone_is_the_layers_fault() -> None:
    findings, _ = check(("eyes", "starboard", 0, 10))
    assert codes(findings) == [("unknown_layer", "error", "starboard", ("r1",))]


def test_an_older_name_with_bad_frames_is_told_of_the_frames() -> None:
    findings, _ = check(("pose", "amble", 30, 20))
    assert codes(findings) == [("reversed", "error", "amble", ("r1",))]


def test_a_name_that_is_gone_counts_before_its_frames() -> None:
    findings, _ = check(("pose", "hop", 30, 20))
    assert codes(findings) == [("retired_label", "error", "hop", ("r1",))]
    assert (findings[0].onset, findings[0].offset) == (30, 20)
