"""The protocol tells people every rule that tier 1 holds them to."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from labeling_bridge.label_config import annotation_config, arbitration_config
from labeling_bridge.protocol import (
    instructions_html,
    layer_lines,
    names_gone,
    protocol_entries,
)
from services.domain.taxonomy import Layer, Taxonomy

TEA = Taxonomy.parse(
    {
        "name": "tea",
        "version": 2,
        "layers": [
            {
                "name": "recipe",
                "flicker_frames": 8,
                "steps": ["fill", "heat", "pour"],
                "optional_steps": ["fill"],
                "steps_repeat": True,
                "steps_from_end_to_end": True,
                "labels": [
                    {"name": "fill", "aliases": ["top up", "refill"]},
                    {"name": "heat"},
                    {"name": "pour"},
                    {"name": "unsure", "widens_tolerance_to": 25},
                ],
            },
            {"name": "hands", "exclusive": False, "labels": [{"name": "left"}, {"name": "right"}]},
        ],
        "impossible_together": [["heat", "left"], ["right", "heat"], ["right", "right"]],
        "changes": [
            {"kind": "rename", "layer": "recipe", "before": "refill", "after": ["fill"]},
            {"kind": "merge", "layer": "recipe", "before": "boil", "after": ["heat"]},
            {"kind": "merge", "layer": "recipe", "before": "heat", "after": ["heat"]},
            {"kind": "split", "layer": "hands", "before": "hand", "after": ["left", "right"]},
            {"kind": "split", "layer": "hands", "before": "left", "after": ["left", "right"]},
            {"kind": "retire", "layer": "recipe", "before": "steep <5 min>"},
        ],
    }
)


def lines_of(label: str) -> tuple[str, ...]:
    entries = protocol_entries(TEA, tolerance=3)
    return next(entry.lines for entry in entries if entry.label == label)


def test_a_layer_tells_its_rules() -> None:
    recipe, hands = TEA.layers
    assert layer_lines(recipe) == (
        "Layer recipe: segments must not overlap; frames may stay unlabelled.",
        "Steps, in this order: fill (may be left out) → heat → pour. They may be gone through "
        "again from the start. Every clip shows all of it, from the first step to the last.",
        "A label that interrupts another for fewer than 8 frames is pointed out: mark it only "
        "if it is real.",
    )
    assert layer_lines(hands) == ("Layer hands: segments may overlap; frames may stay unlabelled.",)


@pytest.mark.parametrize(("flicker_frames", "n_lines"), [(0, 1), (1, 1), (2, 2)])
def test_a_limit_that_can_point_out_nothing_is_not_told(flicker_frames: int, n_lines: int) -> None:
    layer = Layer.model_validate({"flicker_frames": flicker_frames, "labels": [{"name": "X"}]})
    assert len(layer_lines(layer)) == n_lines


def test_steps_that_just_come_in_order_say_no_more() -> None:
    layer = Layer.model_validate({"steps": ["X", "Y"], "labels": [{"name": "X"}, {"name": "Y"}]})
    assert layer_lines(layer)[1] == "Steps, in this order: X → Y."


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("fill", ["Also called: top up, refill"]),
        ("heat", ["Never together with: left, right", "Also called: boil"]),
        ("unsure", ["Marks doubt: boundaries inside it may be 25 frames off"]),
        ("left", ["Never together with: heat"]),
        ("right", ["Never together with: heat, itself"]),
        ("pour", []),
    ],
)
def test_a_label_tells_its_rules(label: str, expected: list[str]) -> None:
    *lines, limits = lines_of(label)
    assert lines == expected
    assert limits == "Limits: tolerance 3 frames"


GONE = (
    '"hand" was split: use "left" or "right".',
    '"steep <5 min>" is no longer used.',
)


def test_names_without_one_successor_are_told() -> None:
    # "left" was split too, but lives on: there is nothing to look for.
    assert names_gone(TEA) == GONE


@pytest.mark.parametrize("config", [annotation_config, arbitration_config])
def test_all_of_it_stands_on_the_task(config: Any) -> None:
    root = ET.fromstring(config(TEA, tolerance=3))
    shown = [header.get("value") for header in root.iter("Header")]
    for line in (*GONE, *layer_lines(TEA.layers[0]), *lines_of("fill"), *lines_of("heat")):
        assert line in shown


def test_all_of_it_stands_in_the_instructions() -> None:
    html = instructions_html(TEA, tolerance=3)
    assert "<p>&quot;steep &lt;5 min&gt;&quot; is no longer used.</p>" in html
    assert "<h3>Layer hands: segments may overlap; frames may stay unlabelled.</h3>" in html
    for line in (*layer_lines(TEA.layers[0])[1:], *lines_of("fill")):
        assert line in html
