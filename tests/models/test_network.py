import numpy as np
import pytest
import torch

from models.synthetic_grammar import Difficulty, draw_sequence, grammar_taxonomy
from models.temporal.checkpoint import Card, Checkpoint
from models.temporal.dataset import Pooled
from models.temporal.infer import NetModel, propose_segments
from models.temporal.losses import (
    Balance,
    Targets,
    boundary_loss,
    class_loss,
    smoothness,
    total_loss,
)
from models.temporal.network import NetworkConfig, TemporalNet
from models.temporal.tracks import IGNORED, tracks_of
from models.temporal.view import seen_by
from services.domain.errors import InputError
from services.domain.taxonomy import Taxonomy

SMALL = NetworkConfig(
    channels=8, n_prediction_layers=4, n_refinements=1, n_refinement_layers=4, n_boundary_layers=2
)


def net(dim=5, sizes=(3, 2), config=SMALL, seed=0):
    torch.manual_seed(seed)
    return TemporalNet(config, dim=dim, track_sizes=sizes).eval()


def model_for(taxonomy, dim, seed=0):
    sizes = tuple(track.n_classes for track in tracks_of(taxonomy))
    card = Card(
        network=SMALL, extractor="synthetic@1", dim=dim, taxonomy=taxonomy, training={},
        data_hash="", metrics={}, trained_on=(), held_out=(),
    )  # fmt: skip
    made = Checkpoint(net=net(dim, sizes, seed=seed), card=card, sha256="0" * 64)
    return NetModel(made, device=torch.device("cpu"))


def test_shapes_and_probabilities():
    model = net()
    x = torch.randn(2, 5, 30)
    out = model(x, torch.ones(2, 1, 30))
    assert [tuple(stage.shape) for stage in out.stages] == [(2, 5, 30)] * 2
    assert out.boundaries.shape == (2, 4, 30)
    assert out.hidden.shape == (2, 8, 30)
    shares = model.shares(out.stages[-1])
    assert torch.allclose(shares[:, :3].sum(1), torch.ones(2, 30), atol=1e-6)
    assert torch.allclose(shares[:, 3:].sum(1), torch.ones(2, 30), atol=1e-6)


def test_padding_changes_nothing():
    model, x = net(), torch.randn(1, 5, 40)
    alone = model(x, torch.ones(1, 1, 40))
    padded = torch.cat([x, torch.randn(1, 5, 25)], dim=2)
    mask = torch.cat([torch.ones(1, 1, 40), torch.zeros(1, 1, 25)], dim=2)
    together = model(padded, mask)
    for a, b in zip(
        (*alone.stages, alone.boundaries), (*together.stages, together.boundaries), strict=True
    ):
        assert torch.allclose(a, b[:, :, :40], atol=1e-6)


def test_an_output_depends_on_no_step_beyond_the_halo():
    model, halo, at = net(), SMALL.halo, 200
    x = torch.randn(1, 5, 401)
    mask = torch.ones(1, 1, 401)
    before = model(x, mask)
    for reach, changes in ((halo + 1, False), (2, True)):
        other = x.clone()
        other[:, :, : at - reach + 1] += 1.0
        other[:, :, at + reach :] += 1.0
        after = model(other, mask)
        gap = (before.stages[-1] - after.stages[-1])[:, :, at].abs().max()
        assert bool(gap > 1e-5) == changes


def test_windows_see_what_the_whole_clip_sees(tmp_path):
    features, _ = draw_sequence(tmp_path / "f.npy", seed=3, difficulty=Difficulty(), n_segments=20)
    model = model_for(grammar_taxonomy(), features.dim)
    pooled = Pooled(features, SMALL.rate_hz)
    n_steps = pooled.grid.n_steps
    with seen_by(model, pooled) as whole, seen_by(model, pooled, window=50) as pieces:
        a, b = (seen.evidence(0, 0, n_steps) for seen in (whole, pieces))
        assert np.allclose(a.logs, b.logs, atol=1e-4)
        assert np.allclose(a.heat, b.heat, atol=1e-5)
        assert whole.uncertainty == pytest.approx(pieces.uncertainty, abs=1e-5)
        assert whole.embedding == pytest.approx(pieces.embedding, abs=1e-4)
    assert 0 < whole.uncertainty <= 1
    assert len(whole.embedding) == SMALL.channels
    at_once = propose_segments(model, features).segments
    in_turn = propose_segments(model, features, stretch=150, margin=40).segments
    assert [(s.label, s.onset, s.offset) for s in in_turn] == [
        (s.label, s.onset, s.offset) for s in at_once
    ]


def test_a_segment_longer_than_a_stretch_is_one(tmp_path):
    """Fresh weights say the same everywhere, so that the best path is one long piece."""
    features, _ = draw_sequence(tmp_path / "f.npy", seed=3, difficulty=Difficulty(), n_segments=20)
    model = model_for(grammar_taxonomy(), features.dim)
    for parameter in model.net.parameters():
        parameter.data.zero_()
    assert len(propose_segments(model, features, stretch=64, margin=16).segments) <= 1


def test_results_do_not_depend_on_threads_or_precision(tmp_path):
    """The stand-in for a GPU, which no test here has: other kernels, other orders of sums."""
    features, _ = draw_sequence(tmp_path / "f.npy", seed=1, difficulty=Difficulty())
    model = model_for(grammar_taxonomy(), features.dim)
    x = torch.from_numpy(features.read(0, 500).T.copy())
    before = torch.get_num_threads()
    try:
        seen = []
        for count in (1, 2):
            torch.set_num_threads(count)
            with torch.inference_mode():
                seen.append(model.see(x)[0])
        with torch.inference_mode():
            exact = model.net.double()(x[None].double(), torch.ones(1, 1, x.shape[1]).double())
    finally:
        torch.set_num_threads(before)
    assert torch.allclose(seen[0], seen[1], atol=1e-5)
    assert torch.allclose(seen[0].double(), exact.stages[-1][0], atol=1e-4)


def test_the_loss_is_that_of_the_definition():
    torch.manual_seed(0)
    logits, weights = torch.randn(2, 3, 7), torch.tensor([0.5, 1.0, 2.0])
    wanted = torch.randint(0, 3, (2, 7))
    wanted[1, 5:] = IGNORED
    ours = class_loss(logits, wanted, weights)
    theirs = torch.nn.functional.cross_entropy(logits, wanted, weight=weights, ignore_index=IGNORED)
    assert torch.allclose(ours, theirs)
    mask = (wanted != IGNORED).float()[:, None]
    steady = torch.zeros(2, 3, 7)
    steady[:, 0] = 3
    assert smoothness(steady, mask) == 0
    jump = steady.clone()
    jump[:, :, 4:] = jump[:, [1, 0, 2], 4:] * 100
    change = smoothness(jump, mask)
    assert 0 < change <= 16, "truncated"


def test_padding_adds_nothing_to_the_loss():
    torch.manual_seed(0)
    model = net()
    x, mask = torch.randn(1, 5, 20), torch.ones(1, 1, 20)
    classes, heat = torch.randint(0, 2, (1, 2, 20)), torch.rand(1, 4, 20)
    balance = Balance((torch.ones(3), torch.ones(2)), 5.0)
    alone = total_loss(model(x, mask), Targets(classes, heat, mask), balance)
    pad = torch.nn.functional.pad
    targets = Targets(pad(classes, (0, 9), value=IGNORED), pad(heat, (0, 9)), pad(mask, (0, 9)))
    padded = total_loss(model(pad(x, (0, 9)), targets.mask), targets, balance)
    assert torch.allclose(alone, padded, atol=1e-5)
    worst = boundary_loss(torch.full((1, 4, 20), -20.0), Targets(classes, heat, mask), 5.0)
    assert worst > boundary_loss(torch.zeros(1, 4, 20), Targets(classes, heat, mask), 5.0)


def test_a_config_that_is_no_network_is_refused():
    for bad in ({"channels": 0}, {"rate_hz": 0.0}, {"dropout": 1.0}, {"n_refinements": -1}):
        with pytest.raises(InputError, match="A network needs"):
            NetworkConfig(**bad)


def test_labels_that_overlap_are_drafted_too(tmp_path):
    features, _ = draw_sequence(tmp_path / "f.npy", seed=5, difficulty=Difficulty())
    layers = [
        {"name": "main", "labels": [{"name": "a"}, {"name": "b"}]},
        {"name": "extra", "exclusive": False, "labels": [{"name": "x"}, {"name": "y"}]},
    ]
    model = model_for(
        Taxonomy.parse({"name": "two", "version": 1, "layers": layers}), features.dim, seed=4
    )
    with torch.no_grad():
        model.net.refinements[-1].leave.bias.copy_(torch.tensor([0.0, 3, 0, 0, 5, 0, 5]))
    found = propose_segments(model, features).segments
    assert {("extra", "x"), ("extra", "y")} <= {(s.layer, s.label) for s in found}
    both = [s for s in found if s.layer == "extra"]
    assert any(a.overlap(b) for a in both for b in both if a.label != b.label)
