"""Every column that mir_eval, sed_eval and scikit-learn computed for seven films, recomputed.

Three columns are no figures of Segue's, and ``NOT_OURS`` says why. A test of their own works
them out from the product's boundaries and cells: a statement about those, and about nothing
that Segue reports.

The data lie beside the checkout, not in it; without them these tests say so and rest.
"""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.domain.metrics.boundaries import match_boundaries_at
from services.domain.metrics.framewise import overlay
from services.domain.metrics.pair import measure_pair
from services.domain.metrics.partition import Partition, partition, rows_of
from services.domain.segments import Segment
from tests.domain.metrics.notation import TOLERANCES

DATA = Path(__file__).parents[4] / "shared" / "data"
OPINIONS = DATA / "annotations" / "mobygaze_dual_dev.jsonl"
FIGURES = DATA / "reference" / "mobygaze_dev_pairs.csv"

pytestmark = pytest.mark.skipif(
    not (OPINIONS.exists() and FIGURES.exists()), reason=f"no data set at {DATA}"
)

TEXTS = ("item", "annotator_a", "annotator_b")
NOT_OURS = {
    "dev_a2b_s": "a median does not add up over clips; Segue keeps sums of signed deltas",
    "dev_b2a_s": "as that one",
    "frame_kripp_alpha_nominal": "takes frames for units that were given; Segue has kappa over "
    "frames, and Krippendorff's alphas for units that were found",
}
CLOSE = 1e-9
"""The file gives nine digits."""
ROUNDED = 1e-5
"""mir_eval rounds times to five digits before it measures distances."""


Opinion = dict[str, Any]


@pytest.fixture(scope="module")
def pairs() -> list[tuple[dict[str, str], Opinion, Opinion]]:
    with OPINIONS.open() as lines:
        read = [json.loads(line) for line in lines]
    opinions = {(one["item"], one["annotator"]): one for one in read}
    with FIGURES.open() as lines:
        figures = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    found = []
    for row in figures:
        one, other = (opinions[row["item"], row[f"annotator_{side}"]] for side in "ab")
        found.append((row, one, other))
    return found


def test_all_seven_films_are_there(pairs: list[tuple[dict[str, str], Opinion, Opinion]]) -> None:
    assert len(pairs) == 7


def test_every_column_of_ours_is_equal(
    pairs: list[tuple[dict[str, str], Opinion, Opinion]],
) -> None:
    for row, one, other in pairs:
        ours = _figures(one, other)
        assert sorted(ours) == sorted(set(row) - set(TEXTS) - set(NOT_OURS))
        for name, value in ours.items():
            theirs = row[name]
            if isinstance(value, int):
                assert value == int(theirs), (row["item"], name)
            else:
                assert value == pytest.approx(float(theirs), abs=CLOSE), (row["item"], name)


def test_the_other_columns_follow_from_our_boundaries_and_cells(
    pairs: list[tuple[dict[str, str], Opinion, Opinion]],
) -> None:
    for row, one, other in pairs:
        found = _from_partitions(one, other)
        assert sorted(found) == sorted(NOT_OURS)
        for name, value in found.items():
            within = ROUNDED if name.startswith("dev_") else CLOSE
            assert value == pytest.approx(float(row[name]), abs=within), (row["item"], name)


def _read(opinion: Opinion) -> list[Segment]:
    return [
        Segment(label=s["label"], onset=s["start_frame"], offset=s["end_frame"])
        for s in opinion["segments"]
    ]


def _figures(one: Opinion, other: Opinion) -> dict[str, Any]:
    a, b = _read(one), _read(other)
    n_frames, fps = max(one["n_frames"], other["n_frames"]), one["fps"]
    found = measure_pair(a, b, n_frames=n_frames, tolerances=TOLERANCES)
    three = TOLERANCES.index(3)
    figures: dict[str, Any] = {
        "fps": fps,
        "n_frames": found.frames.n_frames,
        "n_seg_a": found.n_seg_a,
        "n_seg_b": found.n_seg_b,
        "n_bound_a": found.n_bound_a,
        "n_bound_b": found.n_bound_b,
        "frame_agree": found.frame_agree,
        "frame_kappa": found.frame_kappa,
        "seg_match_anylabel_tol3f": found.seg_match_anylabel[three],
        "sed_tol3f_labelmatch_tp": found.seg_match_label[three],
        "sed_tol3f_n_a": found.n_seg_a,
        "sed_tol3f_n_b": found.n_seg_b,
        # Right in time, wrong in label: what the labels keep from matching.
        "sed_tol3f_subst": found.seg_match_anylabel[three] - found.seg_match_label[three],
    }
    for place, tolerance in enumerate(TOLERANCES):
        figures[f"bound_match_tol{tolerance}f"] = found.bound_match[place]
        figures[f"seg_match_label_tol{tolerance}f"] = found.seg_match_label[place]
    for side, segments in (("a", a), ("b", b)):
        figures[f"overlaps_{side}"] = sum(x.offset > y.onset for x, y in pairwise(segments))
        figures[f"gaps_{side}"] = sum(x.offset < y.onset for x, y in pairwise(segments))
    return figures | _hit_rates(_partitions(one, other), fps=fps)


def _partitions(one: Opinion, other: Opinion) -> tuple[Partition, Partition]:
    a, b = _read(one), _read(other)
    length = max(one["n_frames"], other["n_frames"], *(s.offset for s in (*a, *b)))
    first, second = (partition(rows_of(side), n_frames=length) for side in (a, b))
    return first, second


def _hit_rates(sides: tuple[Partition, Partition], *, fps: float) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    one, other = (side.boundaries for side in sides)
    for window_s in (0.5, 3.0):
        (matched,) = match_boundaries_at(one, other, tolerances=[floor(window_s * fps)]).counts
        name = f"seg_det_{window_s}s_trim"
        figures[f"{name}_P"] = matched / len(other)
        figures[f"{name}_R"] = matched / len(one)
        figures[f"{name}_F"] = 2 * matched / (len(one) + len(other))
    return figures


def _from_partitions(one: Opinion, other: Opinion) -> dict[str, float]:
    sides = _partitions(one, other)
    far = np.abs(np.subtract.outer(*(side.boundaries for side in sides)))
    laid = overlay(*sides)
    classes = [laid.classes_a[laid.runs_a], laid.classes_b[laid.runs_b]]
    return {
        "dev_a2b_s": float(np.median(far.min(axis=1))) / one["fps"],
        "dev_b2a_s": float(np.median(far.min(axis=0))) / one["fps"],
        "frame_kripp_alpha_nominal": _coded_alpha(classes, laid.n_frames),
    }


def _coded_alpha(classes: list[np.ndarray], n_frames: np.ndarray) -> float:
    """Krippendorff's alpha over frames as units that are given, not found."""
    n_values = 2 * int(n_frames.sum())
    of_class = sum(np.bincount(side, weights=n_frames, minlength=9) for side in classes)
    observed = 2 * int(n_frames[classes[0] != classes[1]].sum()) / n_values
    expected = (n_values**2 - float(of_class @ of_class)) / (n_values * (n_values - 1))
    return 1 - observed / expected
