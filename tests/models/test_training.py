"""Training on sequences with a known grammar: it learns, repeats, resumes and refuses."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save

from models.coldstart import draft_layer
from models.prelabel import load_model, propose_warm
from models.synthetic_grammar import Difficulty, draw_sequence, grammar_taxonomy
from models.temporal import train as training
from models.temporal.checkpoint import load_checkpoint, read_tensors, save_checkpoint, write_tensors
from models.temporal.dataset import LabelledClip, split_by_source
from models.temporal.evaluate import evaluate_drafts
from models.temporal.infer import NetModel, propose_segments
from models.temporal.network import NetworkConfig
from models.temporal.settings import TrainConfig
from models.temporal.train import PROGRESS, train
from services.domain.errors import InputError
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy

TAXONOMY = grammar_taxonomy()
NETWORK = NetworkConfig(
    channels=16, n_prediction_layers=6, n_refinements=1, n_refinement_layers=5, dropout=0.2
)
CONFIG = TrainConfig(network=NETWORK, n_epochs=12, least_batches=6, learning_rate=4e-3)
BRIEF = replace(CONFIG, n_epochs=3, least_batches=2)


def clips(folder, n_clips, *, first=0, difficulty=None, n_segments=8):
    made = []
    for seed in range(first, first + n_clips):
        features, truth = draw_sequence(
            folder / f"{seed}.npy",
            seed=seed,
            difficulty=difficulty or Difficulty(noise=0.7),
            n_segments=n_segments,
        )
        made.append(
            LabelledClip(name=f"c{seed}", source=f"s{seed // 2}", features=features, truth=truth)
        )
    return made


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return train(clips(folder, 12), TAXONOMY, CONFIG, folder / "run")


def drafts_of(model, seen):
    return [(clip.truth, propose_segments(model, clip.features).segments) for clip in seen]


def test_it_learns_a_grammar_and_beats_the_cold_start(tmp_path, trained):
    unseen = clips(tmp_path, 8, first=500)
    model = NetModel(trained.checkpoint)
    warm = evaluate_drafts(drafts_of(model, unseen), taxonomy=TAXONOMY)
    cold = evaluate_drafts(
        [(clip.truth, draft_layer(clip.features, TAXONOMY.layers[0])) for clip in unseen],
        taxonomy=TAXONOMY,
    )
    figures = warm.as_json()
    assert figures["accuracy"] > 0.8
    assert figures["edit"] > 0.75
    assert figures["f1_50"] > 0.7
    assert warm.selection > cold.selection + 0.2
    assert abs(figures["onset_bias"]) < 3


def test_the_card_says_what_made_it(trained):
    card = trained.checkpoint.card
    assert card.taxonomy == TAXONOMY
    assert card.extractor == "synthetic@1"
    assert card.metrics == {"on": "validation", **trained.evaluation.as_json()}
    assert card.training["seed"] == 0
    assert set(card.metrics) >= {"accuracy", "edit", "f1_10", "f1_25", "f1_50", "boundary_mae"}
    assert len(card.data_hash) == 64
    assert card.held_out
    assert trained.best_epoch <= trained.n_epochs <= CONFIG.n_epochs
    assert [path.name for path in trained.path.parent.iterdir()] == ["model.safetensors"]


def test_equal_training_gives_equal_bytes_and_another_seed_others(tmp_path):
    data = clips(tmp_path, 4)
    runs = [
        train(order, TAXONOMY, replace(BRIEF, seed=seed), tmp_path / name).path.read_bytes()
        for name, order, seed in (("a", data, 1), ("b", data[::-1], 1), ("c", data, 2))
    ]
    assert runs[0] == runs[1], "the order of the clips does not matter either"
    assert runs[0] != runs[2]


def test_layers_whose_labels_overlap_are_learnt_beside_an_exclusive_one(tmp_path):
    extra = {
        "name": "extra",
        "exclusive": False,
        "labels": [{"name": "wet"}, {"name": "busy"}],
    }
    document = TAXONOMY.model_dump(mode="json")
    both = Taxonomy.parse(document | {"layers": [*document["layers"], extra]})
    means = {"wet": ("pour", "stir"), "busy": ("pour", "take", "wipe")}

    def marked(clip):
        more = [
            Segment(label=name, onset=segment.onset, offset=segment.offset, layer="extra")
            for segment in clip.truth
            for name, labels in means.items()
            if segment.label in labels
        ]
        truth = Segmentation.of([*clip.truth, *more], n_frames=clip.truth.n_frames)
        return replace(clip, truth=truth)

    done = train([marked(one) for one in clips(tmp_path, 12)], both, CONFIG, tmp_path / "run")
    unseen = [marked(one) for one in clips(tmp_path, 4, first=700)]
    found = [propose_segments(NetModel(done.checkpoint), one.features).segments for one in unseen]
    assert any(a.overlap(b) and a.label != b.label for s in found for a in s for b in s)
    figures = evaluate_drafts(
        zip((one.truth for one in unseen), found, strict=True), taxonomy=both
    ).as_json()
    assert figures["accuracy"] > 0.8
    assert figures["f1_50"] > 0.6


class KilledError(Exception):
    pass


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_killed_training_goes_on_as_if_it_had_not_been(tmp_path, epoch):
    data = clips(tmp_path, 4)
    straight = train(data, TAXONOMY, BRIEF, tmp_path / "straight")

    def kill(number, loss, evaluation):
        if number == epoch:
            raise KilledError

    with pytest.raises(KilledError):
        train(data, TAXONOMY, BRIEF, tmp_path / "killed", tick=kill)
    ticked = []
    resumed = train(
        data, TAXONOMY, BRIEF, tmp_path / "killed", tick=lambda number, *_: ticked.append(number)
    )
    assert ticked == list(range(epoch + 1, BRIEF.n_epochs + 1))
    assert resumed.path.read_bytes() == straight.path.read_bytes()


def test_progress_of_another_training_is_not_taken_up(tmp_path):
    data = clips(tmp_path, 4)

    def kill(*_):
        raise KilledError

    with pytest.raises(KilledError):
        train(data, TAXONOMY, BRIEF, tmp_path / "run", tick=kill)
    assert (tmp_path / "run" / PROGRESS).is_file()
    with pytest.raises(InputError, match="another") as caught:
        train(data, TAXONOMY, replace(BRIEF, seed=9), tmp_path / "run")
    assert caught.value.code == "other_training"


def test_it_stops_when_nothing_gets_better(tmp_path, monkeypatch):
    stuck = evaluate_drafts([], taxonomy=TAXONOMY)
    monkeypatch.setattr(training._Training, "_evaluate", lambda self, net: stuck)
    config = replace(BRIEF, n_epochs=50, patience=2, least_batches=1)
    done = train(clips(tmp_path, 4, n_segments=3), TAXONOMY, config, tmp_path / "run")
    assert (done.best_epoch, done.n_epochs) == (1, 3)


def test_no_source_is_on_both_sides(tmp_path):
    data = clips(tmp_path, 20, n_segments=2)
    for seed in range(5):
        learnt, kept = split_by_source(data, share=0.3, seed=seed)
        assert learnt
        assert kept
        assert not {clip.source for clip in learnt} & {clip.source for clip in kept}
        assert len(learnt) + len(kept) == 20
        few = [clip for clip in data if clip.source != "s7"]
        kept_of_few = split_by_source(few, share=0.3, seed=seed)[1]
        assert {c.name for c in kept_of_few} <= {c.name for c in kept}, "sources stay on a side"


def test_too_little_or_mixed_data_is_refused(tmp_path):
    data = clips(tmp_path, 4, n_segments=2)
    with pytest.raises(InputError, match="two sources") as caught:
        train(data[:2], TAXONOMY, BRIEF, tmp_path / "run")
    assert caught.value.code == "too_few_clips"
    with pytest.raises(InputError, match="no accepted clip"):
        train([], TAXONOMY, BRIEF, tmp_path / "run")
    with pytest.raises(InputError, match="one name"):
        train([data[0], data[0], data[3]], TAXONOMY, BRIEF, tmp_path / "run")
    other = replace(data[0], features=replace(data[0].features, extractor="other@1"))
    with pytest.raises(InputError, match="several kinds"):
        train([other, *data[1:]], TAXONOMY, BRIEF, tmp_path / "run")
    short = replace(data[0], truth=Segmentation.of([], n_frames=7))
    with pytest.raises(InputError, match="its labels are for 7 frames"):
        train([short, *data[1:]], TAXONOMY, BRIEF, tmp_path / "run")
    with pytest.raises(InputError, match="Both sides"):
        train(data, TAXONOMY, BRIEF, tmp_path / "run", held_out=["nobody"])


def test_a_checkpoint_reads_back_and_is_named_by_its_bytes(tmp_path, trained):
    found = load_model(trained.path)
    assert found.model_id == trained.checkpoint.model_id
    assert found.model_id.startswith("ms-tcn++@")
    (clip,) = clips(tmp_path, 1, first=900)
    draft = propose_warm(clip.features, found, taxonomy=TAXONOMY)
    assert draft == propose_warm(clip.features, load_model(trained.path), taxonomy=TAXONOMY)
    assert draft.model == found.model_id
    assert 0 <= draft.details["uncertainty"] <= 1
    assert len(draft.details["embedding"]) == NETWORK.channels
    assert draft.details["space"] == found.model_id
    assert all(0 <= segment.score <= 1 for segment in draft.segments)
    assert draft.segments[0].onset_spread == 0 or draft.segments[0].onset > 0


def test_a_model_for_other_labels_or_features_is_refused(tmp_path, trained):
    (clip,) = clips(tmp_path, 1)
    model = load_model(trained.path)
    newer = Taxonomy.parse(TAXONOMY.model_dump(mode="json") | {"version": 2})
    with pytest.raises(InputError, match=r"grammar version 1 .* not for .* version 2") as caught:
        propose_warm(clip.features, model, taxonomy=newer)
    assert caught.value.code == "taxonomy_mismatch"
    other = replace(clip.features, extractor="synthetic@2")
    with pytest.raises(InputError, match="reads synthetic@1 features") as caught:
        propose_warm(other, model, taxonomy=TAXONOMY)
    assert caught.value.code == "feature_mismatch"


@pytest.mark.parametrize("size", [0, 5, 100, 3000, -1])
def test_a_cut_off_checkpoint_is_refused(tmp_path, trained, size):
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(trained.path.read_bytes()[:size])
    with pytest.raises(InputError, match=r"cut\.safetensors is no whole safetensors") as caught:
        load_checkpoint(cut)
    assert caught.value.code == "checkpoint"


def test_strange_files_are_refused_with_what_is_wrong(tmp_path, trained):
    path = tmp_path / "m.safetensors"
    with pytest.raises(InputError, match="There is no model file"):
        load_checkpoint(path)
    path.write_bytes(b"hello, this is no model")
    with pytest.raises(InputError, match="no whole safetensors"):
        load_checkpoint(path)
    tensors, header = read_tensors(trained.path)
    write_tensors(path, tensors, header | {"format": 9})
    with pytest.raises(InputError, match="format 9"):
        load_checkpoint(path)
    write_tensors(path, tensors, header | {"dim": 17})
    with pytest.raises(InputError, match="do not fit together"):
        load_checkpoint(path)
    write_tensors(path, tensors, header | {"taxonomy_hash": "0" * 64})
    with pytest.raises(InputError, match="not the one its hash names"):
        load_checkpoint(path)
    broken = {name: tensor * float("nan") for name, tensor in tensors.items()}
    write_tensors(path, broken, header)
    with pytest.raises(InputError, match="not finite"):
        load_checkpoint(path)
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(InputError, match="none of Segue's"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("extractor", 5, "no extractor"),
        ("dim", 10**9, "no extractor"),
        ("dim", True, "no extractor"),
        ("network", {"n_refinements": 1_000_000}, "8 refinements"),
        ("network", {"n_refinement_layers": 60}, "16 layers"),
        ("network", {"channels": 10**6}, "1024 channels"),
        ("network", {"rate_hz": float("inf")}, "rate_hz"),
        ("network", {"channels": 1024}, "do not fit together"),
        ("network", {"channels": "many"}, "do not fit together"),
    ],
)
def test_a_header_that_asks_for_too_much_is_refused(tmp_path, trained, field, value, said):
    path = tmp_path / "m.safetensors"
    tensors, header = read_tensors(trained.path)
    changed = header[field] | value if isinstance(value, dict) else value
    text = json.dumps(header | {field: changed})
    path.write_bytes(save(tensors, metadata={"segue": text}))
    with pytest.raises(InputError, match=said):
        load_checkpoint(path)


@pytest.mark.parametrize("text", ["[" * 200_000, "[" + "0," * 2**23 + "0]"])
def test_a_header_of_no_depth_or_size_is_refused(tmp_path, text):
    path = tmp_path / "m.safetensors"
    path.write_bytes(save({"a": torch.zeros(2)}, metadata={"segue": text}))
    with pytest.raises(InputError, match="no whole safetensors file") as caught:
        load_checkpoint(path)
    assert caught.value.code == "checkpoint"


def test_what_is_saved_twice_is_the_same_file(tmp_path, trained):
    again = tmp_path / "again.safetensors"
    save_checkpoint(again, trained.checkpoint.net, trained.checkpoint.card)
    assert again.read_bytes() == trained.path.read_bytes()
