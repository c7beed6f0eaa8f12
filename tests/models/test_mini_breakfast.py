"""Five Breakfast videos with given features: a smoke test of the whole way, and no evidence.

Five clips of one recipe can say nothing about accuracy; what counts is that text features become
a feature file, training runs with one source held out and another for the choice of the epoch,
and what comes out keeps the taxonomy and can be measured.
"""

from fractions import Fraction
from itertools import groupby

import numpy as np
import pytest

from models.features import Group, write_rows
from models.temporal.dataset import LabelledClip
from models.temporal.evaluate import evaluate_drafts
from models.temporal.infer import NetModel, propose_segments
from models.temporal.network import NetworkConfig
from models.temporal.settings import TrainConfig
from models.temporal.train import train
from services.domain.sanity.check import check_submission
from services.domain.segments import Segment, Segmentation, SubmittedSegment
from services.domain.taxonomy import Taxonomy
from tests.videos import SHARED_DATA

MINI = SHARED_DATA / "tas_mini_breakfast"
BACKGROUND = "SIL"
NETWORK = NetworkConfig(
    channels=16, n_prediction_layers=7, n_refinements=1, n_refinement_layers=6, dropout=0.3
)
CONFIG = TrainConfig(network=NETWORK, n_epochs=6, least_batches=3, learning_rate=3e-3)

pytestmark = pytest.mark.skipif(not MINI.is_dir(), reason="shared data is not there")


def segmentation(labels):
    segments, at = [], 0
    for label, run in groupby(labels):
        n_frames = len(list(run))
        if label != BACKGROUND:
            segments.append(Segment(label=label, onset=at, offset=at + n_frames))
        at += n_frames
    return Segmentation.of(segments, n_frames=at)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mini")
    found = []
    for path in sorted((MINI / "features" / "coffee").glob("*.txt")):
        rows = np.loadtxt(path, dtype=np.float32)
        truth = segmentation((MINI / "groundTruth" / path.stem).read_text().split())
        features = write_rows(
            folder / f"{path.stem}.npy", rows, extractor="breakfast-64@1", rate=Fraction(15),
            groups=(Group(name="given", width=64),),
        )  # fmt: skip
        person = path.stem.split("_")[0]
        found.append(LabelledClip(name=path.stem, source=person, features=features, truth=truth))
    return found


@pytest.mark.slow
def test_leave_one_out_runs_from_text_features_to_figures(clips, tmp_path, capsys):
    assert len(clips) == 5
    names = sorted({segment.label for clip in clips for segment in clip.truth})
    taxonomy = Taxonomy.parse(
        {"name": "coffee", "version": 1, "layers": [{"labels": [{"name": n} for n in names]}]}
    )
    drafts = []
    for number, left_out in enumerate(clips):
        others = [clip for clip in clips if clip is not left_out]
        chosen_by = others[number % len(others)].source
        done = train(others, taxonomy, CONFIG, tmp_path / left_out.name, held_out=[chosen_by])
        found = propose_segments(NetModel(done.checkpoint), left_out.features)
        submitted = [
            SubmittedSegment(
                region_id=str(i), layer=s.layer, label=s.label, onset=s.onset, offset=s.offset
            )
            for i, s in enumerate(found.segments)
        ]
        report = check_submission(submitted, n_frames=left_out.truth.n_frames, taxonomy=taxonomy)
        assert not [f for f in report.findings if f.severity == "error"]
        drafts.append((left_out.truth, found.segments))
    figures = evaluate_drafts(drafts, taxonomy=taxonomy).as_json()
    with capsys.disabled():
        print(f"\n  mini Breakfast, leave one out, no evidence: {figures}")  # noqa: T201
    assert figures["n_clips"] == 5
    assert 0 <= figures["accuracy"] <= 1
    assert figures["edit"] is not None
