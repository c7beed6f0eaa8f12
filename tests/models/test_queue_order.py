"""Ordered labelling against random, in small; the figures are in tests/benchmarks."""

from fractions import Fraction

import numpy as np
import pytest

from models.features import Group, write_rows
from models.synthetic_grammar import grammar_taxonomy
from models.temporal.dataset import LabelledClip
from models.temporal.evaluate import evaluate_drafts
from models.temporal.infer import threads
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy
from tests.models.budgets import (
    FIGURES,
    ORDERED,
    RANDOM,
    Difference,
    Office,
    Pool,
    World,
    curves,
    difference,
    draw_pool,
    figure,
    light,
    share_thrown_out,
    temporal,
)
from tests.models.test_mini_breakfast import MINI, segmentation

TINY = World(rare=0.1, n_pool=24, n_test=6, n_segments=5)
FEW_RARE = World(rare=0.06, noise=2.0)


@pytest.mark.slow
def test_ordered_beats_random_where_some_of_the_grammar_is_rare(tmp_path):
    """Three pools; many more, with intervals, in tests/benchmarks/test_active_learning.py."""
    runs = []
    for seed in (601, 602, 603):
        pool = draw_pool(tmp_path / f"{seed}", FEW_RARE, seed=seed)
        runs.append(
            curves(
                pool, tmp_path, {"ordered": ORDERED, "random": RANDOM}, budgets=(6, 12, 20),
                seed=seed, learner=light,
            )
        )  # fmt: skip
    for points in runs[0].values():
        assert [point.n_labelled for point in points] == [12, 20]
    gained = difference(runs, "ordered", "random", test="whole grammar", name="f1_50")
    assert gained.mean > 0.02
    assert gained.wins >= 2
    as_pool = difference(runs, "ordered", "random", test="as the pool", name="f1_50")
    assert as_pool.mean > -0.03, "what is common is learnt about as well"


def test_an_office_labels_by_the_rules_and_never_twice(tmp_path):
    pool = draw_pool(tmp_path / "pool", TINY, seed=501)
    office = Office(pool, tmp_path / "run", seed=501, learner=light)
    office.label(4, RANDOM)
    other = office.like(tmp_path / "other")
    point = other.label(12, ORDERED)
    assert [clip.name for clip in other.labelled[:4]] == [clip.name for clip in office.labelled]
    assert len({clip.name for clip in other.labelled}) == 12
    assert len(office.labelled) == 4
    assert {"uncertain", "diverse", "typical"} <= set(map(str, other.strata))
    assert set(other.thrown_out) == {clip.name for clip in other.labelled[4:]}
    assert all(0 <= figure(one, "f1_50") <= 1 for one in point.figures.values())


@pytest.mark.slow
def test_the_model_itself_gives_what_the_queue_needs(tmp_path):
    pool = draw_pool(tmp_path / "pool", TINY, seed=502)
    with threads(1):
        draft = temporal(pool.clips[:6], pool.taxonomy, tmp_path / "run", 0)
    found = [draft(clip) for clip in pool.clips[6:12]]
    assert all(0 < one.uncertainty < 1 for one in found)
    assert {len(one.embedding) for one in found} == {16}


@pytest.mark.slow
@pytest.mark.skipif(not MINI.is_dir(), reason="shared data is not there")
def test_mini_breakfast_goes_the_whole_way(tmp_path, capsys):
    """Five videos of one recipe: a smoke test that cannot tell one order from another."""
    clips, taxonomy = mini_breakfast(tmp_path)
    runs = []
    for number, left_out in enumerate(clips):
        others = tuple(clip for clip in clips if clip is not left_out)
        pool = Pool(clips=others, tests={"left out": (left_out,)}, taxonomy=taxonomy)
        orders = {"ordered": ORDERED, "random": RANDOM}
        runs.append(curves(pool, tmp_path, orders, budgets=(1, 2, 3), seed=number, learner=light))
    with capsys.disabled():
        for name in FIGURES:
            gained = difference(runs, "ordered", "random", test="left out", name=name)
            print(f"\n  mini Breakfast, no evidence: {name} {gained}", end="")  # noqa: T201
    for run in runs:
        assert all(figure(point.figures["left out"], "edit") > 0 for point in run["ordered"])


def mini_breakfast(folder):
    clips = []
    for path in sorted((MINI / "features" / "coffee").glob("*.txt")):
        truth = segmentation((MINI / "groundTruth" / path.stem).read_text().split())
        features = write_rows(
            folder / f"{path.stem}.npy", np.loadtxt(path, dtype=np.float32), rate=Fraction(15),
            extractor="breakfast-64@1", groups=(Group(name="given", width=64),),
        )  # fmt: skip
        clips.append(
            LabelledClip(
                name=path.stem, source=path.stem.split("_")[0], features=features, truth=truth
            )
        )
    names = sorted({segment.label for clip in clips for segment in clip.truth})
    layers = [{"labels": [{"name": name} for name in names]}]
    return clips, Taxonomy.parse({"name": "coffee", "version": 1, "layers": layers})


def test_what_people_throw_out_is_counted_by_segment():
    truth = Segmentation.of([Segment(label="a", onset=0, offset=10)], n_frames=40)
    kept = Segment(label="a", onset=9, offset=20)
    wrong = Segment(label="b", onset=0, offset=10)
    beside = Segment(label="a", onset=20, offset=30)
    assert share_thrown_out([], truth) == 0
    assert share_thrown_out([kept], truth) == 0
    assert share_thrown_out([kept, wrong, beside], truth) == pytest.approx(2 / 3)


def test_differences_are_paired_and_have_an_interval():
    found = Difference(values=(0.1, 0.2, -0.1, 0.2))
    assert found.mean == pytest.approx(0.1)
    low, high = found.interval
    # Student's t with 3 degrees of freedom: 3.182 standard errors of 0.0707.
    assert (low, high) == pytest.approx((0.1 - 0.225, 0.1 + 0.225), abs=1e-3)
    assert found.wins == 3
    assert str(found) == "+0.100 [-0.125, +0.325], better on 3 of 4"


def test_what_is_undefined_counts_as_the_worst():
    nothing = evaluate_drafts([], taxonomy=grammar_taxonomy())
    assert figure(nothing, "f1_50") == 0
    assert figure(nothing, "boundary_mae") == 30
