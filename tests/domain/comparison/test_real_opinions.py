"""Two real annotators on seven films, against figures that mir_eval and sed_eval computed.

The data lie beside the checkout, not in it; without them these tests say so and rest.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.domain.comparison.compare import compare
from services.domain.comparison.pairing import heaviest_assignment
from services.domain.metrics.boundaries import match_boundaries_at
from services.domain.policy import Policy
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy

DATA = Path(__file__).parents[4] / "shared" / "data"
OPINIONS = DATA / "annotations" / "mobygaze_dual_dev.jsonl"
FIGURES = DATA / "reference" / "mobygaze_dev_pairs.csv"
TOLERANCES = (0, 1, 2, 3, 4, 5, 10)

pytestmark = pytest.mark.skipif(
    not (OPINIONS.exists() and FIGURES.exists()), reason=f"no data set at {DATA}"
)

Raw = dict[str, Any]


@pytest.fixture(scope="module")
def opinions() -> dict[tuple[str, str], Raw]:
    with OPINIONS.open() as lines:
        read = [json.loads(line) for line in lines]
    return {(one["item"], one["annotator"]): one for one in read}


@pytest.fixture(scope="module")
def figures() -> list[dict[str, str]]:
    with FIGURES.open() as lines:
        return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def boundaries(one: Raw, n_frames: int) -> list[int]:
    """Label changes of the frame-wise partition; of two overlapping segments the later wins."""
    names = sorted({segment["label"] for segment in one["segments"]})
    classes = np.zeros(n_frames, dtype=int)
    for segment in one["segments"]:
        classes[segment["start_frame"] : segment["end_frame"]] = 1 + names.index(segment["label"])
    return [int(frame) + 1 for frame in np.flatnonzero(np.diff(classes))]


def length(*ones: Raw) -> int:
    ends = [segment["end_frame"] for one in ones for segment in one["segments"]]
    return int(max(*(one["n_frames"] for one in ones), *ends))


def pairs_of(
    opinions: dict[tuple[str, str], Raw], figures: list[dict[str, str]]
) -> list[tuple[dict[str, str], Raw, Raw]]:
    return [
        (row, opinions[row["item"], row["annotator_a"]], opinions[row["item"], row["annotator_b"]])
        for row in figures
    ]


def test_boundary_matches_equal_mir_evals_on_every_pair(
    opinions: dict[tuple[str, str], Raw], figures: list[dict[str, str]]
) -> None:
    assert len(figures) == 7
    for row, one, other in pairs_of(opinions, figures):
        n_frames = length(one, other)
        a, b = boundaries(one, n_frames), boundaries(other, n_frames)
        assert (len(a), len(b)) == (int(row["n_bound_a"]), int(row["n_bound_b"])), row["item"]
        counts = match_boundaries_at(a, b, tolerances=TOLERANCES).counts
        expected = tuple(int(row[f"bound_match_tol{tolerance}f"]) for tolerance in TOLERANCES)
        assert counts == expected, row["item"]


def test_segment_matches_equal_sed_evals_on_every_pair(
    opinions: dict[tuple[str, str], Raw], figures: list[dict[str, str]]
) -> None:
    for row, one, other in pairs_of(opinions, figures):
        for tolerance in TOLERANCES:
            edges = [
                (i, j, 1)
                for i, a in enumerate(one["segments"])
                for j, b in enumerate(other["segments"])
                if a["label"] == b["label"]
                and abs(a["start_frame"] - b["start_frame"]) <= tolerance
                and abs(a["end_frame"] - b["end_frame"]) <= tolerance
            ]
            expected = int(row[f"seg_match_label_tol{tolerance}f"])
            matched = heaviest_assignment(edges, n_columns=len(other["segments"]))
            assert len(matched) == expected, (row["item"], tolerance)


def test_every_real_segment_is_agreed_or_disputed(
    opinions: dict[tuple[str, str], Raw], figures: list[dict[str, str]]
) -> None:
    names = sorted({s["label"] for one in opinions.values() for s in one["segments"]})
    labels = Taxonomy.parse(
        {"name": "films", "version": 1, "layers": [{"labels": [{"name": name} for name in names]}]}
    )
    n_pieces = 0
    for row, *pair in pairs_of(opinions, figures):
        n_frames = length(*pair)
        a, b = (
            Segmentation.of(
                (
                    Segment(label=s["label"], onset=s["start_frame"], offset=s["end_frame"])
                    for s in one["segments"]
                ),
                n_frames=n_frames,
            )
            for one in pair
        )
        comparison = compare(a, b, taxonomy=labels, policy=Policy())
        counts, disputes = comparison.counts, comparison.disputes
        assert counts.n_agreed + sum(len(item.a) for item in disputes) == int(row["n_seg_a"])
        assert counts.n_agreed + sum(len(item.b) for item in disputes) == int(row["n_seg_b"])
        # Real segments are longer than the tolerance, so sharing a frame excludes none of them.
        assert counts.n_agreed == int(row["seg_match_label_tol3f"]), row["item"]
        n_pieces += counts.n_split + counts.n_merge
    assert n_pieces > 0
