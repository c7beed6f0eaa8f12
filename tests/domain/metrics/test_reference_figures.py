"""Every column that mir_eval, sed_eval and scikit-learn computed for seven films, recomputed.

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

from services.domain.metrics.boundaries import as_frames, match_boundaries_at, median_distance
from services.domain.metrics.framewise import overlay
from services.domain.metrics.pair import measure_pair
from services.domain.metrics.partition import partition, rows_of
from services.domain.segments import Segment
from tests.domain.metrics.notation import TOLERANCES

DATA = Path(__file__).parents[4] / "shared" / "data"
OPINIONS = DATA / "annotations" / "mobygaze_dual_dev.jsonl"
FIGURES = DATA / "reference" / "mobygaze_dev_pairs.csv"

pytestmark = pytest.mark.skipif(
    not (OPINIONS.exists() and FIGURES.exists()), reason=f"no data set at {DATA}"
)

TEXTS = ("item", "annotator_a", "annotator_b")
CLOSE = 1e-9
"""The file gives nine digits."""
ROUNDED = 1e-5
"""mir_eval rounds times to five digits before it measures distances."""


@pytest.fixture(scope="module")
def recomputed() -> list[tuple[dict[str, str], dict[str, Any]]]:
    with OPINIONS.open() as lines:
        read = [json.loads(line) for line in lines]
    opinions = {(one["item"], one["annotator"]): one for one in read}
    with FIGURES.open() as lines:
        figures = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return [
        (row, _figures(*(opinions[row["item"], row[f"annotator_{side}"]] for side in "ab")))
        for row in figures
    ]


def test_all_seven_films_are_there(
    recomputed: list[tuple[dict[str, str], dict[str, Any]]],
) -> None:
    assert len(recomputed) == 7


def test_every_column_is_equal(recomputed: list[tuple[dict[str, str], dict[str, Any]]]) -> None:
    for row, ours in recomputed:
        assert sorted(ours) == sorted(set(row) - set(TEXTS))
        for name, value in ours.items():
            theirs = row[name]
            if isinstance(value, int):
                assert value == int(theirs), (row["item"], name)
            else:
                within = ROUNDED if name.startswith("dev_") else CLOSE
                assert value == pytest.approx(float(theirs), abs=within), (row["item"], name)


def _figures(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    a, b = (
        [
            Segment(label=s["label"], onset=s["start_frame"], offset=s["end_frame"])
            for s in opinion["segments"]
        ]
        for opinion in (one, other)
    )
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
    return figures | _of_partitions(a, b, n_frames=found.frames.n_frames, fps=fps)


def _of_partitions(
    a: list[Segment], b: list[Segment], *, n_frames: int, fps: float
) -> dict[str, Any]:
    runs = [partition(rows_of(side), n_frames=n_frames) for side in (a, b)]
    one, other = (as_frames(side.boundaries) for side in runs)
    figures: dict[str, Any] = {
        "dev_a2b_s": _seconds(median_distance(one, other), fps),
        "dev_b2a_s": _seconds(median_distance(other, one), fps),
    }
    for window_s in (0.5, 3.0):
        (matched,) = match_boundaries_at(
            one.tolist(), other.tolist(), tolerances=[floor(window_s * fps)]
        ).counts
        name = f"seg_det_{window_s}s_trim"
        figures[f"{name}_P"] = matched / len(other)
        figures[f"{name}_R"] = matched / len(one)
        figures[f"{name}_F"] = 2 * matched / (len(one) + len(other))
    laid = overlay(*runs)
    classes = [laid.classes_a[laid.runs_a], laid.classes_b[laid.runs_b]]
    figures["frame_kripp_alpha_nominal"] = _coded_alpha(classes, laid.n_frames)
    return figures


def _seconds(frames: float | None, fps: float) -> float:
    assert frames is not None
    return frames / fps


def _coded_alpha(classes: list[np.ndarray], n_frames: np.ndarray) -> float:
    """Krippendorff's alpha over frames as units that are given, not found."""
    n_values = 2 * int(n_frames.sum())
    of_class = sum(np.bincount(side, weights=n_frames, minlength=9) for side in classes)
    observed = 2 * int(n_frames[classes[0] != classes[1]].sum()) / n_values
    expected = (n_values**2 - float(of_class @ of_class)) / (n_values * (n_values - 1))
    return 1 - observed / expected
