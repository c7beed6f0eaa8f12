"""What became of labels' names over taxonomy versions."""

from __future__ import annotations

from typing import Any

import pytest

from services.domain.errors import InputError
from services.domain.taxonomy import NameStatus, Resolved, Taxonomy

# Version 2: walk was called stroll before, and amble long before that; jog went into run.
GAIT: dict[str, Any] = {
    "name": "gait",
    "version": 2,
    "layers": [
        {
            "name": "pose",
            "labels": [
                {"name": "walk", "aliases": ["amble", "wander"]},
                {"name": "run"},
                {"name": "lie"},
            ],
        },
        {"name": "gaze", "labels": [{"name": "left", "aliases": ["port"]}, {"name": "right"}]},
    ],
    "changes": [
        {"kind": "rename", "layer": "pose", "before": "stroll", "after": ["walk"]},
        {"kind": "merge", "layer": "pose", "before": "jog", "after": ["run"]},
        {"kind": "merge", "layer": "pose", "before": "run", "after": ["run"]},
        {"kind": "split", "layer": "gaze", "before": "aside", "after": ["left", "right"]},
        {"kind": "retire", "layer": "pose", "before": "hop"},
        {"kind": "rename", "layer": "eyes", "before": "rightward", "after": ["right"]},
        {"kind": "rename", "layer": "gaze", "before": "lie", "after": ["lie"]},
    ],
}


def resolved(
    status: NameStatus, layer: str, label: str | None = None, *candidates: str
) -> Resolved:
    return Resolved(status=status, layer=layer, label=label, candidates=candidates)


@pytest.mark.parametrize(
    ("layer", "label", "expected"),
    [
        ("pose", "walk", resolved(NameStatus.CURRENT, "pose", "walk")),
        ("pose", "amble", resolved(NameStatus.ALIASED, "pose", "walk")),
        ("pose", "wander", resolved(NameStatus.ALIASED, "pose", "walk")),
        ("pose", "stroll", resolved(NameStatus.ALIASED, "pose", "walk")),
        ("pose", "jog", resolved(NameStatus.ALIASED, "pose", "run")),
        ("pose", "run", resolved(NameStatus.CURRENT, "pose", "run")),
        ("pose", "hop", resolved(NameStatus.RETIRED, "pose")),
        ("gaze", "aside", resolved(NameStatus.SPLIT, "gaze", None, "left", "right")),
        ("pose", "Walk", resolved(NameStatus.UNKNOWN, "pose")),
        # An older name means something on its own layer only.
        ("gaze", "amble", resolved(NameStatus.UNKNOWN, "gaze")),
        ("pose", "left", resolved(NameStatus.UNKNOWN, "pose")),
        ("none", "walk", resolved(NameStatus.UNKNOWN, "none")),
        # A layer that is gone, and a label that moved to another layer under its own name.
        ("eyes", "rightward", resolved(NameStatus.ALIASED, "gaze", "right")),
        ("gaze", "lie", resolved(NameStatus.ALIASED, "pose", "lie")),
    ],
)
def test_a_name_leads_to_what_it_is_called_now(layer: str, label: str, expected: Resolved) -> None:
    assert Taxonomy.parse(GAIT).resolve(layer, label) == expected


@pytest.mark.parametrize(
    ("label", "layer"),
    [
        ("walk", "pose"),
        ("port", "gaze"),
        ("aside", "gaze"),
        ("hop", "pose"),
        ("rightward", "eyes"),
        ("nowhere", None),
        # In use on one layer, an older name on the other: what is in use counts.
        ("lie", "pose"),
    ],
)
def test_a_bare_name_leads_to_its_layer(label: str, layer: str | None) -> None:
    assert Taxonomy.parse(GAIT).layer_of(label) == layer


def test_a_split_that_keeps_the_name_leaves_it_in_use() -> None:
    changes = [{"kind": "split", "before": "X", "after": ["X", "Y"]}]
    labels = Taxonomy.parse(plain(changes=changes))
    assert labels.resolve("main", "X") == resolved(NameStatus.CURRENT, "main", "X")


def plain(
    *, changes: list[dict[str, Any]] | None = None, x: dict[str, Any] | None = None, **layer: Any
) -> dict[str, Any]:
    labels = [{"name": "X"} | (x or {}), {"name": "Y"}]
    layers = [{"labels": labels} | layer]
    return {"name": "plain", "version": 1, "layers": layers, "changes": changes or []}


@pytest.mark.parametrize(
    ("data", "pointer", "says"),
    [
        (plain(x={"aliases": ["U", "U"]}), "/", "alias 'U' is given twice"),
        (plain(x={"aliases": ["Y"]}), "/", "alias 'Y' is a label in use"),
        (plain(x={"aliases": ["X"]}), "/", "alias 'X' is a label in use"),
        (
            plain(changes=[{"kind": "retire", "before": "U"}] * 2),
            "/",
            "changes tell twice what became of 'U'",
        ),
        (
            plain(changes=[{"kind": "retire", "before": "X"}]),
            "/",
            "changes retire 'X', which still stands for 'X'",
        ),
        (
            # X and Y trade names: nobody could tell which version an X is from.
            plain(
                changes=[
                    {"kind": "rename", "before": "X", "after": ["Y"]},
                    {"kind": "rename", "before": "Y", "after": ["X"]},
                ]
            ),
            "/",
            "changes rename 'X', which still stands for 'X'",
        ),
        (
            plain(x={"aliases": ["U"]}, changes=[{"kind": "merge", "before": "U", "after": ["Y"]}]),
            "/",
            "changes merge 'U', which still stands for 'X'",
        ),
        (
            plain(
                x={"aliases": ["U"]},
                changes=[{"kind": "split", "before": "U", "after": ["X", "Y"]}],
            ),
            "/",
            "changes split 'U', which still stands for 'X'",
        ),
        (
            plain(changes=[{"kind": "split", "before": "U", "after": ["X", "X"]}]),
            "/changes/0",
            "'U' becomes 'X' twice",
        ),
        (plain(steps=["X", "Q"]), "/layers/0", "steps names 'Q', which the layer does not have"),
        (plain(steps=["X", "Y", "X"]), "/layers/0", "steps names 'X' twice"),
        (
            plain(steps=["X"], optional_steps=["Y"]),
            "/layers/0",
            "optional_steps names 'Y', which is none of its steps",
        ),
        (
            plain(steps=["X"], optional_steps=["X", "X"]),
            "/layers/0",
            "optional_steps names 'X' twice",
        ),
        (plain(optional_steps=["X"]), "/layers/0", "optional_steps names 'X'"),
        (plain(steps_repeat=True), "/layers/0", "steps_repeat says nothing without steps"),
        (
            plain(steps_from_end_to_end=True),
            "/layers/0",
            "steps_from_end_to_end says nothing without steps",
        ),
        (plain(flicker_frames=-1), "/layers/0/flicker_frames", "greater than or equal to 0"),
    ],
)
def test_a_contradiction_is_named_with_its_place(
    data: dict[str, Any], pointer: str, says: str
) -> None:
    with pytest.raises(InputError, match="The taxonomy is not valid") as caught:
        Taxonomy.parse(data)
    assert [fault["pointer"] for fault in caught.value.errors] == [pointer]
    assert says in caught.value.errors[0]["detail"]


def test_a_change_may_repeat_what_an_alias_says() -> None:
    changes = [{"kind": "rename", "before": "U", "after": ["X"]}]
    labels = Taxonomy.parse(plain(x={"aliases": ["U"]}, changes=changes))
    assert labels.resolve("main", "U") == resolved(NameStatus.ALIASED, "main", "X")


def test_required_steps_keep_their_order() -> None:
    labels = Taxonomy.parse(plain(steps=["Y", "X"], optional_steps=["Y"]))
    assert labels.layers[0].required_steps == ("X",)
