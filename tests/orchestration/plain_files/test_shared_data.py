"""The real files beside the checkout, against the figures of mir_eval, sed_eval and scikit-learn.

Without them these tests say so and rest.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.orchestration.plain_files.conftest import Segue, Write

DATA = Path(__file__).parents[4] / "shared" / "data"
FILMS = DATA / "annotations" / "mobygaze_dual_dev.jsonl"
FIGURES = DATA / "reference" / "mobygaze_dev_pairs.csv"
SONGS = DATA / "annotations" / "spam_5annotators.jsonl"

pytestmark = pytest.mark.skipif(
    not all(path.exists() for path in (FILMS, FIGURES, SONGS)), reason=f"no data set at {DATA}"
)
TOLERANCES = "0,1,2,3,4,5,10"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def assert_equals_the_reference(found: list[dict[str, str]]) -> int:
    expected = rows(FIGURES)
    assert len(found) == len(expected) == 7
    n_compared = 0
    for row, reference in zip(found, expected, strict=True):
        for name in set(row) & set(reference):
            n_compared += 1
            if name in ("frame_agree", "frame_kappa"):
                assert float(row[name]) == pytest.approx(float(reference[name]), abs=1e-9), name
            else:
                assert row[name] == reference[name], (reference["item"], name)
    return n_compared


def test_every_shared_column_equals_the_references(segue: Segue, write: Write) -> None:
    out = write(name="out.csv")
    assert segue("compare", FILMS, "--tolerance", TOLERANCES, "--csv", out).status == 0
    # item, two names, 4 sizes, 7 + 7 + 1 counts, frame_agree, frame_kappa; of 7 pairs.
    assert assert_equals_the_reference(rows(out)) == 7 * 24


def test_seconds_alone_give_the_same_frames(segue: Segue, write: Write) -> None:
    """The films' seconds were divided by 23.976 as written; read so, every frame comes back."""
    lines = [json.loads(line) for line in FILMS.read_text().splitlines()]
    n_boundaries = 0
    for line in lines:
        for segment in line["segments"]:
            del segment["start_frame"], segment["end_frame"]
            n_boundaries += 2
    out = write(name="out.csv")
    ran = segue("compare", write(*lines), "--tolerance", TOLERANCES, "--csv", out)
    assert_equals_the_reference(rows(out))
    assert f"{n_boundaries:,} boundaries given in seconds" in ran.out
    assert "fps 23.9759 was read as written. Were 24000/1001 meant, 530 boundaries" in ran.out


@pytest.mark.parametrize("command", ["compare", "check"])
def test_seconds_without_a_rate_are_refused(command: str, segue: Segue, write: Write) -> None:
    rules = write("{name: t, version: 1, layers: [{labels: [{name: A}]}]}", name="t.yaml")
    ran = segue(command, SONGS, "--taxonomy", rules)
    assert (ran.status, ran.out) == (2, "")
    assert "line 1: segment 1: only start_s is given, and fps is not." in ran.err


def test_five_annotators_are_ten_pairs_an_item(segue: Segue, write: Write) -> None:
    """With a rate given: the songs' annotators, at a hundred frames a second."""
    lines = [json.loads(line) | {"fps": 100} for line in SONGS.read_text().splitlines()]
    out, document = write(name="out.csv"), write(name="out.json")
    assert segue("compare", write(*lines), "--csv", out, "--json", document).status == 0
    items = json.loads(document.read_text())["items"]
    assert len(rows(out)) == sum(len(item["pairs"]) for item in items) == 500
    assert all(item["panel"]["medoid"] in item["annotators"] for item in items)
