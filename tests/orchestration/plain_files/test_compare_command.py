"""`segue compare` as a person runs it."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.orchestration.plain_files.conftest import Segue, Write, marked

ANA = marked("ana", "X 0-100, Y 100-200, Z 300-400")
BEN = marked("ben", "X 0-103, Y 104-200")

TAXONOMY = """
name: bench
version: 2
layers:
  - name: hands
    labels: [{name: X, offset_tolerance: 0}, {name: Y, aliases: [why]}]
  - {name: eyes, exclusive: false, labels: [{name: Z}]}
"""


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_columns_are_those_that_are_promised(segue: Segue, write: Write) -> None:
    out = write(name="out.csv")
    assert segue("compare", write(ANA, BEN), "--csv", out).status == 0
    header = out.read_text().splitlines()[0]
    assert header == (
        "item,annotator_a,annotator_b,n_seg_a,n_seg_b,n_bound_a,n_bound_b,"
        "bound_match_tol0f,bound_match_tol1f,bound_match_tol2f,"
        "bound_match_tol3f,bound_match_tol5f,bound_match_tol10f,"
        "seg_match_label_tol0f,seg_match_label_tol1f,seg_match_label_tol2f,"
        "seg_match_label_tol3f,seg_match_label_tol5f,seg_match_label_tol10f,"
        "seg_match_anylabel_tol0f,seg_match_anylabel_tol1f,seg_match_anylabel_tol2f,"
        "seg_match_anylabel_tol3f,seg_match_anylabel_tol5f,seg_match_anylabel_tol10f,"
        "frame_agree,frame_kappa,edit,f1_10,f1_25,f1_50,tiou_mean,n_disputes"
    )


def test_a_pair_by_hand(segue: Segue, write: Write) -> None:
    """a: X|Y at 100, Y|none 200, none|Z 300, Z|none 400. b: X|none 103, none|Y 104, Y|none 200."""
    out = write(name="out.csv")
    segue("compare", write(ANA, BEN), "--csv", out, "--tolerance", "3,0")
    (row,) = table(out)
    assert (row["annotator_a"], row["annotator_b"]) == ("ana", "ben")
    assert [row[name] for name in ("n_seg_a", "n_seg_b", "n_bound_a", "n_bound_b")] == list("3243")
    assert (row["bound_match_tol3f"], row["bound_match_tol0f"]) == ("2", "1")
    # X [0,100) and [0,103) within 3; Y [100,200) and [104,200) not.
    assert (row["seg_match_label_tol3f"], row["seg_match_label_tol0f"]) == ("1", "0")
    # Frames 100..103 (4) and 300..399 (100) differ, of 1000.
    assert float(row["frame_agree"]) == pytest.approx(1 - 104 / 1000, abs=1e-12)
    assert row["n_disputes"] == "2"  # Y is shifted by 4, Z is missing.
    assert list(row)[7:9] == ["bound_match_tol3f", "bound_match_tol0f"]


def test_pairs_come_in_order_of_appearance(segue: Segue, write: Write) -> None:
    out = write(name="out.csv")
    lines = [
        marked("cleo", "X 0-9", item="second"),
        marked("ana", "X 0-9", item="first"),
        marked("ana", "X 0-9", item="second"),
        marked("ben", "X 0-9", item="second"),
        marked("ben", "X 0-9", item="first"),
        marked("zoe", "X 0-9", item="alone"),
    ]
    ran = segue("compare", write(*lines), "--csv", out)
    assert [(r["item"], r["annotator_a"], r["annotator_b"]) for r in table(out)] == [
        ("second", "cleo", "ana"),
        ("second", "cleo", "ben"),
        ("second", "ana", "ben"),
        ("first", "ana", "ben"),
    ]
    assert "1 item of 3 with one annotator only" in ran.out


def test_undefined_is_an_empty_cell_and_null(segue: Segue, write: Write) -> None:
    nothing = [marked("ana", "", n_frames=None), marked("ben", "", n_frames=None)]
    out, document = write(name="out.csv"), write(name="out.json")
    assert segue("compare", write(*nothing), "--csv", out, "--json", document).status == 0
    (row,) = table(out)
    assert (row["frame_agree"], row["frame_kappa"], row["edit"]) == ("", "", "")
    assert row["n_disputes"] == "0"
    (pair,) = json.loads(document.read_text())["items"][0]["pairs"]
    assert pair["frame_agree"] is None


def test_the_document_holds_what_the_table_holds_and_the_disputes(
    segue: Segue, write: Write
) -> None:
    out, document = write(name="out.csv"), write(name="out.json")
    segue("compare", write(ANA, BEN), "--csv", out, "--json", document)
    found: dict[str, Any] = json.loads(document.read_text())
    (item,) = found["items"]
    (pair,) = item["pairs"]
    (row,) = table(out)
    assert {name: "" if pair[name] is None else str(pair[name]) for name in list(row)[1:]} == {
        name: value for name, value in row.items() if name != "item"
    }
    assert [(d["kind"], d["onset"], d["offset"]) for d in pair["disputes"]] == [
        ("boundary_shift", 100, 200),
        ("missing", 300, 400),
    ]
    assert [(a["segment"]["onset"], a["segment"]["offset"]) for a in pair["agreed"]] == [(0, 102)]
    assert (found["n_items"], found["n_opinions"], item["fps"]) == (1, 2, "25")
    assert {row["name"] for row in found["summary"]} >= {"frame_agree", "bound_f1_tol3f"}


def test_three_annotators_have_a_matrix_and_a_middle(segue: Segue, write: Write) -> None:
    """cleo agrees with each of the others on one of two segments, they with nobody else."""
    lines = [
        marked("ana", "X 0-100, Y 200-300"),
        marked("ben", "X 50-150, Y 230-330"),
        marked("cleo", "X 0-100, Y 230-330"),
    ]
    document = write(name="out.json")
    segue("compare", write(*lines), "--json", document)
    (item,) = json.loads(document.read_text())["items"]
    assert item["panel"]["medoid"] == "cleo"
    assert item["panel"]["agreement"] == [[None, 0.0, 0.5], [0.0, None, 0.5], [0.5, 0.5, None]]


def test_pairs_without_split_and_merge_are_counted(segue: Segue, write: Write) -> None:
    """One frame of overlap in cleo's own opinion takes split and merge from both her pairs."""
    lines = [
        marked("ana", "X 0-100"),
        marked("ben", "X 0-50, X 52-100"),
        marked("cleo", "X 0-51, X 50-100"),
    ]
    document = write(name="out.json")
    ran = segue("compare", write(*lines), "--json", document)
    found = json.loads(document.read_text())
    pairs = found["items"][0]["pairs"]
    assert [pair["may_overlap"] for pair in pairs] == [False, True, True]
    assert pairs[0]["disputes"][0]["kind"] == "split"
    assert found["n_pairs_may_overlap"] == 2
    assert "2 pairs of 3 compared as on a layer that may overlap" in ran.out
    rules = write(TAXONOMY, name="taxonomy.yaml")
    ran = segue("compare", write(*lines), "--taxonomy", rules, "--json", document)
    assert json.loads(document.read_text())["n_pairs_may_overlap"] == 0
    assert "may overlap" not in ran.out


def test_seconds_are_snapped_and_it_is_said(segue: Segue, write: Write) -> None:
    in_seconds = marked("ben", "")
    in_seconds["segments"] = [{"label": "X", "start_s": 0.01, "end_s": 4.0}]
    out = write(name="out.csv")
    ran = segue("compare", write(marked("ana", "X 0-100"), in_seconds), "--csv", out)
    assert table(out)[0]["seg_match_label_tol0f"] == "1"
    assert "2 boundaries given in seconds, snapped" in ran.out
    assert "the farthest 0.250 frames (line 2, clip)" in ran.out


def test_the_taxonomy_rules_disputes_and_names(segue: Segue, write: Write) -> None:
    rules = write(TAXONOMY, name="taxonomy.yaml")
    out, free = write(name="out.csv"), write(name="free.csv")
    file = write(marked("ana", "X 0-100, Y 200-300"), marked("ben", "X 0-101, why 200-300"))
    segue("compare", file, "--csv", free)
    assert segue("compare", file, "--taxonomy", rules, "--csv", out).status == 0
    ((with_rules,), (without,)) = table(out), table(free)
    # X may not end a frame late; "why" is Y.
    assert (with_rules["n_disputes"], with_rules["seg_match_label_tol0f"]) == ("1", "1")
    assert (without["n_disputes"], without["seg_match_label_tol0f"]) == ("1", "0")


def test_a_label_that_the_taxonomy_never_had_is_refused(segue: Segue, write: Write) -> None:
    rules = write(TAXONOMY, name="taxonomy.yaml")
    file = write(marked("ana", "X 0-100"), marked("ben", "X 0-101, Q 200-300"))
    ran = segue("compare", file, "--taxonomy", rules)
    assert ran.status == 2
    assert "line 2: segment 2: the taxonomy 'bench' has no label \"Q\"." in ran.err


def test_it_prints_a_summary_where_no_output_is_asked_for(segue: Segue, write: Write) -> None:
    odd = [marked(name, "X 0-9", item="[bold]\x1b[31m") for name in ("ana", "ben")]
    ran = segue("compare", write(ANA, BEN, *odd))
    assert ran.status == 0
    assert "2 items, 4 opinions, 2 pairs; disputed when a boundary is more than 3" in ran.out
    assert "kappa over frames" in ran.out
    assert "ana | ben" in ran.out
    assert "[bold]\\x1b[31m" in ran.out
    assert "\x1b[31m" not in ran.out


def test_the_summary_fits_a_small_terminal(
    segue: Segue, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.cli.plain.wide_console", lambda: Console(width=80))
    other = [marked("ana", "X 0-9", item="b"), marked("ben", "X 0-9", item="b")]
    ran = segue("compare", write(ANA, BEN, *other))
    assert "boundaries, F1" in ran.out
    assert "±10" in ran.out
    assert "…" not in ran.out


def test_the_summary_names_the_most_disputed_pairs_only(segue: Segue, write: Write) -> None:
    lines = []
    for number in range(30):
        text = ", ".join(f"X {k * 10}-{k * 10 + 5}" for k in range(number))
        lines += [
            marked("ana", text, item=f"i{number:02}"),
            marked("ben", "", item=f"i{number:02}"),
        ]
    ran = segue("compare", write(*lines))
    assert [f"i{number:02}" in ran.out for number in (29, 20, 19, 0)] == [True, True, False, False]


def test_standard_input_and_output(
    segue: Segue, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = io.BytesIO(write(ANA, BEN).read_bytes())
    monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": piped}))
    ran = segue("compare", "-", "--csv", "-")
    assert ran.status == 0
    (row,) = csv.DictReader(io.StringIO(ran.out))
    assert row["item"] == "clip"


BAD = '{"item": 1}'


@pytest.mark.parametrize("option", ["--csv", "--json", "--html"])
def test_bad_input_leaves_what_was_there(option: str, segue: Segue, write: Write) -> None:
    """The fault is on the last line, when all outputs are open."""
    out = write("what was there", name="out")
    file = write(ANA, BEN, *(marked("ana", "X 0-9", item=str(n)) for n in range(500)), BAD)
    before = set(file.parent.iterdir())
    ran = segue("compare", file, option, out)
    assert (ran.status, ran.out) == (2, "")
    assert f"{file}, line 503: item must be text" in ran.err
    assert out.read_text() == "what was there\n"
    assert set(file.parent.iterdir()) == before


def test_a_fault_while_comparing_leaves_nothing_either(
    segue: Segue, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("orchestration.plain_files.json_document.JsonDocument.close", full)
    file = write(ANA, BEN)
    targets = [file.with_name(name) for name in ("o.csv", "o.json")]
    ran = segue("compare", file, "--csv", targets[0], "--json", targets[1])
    assert ran.status == 2
    assert "No space left on device. Nothing was changed." in ran.err
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--tolerance", "1,x"], '"x" is no number of frames'),
        (["--tolerance", "1,,2"], '"" is no number of frames'),
        (["--tolerance", "-1"], '"-1" is no number of frames'),
        (["--tolerance", "1.5"], '"1.5" is no number of frames'),
        (["--tolerance", "3,3"], "names a number of frames twice"),
        (["--tolerance", "99999999"], "is no number of frames"),
        (["--taxonomy", "none.yaml"], "none.yaml cannot be read"),
        (["--csv", "no/such/out.csv"], "Make it first"),
        (["--csv", "."], "is a folder"),
        (["--csv", "/dev/full"], "is no plain file"),
        (["--csv", "x" * 300], "File name too long"),
        (["--csv", "x", "--json", "x"], "--csv and --json name the same file"),
        (["--json", "file.jsonl"], "--json would replace the file that is read"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str],
    sentence: str,
    segue: Segue,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = write(ANA, BEN)
    monkeypatch.chdir(file.parent)
    ran = segue("compare", "file.jsonl", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert sentence in ran.err
    assert list(file.parent.iterdir()) == [file]


def test_a_full_disk_is_named(segue: Segue, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("orchestration.plain_files.store.OpinionStore.add", full)
    ran = segue("compare", write(ANA, BEN))
    assert ran.status == 2
    assert "The temporary index failed: database or disk is full." in ran.err


def test_where_there_is_nothing_to_compare_it_says_so(segue: Segue, write: Write) -> None:
    ran = segue("compare", write(ANA, marked("ben", "", item="Clip")))
    assert ran.status == 2
    assert "has no item with two annotators" in ran.err


def test_equal_input_gives_equal_bytes(segue: Segue, write: Write) -> None:
    file = write(ANA, BEN, marked("ana", "X 3-9", item="b"), marked("ben", "Y 3-9", item="b"))
    made = []
    for number in range(2):
        targets = [write(name=f"{number}.{kind}") for kind in ("csv", "json", "html")]
        options = ("--csv", "--json", "--html")
        segue(
            "compare", file, *(part for pair in zip(options, targets, strict=True) for part in pair)
        )
        made.append([target.read_bytes() for target in targets])
    assert made[0] == made[1]
