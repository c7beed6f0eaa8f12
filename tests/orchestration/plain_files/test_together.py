"""Alphas and gamma in the outputs of `segue compare`, and what they are refused for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestration.plain_files import together
from services.domain.metrics.unitizing import measure_unitizing
from services.domain.segments import Segment
from tests.orchestration.plain_files.conftest import Ran, Segue, Write, marked

LINES = [
    marked("ana", "X 0-100, Y 100-200, Z 300-400"),
    marked("ben", "X 0-103, Y 104-200, X 500-540"),
    marked("cleo", "X 5-100, Y 100-190"),
    marked("ana", "X 10-60, Y 70-90", item="other"),
    marked("ben", "X 12-60", item="other"),
    marked("ana", "X 1-9", item="alone"),
]
ALPHAS = ("alpha_binary", "alpha_nominal", "alpha_coding")


def documented(segue: Segue, file: Path, *options: str) -> tuple[dict[str, Any], Ran]:
    out = file.with_name("out.json")
    ran = segue("compare", file, "--json", out, *options)
    assert ran.status == 0
    return json.loads(out.read_text()), ran


def rows(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in document["summary"]}


def test_alphas_are_always_there_by_item_and_pooled_with_an_interval(
    segue: Segue, write: Write
) -> None:
    document, _ = documented(segue, write(*LINES))
    opinions = [
        [
            Segment(label=one["label"], onset=one["start_frame"], offset=one["end_frame"])
            for one in line["segments"]
        ]
        for line in LINES
    ]
    measured = [
        measure_unitizing(opinions[:3], n_frames=1000),
        measure_unitizing(opinions[3:5], n_frames=1000),
    ]
    for kind in ("binary", "nominal", "coding"):
        found = [item["together"] for item in document["items"]]
        assert found[2] is None
        assert [one[f"alpha_{kind}"] for one in found[:2]] == [
            getattr(one, kind).alpha for one in measured
        ]
        row = rows(document)[f"alpha_{kind}"]
        pooled = getattr(measured[0] + measured[1], kind).alpha
        assert row["value"] == pytest.approx(pooled, abs=1e-12)
        assert row["n"] == sum(getattr(one, kind).alpha is not None for one in measured)
        if row["n"] > 1:
            assert row["low"] <= row["value"] <= row["high"]
        else:  # one item says nothing about how items differ
            assert (row["low"], row["high"]) == (None, None)
    labels = document["alpha_per_label"]
    assert list(labels) == ["X", "Y", "Z"]
    assert labels["Z"]["coverage"] == 0
    assert "gamma" not in rows(document)
    assert "gamma" not in document["items"][0]["together"]


def test_gamma_comes_when_asked_for_and_the_same_each_time(segue: Segue, write: Write) -> None:
    document, _ = documented(segue, write(*LINES), "--gamma")
    row = rows(document)["gamma"]
    assert row["n"] == 2
    assert row["low"] <= row["value"] <= row["high"]
    first = document["items"][0]["together"]
    assert first["gamma_low"] < first["gamma"] < first["gamma_high"]
    assert documented(segue, write(*LINES), "--gamma")[0] == document


def test_the_terminal_has_them(segue: Segue, write: Write) -> None:
    plain = segue("compare", write(*LINES)).out
    assert "all annotators of an item together" in plain
    assert "alpha, labels and gaps" in plain
    assert "gamma" not in plain
    assert " gamma " in segue("compare", write(*LINES), "--gamma").out


def test_an_item_too_large_for_gamma_is_named_and_the_run_goes_on(
    segue: Segue, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The item "clip" has 3 * 3 + 3 * 2 + 3 * 2 pairs of segments; "other" has 2."""
    monkeypatch.setattr(together, "MOST_PAIRINGS", 20)
    document, ran = documented(segue, write(*LINES), "--gamma")
    assert 'gamma: 1 item too large for it and left out of it: "clip".' in ran.out
    refused, measured = (item["together"] for item in document["items"][:2])
    assert refused["gamma_refused"].startswith("21 pairs of segments and 3 labels")
    assert "gamma" not in refused
    assert measured["gamma"] is not None
    assert (rows(document)["gamma"]["n"], rows(document)["alpha_nominal"]["n"]) == (1, 2)
    assert document["n_items_refused"] == {"gamma": 1}


def test_what_the_alignment_refuses_is_named_too(
    segue: Segue, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.domain.metrics.gamma_alignment.MOST_GROUPS", 1)
    document, ran = documented(segue, write(*LINES), "--gamma")
    assert 'left out of it: "clip".' in ran.out
    assert "too many ways for gamma" in document["items"][0]["together"]["gamma_refused"]
    assert rows(document)["gamma"]["n"] == 1


def test_free_text_for_labels_leaves_alpha_out_by_name(
    segue: Segue, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its table of coincidences is the square of the labels."""
    monkeypatch.setattr(together, "MOST_LABELS", 2)
    document, ran = documented(segue, write(*LINES))
    assert 'alpha: 1 item too large for it and left out of it: "clip".' in ran.out
    refused = document["items"][0]["together"]
    assert [refused[name] for name in ALPHAS] == [None, None, None]
    assert refused["alpha_refused"].startswith("3 labels")
    assert list(document["alpha_per_label"]) == ["X", "Y"]


def test_figures_by_label_end_where_a_file_has_too_many_labels(
    segue: Segue, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "MOST_LABELS", 3)
    more = [marked(name, "Q 0-9", item="more") for name in ("ana", "ben")]
    document, _ = documented(segue, write(*LINES, *more))
    assert document["alpha_per_label"] is None
    assert rows(document)["alpha_binary"]["n"] == 3


def test_only_the_first_refused_items_are_named() -> None:
    refused = together.Refused()
    for number in range(12):
        refused.add(f"i{number}")
    said = refused.sentence("gamma")
    assert 'gamma: 12 items too large for it and left out of it: "i0", ' in said
    assert '"i9" and 2 more.' in said
    assert "i10" not in said


def test_gamma_for_a_table_alone_is_refused(segue: Segue, write: Write) -> None:
    out = write("what was there", name="out.csv")
    ran = segue("compare", write(*LINES), "--gamma", "--csv", out)
    assert ran.status == 2
    assert "--gamma is a figure of whole items" in ran.err
    assert out.read_text() == "what was there\n"


def test_identity_is_one(segue: Segue, write: Write) -> None:
    lines = [
        marked(name, "X 0-100, Y 200-250", item=f"i{number}")
        for number in range(3)
        for name in ("ana", "ben")
    ]
    found = rows(documented(segue, write(*lines), "--gamma")[0])
    values = [found[name]["value"] for name in (*ALPHAS, "gamma")]
    assert np.allclose(values, 1)
