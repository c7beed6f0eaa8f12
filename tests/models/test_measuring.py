import pytest

from models.temporal.dataset import data_hash
from models.temporal.evaluate import evaluate_drafts, measure_draft
from models.temporal.infer import NetModel
from models.temporal.measuring import evaluate_model, unseen_by
from models.temporal.train import train
from services.domain.segments import Segment, Segmentation
from tests.models.test_training import BRIEF, TAXONOMY, clips

TRUTH = Segmentation.of(
    [Segment(label="take", onset=20, offset=60), Segment(label="open", onset=60, offset=90)],
    n_frames=120,
)
LATE = [Segment(label="take", onset=24, offset=62), Segment(label="open", onset=62, offset=91)]


def test_late_and_early_drafts_are_told_by_their_sign():
    figures = evaluate_drafts([(TRUTH, LATE)], taxonomy=TAXONOMY).as_json()
    assert figures["onset_bias"] == 3.0
    assert figures["offset_bias"] == 1.5
    assert figures["boundary_mae"] == pytest.approx((4 + 2 + 1) / 3, abs=1e-4)
    assert figures["edit"] == figures["f1_50"] == 1.0


def test_clips_add_up_and_nothing_is_none():
    one = measure_draft(TRUTH, LATE, taxonomy=TAXONOMY)
    both = evaluate_drafts([(TRUTH, LATE), (TRUTH, [])], taxonomy=TAXONOMY)
    assert both.n_clips == 2
    assert both.pooled == one + measure_draft(TRUTH, [], taxonomy=TAXONOMY)
    nothing = evaluate_drafts([], taxonomy=TAXONOMY)
    assert nothing.as_json()["accuracy"] is None
    assert nothing.selection == 0


def test_a_model_is_measured_on_what_has_neither_taught_it_nor_chosen_its_epoch(tmp_path):
    data = clips(tmp_path, 8)
    others = [clip for clip in data if clip.source == "s3"]
    done = train([c for c in data if c not in others], TAXONOMY, BRIEF, tmp_path / "run")
    card = done.checkpoint.card
    assert set(card.trained_on).isdisjoint(card.held_out)
    chose = [clip for clip in data if clip.source in card.held_out]
    measured = evaluate_model(NetModel(done.checkpoint), chose).as_json()
    assert card.metrics == {"on": "validation", **measured}
    assert unseen_by(data, [card]) == others


def test_the_hash_of_the_data_covers_the_features(tmp_path):
    data = clips(tmp_path, 2, n_segments=2)
    before = data_hash(data[:1], data[1:])
    assert before == data_hash(data[:1], data[1:])
    path = data[1].features.path
    rows = bytearray(path.read_bytes())
    rows[-1] ^= 1
    path.write_bytes(rows)
    assert data_hash(data[:1], data[1:]) != before
