"""`segue check` as a person runs it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.orchestration.plain_files.conftest import Segue, Write, marked

TAXONOMY = """
name: bench
version: 1
layers:
  - name: hands
    labels: [{name: X, min_frames: 5}, {name: Y}]
  - {name: eyes, exclusive: false, labels: [{name: Z}]}
"""


@pytest.fixture
def rules(write: Write) -> Path:
    return write(TAXONOMY, name="taxonomy.yaml")


def found(path: Path) -> list[tuple[str, str, str]]:
    with path.open(newline="") as file:
        return [(row["line"], row["segments"], row["code"]) for row in csv.DictReader(file)]


def test_clean_answers_are_status_0(segue: Segue, write: Write, rules: Path) -> None:
    ran = segue("check", write(marked("ana", "X 0-10, Y 20-30, Z 5-25")), "--taxonomy", rules)
    assert ran.status == 0
    assert "1 answer, 0 errors, 0 warnings." in ran.out


def test_warnings_alone_are_status_0(segue: Segue, write: Write, rules: Path) -> None:
    ran = segue("check", write(marked("ana", "")), "--taxonomy", rules)
    assert ran.status == 0
    assert "warning empty" in ran.out


def test_an_error_is_status_1_and_named(segue: Segue, write: Write, rules: Path) -> None:
    file = write(marked("ana", "X 0-10"), marked("ben", "Y 20-30, X 40-42"))
    ran = segue("check", file, "--taxonomy", rules)
    assert ran.status == 1
    assert "line 2: clip, ben" in ran.out
    assert "error   too_short segment 2 [40, 42)" in ran.out
    assert "2 answers, 1 error, 0 warnings." in ran.out


def test_what_compare_refuses_is_a_finding_here(segue: Segue, write: Write, rules: Path) -> None:
    """Reversed, empty, beyond the end, unknown: each its own code, in order of time."""
    out = write(name="out.csv")
    file = write(marked("ana", "Y 30-20, Y 40-40, Y 990-1001, Q 50-60, X 70-80"))
    assert segue("check", file, "--taxonomy", rules, "--csv", out).status == 1
    assert found(out) == [
        ("1", "1", "reversed"),
        ("1", "2", "zero_length"),
        ("1", "4", "unknown_label"),
        ("1", "3", "out_of_range"),
    ]


def test_findings_come_by_line_and_twice_the_same(segue: Segue, write: Write, rules: Path) -> None:
    lines = [
        marked("ana", "Y 30-20", item="b"),
        marked("ana", "X 0-1, X 1-2", item="a"),
        marked("ben", "Y 7-7", item="b"),
    ]
    out, again = write(name="out.csv"), write(name="again.csv")
    for target in (out, again):
        segue("check", write(*lines), "--taxonomy", rules, "--csv", target)
    assert [line for line, _, _ in found(out)] == ["1", "2", "2", "2", "3"]
    assert out.read_bytes() == again.read_bytes()


def test_without_n_frames_the_item_is_as_long_as_anybody_knows(segue: Segue, write: Write) -> None:
    """ana marked 0..10; ben knows that the clip has 20 frames, so ana left a gap at its end."""
    complete = TAXONOMY.replace("  - name: hands", "  - name: hands\n    complete: true")
    out = write(name="out.csv")
    segue(
        "check",
        write(marked("ana", "X 0-10", n_frames=None), marked("ben", "X 0-20", n_frames=20)),
        "--taxonomy",
        write(complete, name="complete.yaml"),
        "--csv",
        out,
    )
    assert found(out) == [("1", "", "gap")]


def test_a_length_on_another_line_bounds_those_that_state_none(
    segue: Segue, write: Write, rules: Path
) -> None:
    out = write(name="out.csv")
    lines = [marked("ana", "X 0-130", n_frames=None), marked("ben", "X 0-90", n_frames=100)]
    for file in (write(*lines), write(*lines[::-1], name="other.jsonl")):
        ran = segue("check", file, "--taxonomy", rules, "--csv", out)
        assert ran.status == 1
        assert [code for _, _, code in found(out)] == ["out_of_range"]
        assert "different n_frames" not in ran.out


def test_different_lengths_of_one_item_are_told(segue: Segue, write: Write, rules: Path) -> None:
    lines = [
        marked("ana", "X 0-130", n_frames=150),
        marked("ben", "X 0-130", n_frames=100),
        marked("cleo", "X 0-120", n_frames=None),
    ]
    ran = segue("check", write(*lines), "--taxonomy", rules)
    assert "1 error, 0 warnings." in ran.out
    said = 'different n_frames from line to line, the first "clip" (100 to 150).'
    assert f"1 item with {said} Each line is checked by its own." in ran.out
    assert f"{said} The longest one counts." in segue("compare", write(*lines)).out


def test_what_was_snapped_is_told(segue: Segue, write: Write, rules: Path) -> None:
    line = marked("ana", "") | {"segments": [{"label": "X", "start_s": 0, "end_s": 1.01}]}
    ran = segue("check", write(line), "--taxonomy", rules)
    assert ran.status == 0
    assert "2 boundaries given in seconds, snapped to the nearest frame" in ran.out


def test_standard_output_holds_the_table_alone(segue: Segue, write: Write, rules: Path) -> None:
    ran = segue("check", write(marked("ana", "Y 9-3")), "--taxonomy", rules, "--csv", "-")
    assert [line.split(",")[0] for line in ran.out.splitlines()] == ["line", "1"]
    assert "1 answer, 1 error" in ran.err


def test_bad_input_is_status_2_and_prints_no_finding(
    segue: Segue, write: Write, rules: Path
) -> None:
    file = write(marked("ana", "Y 30-20"), '{"item": "clip"}')
    out = file.with_name("out.csv")
    ran = segue("check", file, "--taxonomy", rules, "--csv", out)
    assert (ran.status, ran.out) == (2, "")
    assert f"{file}, line 2: segments must be a list, not missing" in ran.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("name: x", "t.yaml is not valid. version: Field required"),
        ("- x", "must hold fields and values"),
        ("a: [", "is not YAML"),
        ("name: 2001-99-99", "is not YAML"),
        ('a: !!int "x"', "is not YAML"),
        ('a: !!int ""', "is not YAML"),
        ('a: !!bool "x"', "is not YAML"),
        ('a: !!timestamp "x"', "is not YAML"),
        ("a: !!float " + "9:" * 400 + "9", "is not YAML"),
        ("a: " + "9" * 5000, "is not YAML"),
        ("[" * 5000, "nested too deeply"),
        ("a: &a [*a]", "Field required"),
        ("name: x\nversion: 1\nname: y", 'the field "name" stands twice, again on line 3'),
        ('layers: [{name: x, "name": y}]', 'the field "name" stands twice, again on line 1'),
    ],
)
def test_a_bad_taxonomy_is_status_2(
    document: str, sentence: str, segue: Segue, write: Write
) -> None:
    ran = segue("check", write(marked("ana", "")), "--taxonomy", write(document, name="t.yaml"))
    assert (ran.status, ran.out) == (2, "")
    assert sentence in ran.err


def test_a_merge_key_may_come_with_what_it_overrides(segue: Segue, write: Write) -> None:
    merged = (
        "name: t\nversion: 1\nlayers:\n  - labels:\n"
        "      - &base {name: X, min_frames: 5}\n      - {<<: *base, name: Y, color: '#123456'}\n"
    )
    file = write(marked("ana", "Y 0-3"))
    ran = segue("check", file, "--taxonomy", write(merged, name="t.yaml"))
    assert (ran.status, "too_short" in ran.out) == (1, True)


def test_the_taxonomy_is_needed(segue: Segue, write: Write) -> None:
    ran = segue("check", write(marked("ana", "")))
    assert ran.status == 2
    assert "--taxonomy" in ran.err
