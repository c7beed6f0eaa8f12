"""Taxonomies and policies as documents that people write, and their hashes."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.canonical import canonical_json, content_hash, unit_interval
from services.domain.errors import ConflictError, InputError, LeaseLostError
from services.domain.policy import Policy
from services.domain.taxonomy import PALETTE, Side, Taxonomy
from tests.strategies import policies, taxonomies


def document(**more: Any) -> dict[str, Any]:
    layer = {"labels": [{"name": "X", "onset_tolerance": 1}, {"name": "Y", "hotkey": "1"}]}
    return {"name": "test", "version": 1, "layers": [layer]} | more


def label(**fields: Any) -> dict[str, Any]:
    return document(layers=[{"labels": [{"name": "X"} | fields, {"name": "Y"}]}])


@pytest.mark.parametrize(
    ("data", "pointer", "says"),
    [
        (document(version=0), "/version", "greater than or equal to 1"),
        (document(version="1"), "/version", "valid integer"),
        (document(name="Not a slug"), "/name", "pattern"),
        (document(layers=[]), "/layers", "at least 1"),
        (document(odd=1), "/odd", "not permitted"),
        (document(layers=[{"labels": [{"name": "X"}] * 2}]), "/layers/0", "names 'X' twice"),
        (document(layers=[{"labels": [{"name": "X"}]}] * 2), "/", "layer 'main' is given twice"),
        (
            document(layers=[{"name": n, "labels": [{"name": "X"}]} for n in "ab"]),
            "/",
            "label 'X' is in two layers",
        ),
        (label(min_frames=5, max_frames=4), "/layers/0/labels/0", "max_frames is below"),
        (label(followed_by=["Q"]), "/layers/0", "followed by 'Q'"),
        (label(hotkey="no"), "/layers/0/labels/0/hotkey", "pattern"),
        (label(onset_tolerance=-1), "/layers/0/labels/0/onset_tolerance", "greater than"),
        (
            document(layers=[{"labels": [{"name": n, "hotkey": "a"} for n in "XY"]}]),
            "/",
            "hotkey 'a' is given to two labels",
        ),
        (document(impossible_together=[["X", "Q"]]), "/", "names 'Q', which no layer has"),
        (
            document(changes=[{"kind": "rename", "before": "W", "after": ["Q"]}]),
            "/",
            "'W' becomes 'Q', which no layer has",
        ),
        (
            document(changes=[{"kind": "split", "before": "W", "after": ["X"]}]),
            "/changes/0",
            "a split of 'W' cannot lead to 1 labels",
        ),
        (
            document(changes=[{"kind": "rename", "before": "W", "after": ["X", "Y"]}]),
            "/changes/0",
            "a rename of 'W' cannot lead to 2 labels",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(data: dict[str, Any], pointer: str, says: str) -> None:
    with pytest.raises(InputError, match="The taxonomy is not valid") as caught:
        Taxonomy.parse(data)
    assert [fault["pointer"] for fault in caught.value.errors] == [pointer]
    assert says in caught.value.errors[0]["detail"]
    assert says in caught.value.detail


def test_sound_changes_are_read() -> None:
    changes = [
        {"kind": "rename", "before": "U", "after": ["X"]},
        {"kind": "split", "before": "V", "after": ["X", "Y"]},
        {"kind": "merge", "before": "W", "after": ["X"]},
        {"kind": "retire", "before": "Z"},
    ]
    assert len(Taxonomy.parse(document(changes=changes)).changes) == 4


def test_labels_are_found_in_their_layer() -> None:
    labels = Taxonomy.parse(document())
    found = labels.find("main", "X")
    assert found is not None
    assert found.name == "X"
    assert labels.find("main", "Q") is None
    assert labels.find("other", "X") is None
    assert labels.layer("other") is None


def test_tolerance_falls_back_to_the_default() -> None:
    labels = Taxonomy.parse(document())
    assert labels.tolerance("main", "X", Side.ONSET, default=3) == 1
    assert labels.tolerance("main", "X", Side.OFFSET, default=3) == 3
    assert labels.tolerance("main", "Q", Side.ONSET, default=3) == 3


def test_zero_is_a_tolerance() -> None:
    labels = Taxonomy.parse(label(offset_tolerance=0))
    assert labels.tolerance("main", "X", Side.OFFSET, default=3) == 0


def test_appearance_fills_what_is_free() -> None:
    labels = Taxonomy.parse(document())
    assert labels.appearance == {"X": (PALETTE[0], "2"), "Y": (PALETTE[1], "1")}
    many = Taxonomy.parse(document(layers=[{"labels": [{"name": f"L{i}"} for i in range(40)]}]))
    assert many.appearance["L35"] == (PALETTE[3], "m")
    assert many.appearance["L36"] == (PALETTE[4], None)
    written = Taxonomy.parse(label(color="#123456", hotkey="q"))
    assert written.appearance["X"] == ("#123456", "q")


@given(taxonomies())
def test_a_taxonomy_survives_json_with_its_hash(labels: Taxonomy) -> None:
    again = Taxonomy.parse(labels.model_dump(mode="json"))
    assert again == labels
    assert again.hash == labels.hash


def test_any_change_changes_the_hash() -> None:
    hashes = [Taxonomy.parse(data).hash for data in (document(), document(version=2), label())]
    assert len(set(hashes)) == 3


@given(policies())
def test_a_policy_survives_json_with_its_hash(policy: Policy) -> None:
    again = Policy.parse(policy.model_dump(mode="json"))
    assert again == policy
    assert again.hash == policy.hash


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({"seats": 3}, "/seats"),
        ({"tolerance_frames": 2.5}, "/tolerance_frames"),
        ({"tolerance_frames": -1}, "/tolerance_frames"),
        ({"control_share": 1.5}, "/control_share"),
        ({"odd": 1}, "/odd"),
    ],
)
def test_a_faulty_policy_is_refused(data: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InputError, match="The policy is not valid") as caught:
        Policy.parse(data)
    assert caught.value.errors[0]["pointer"] == pointer


def test_equal_content_has_equal_bytes() -> None:
    assert canonical_json({"b": [1, "ü"], "a": None}) == '{"a":null,"b":[1,"ü"]}'.encode()
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(math.nan)


@given(st.lists(st.text()))
def test_the_lot_is_a_number_from_0_to_1(parts: list[str]) -> None:
    assert 0 <= unit_interval(*parts) < 1
    assert unit_interval(*parts) == unit_interval(*parts)


def test_the_lot_keeps_its_value_over_machines_and_years() -> None:
    # SHA-256 of "a", 0x1f, "1"; its first 8 bytes over 2**64. Stored draws depend on it.
    assert unit_interval("a", 1) == 0x839E11A421D370BE / 2**64
    assert unit_interval("a", 1) != unit_interval("a1")


def test_errors_carry_code_and_faults() -> None:
    plain = ConflictError("No.")
    assert (plain.code, plain.status, plain.errors, str(plain)) == ("conflict", 409, (), "No.")
    special = LeaseLostError("No.", code="mine", errors=[{"pointer": "/a", "detail": "b"}])
    assert special.code == "mine"
    assert special.errors == ({"pointer": "/a", "detail": "b"},)
