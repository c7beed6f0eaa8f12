"""The worked example: a tiny extractor and a tiny model, scripted, saved and used by path."""

import json
import zipfile

import pytest
import torch
from torch import nn

from models.external import FACTS, ScriptFeatures, ScriptModel, is_torchscript
from models.features import write_features
from models.prelabel import extractor_for, load_model, propose
from services.domain.errors import InputError
from services.domain.taxonomy import Taxonomy
from tests.videos import N_FRAMES, clip

# torch would have people export instead; what others hold today is TorchScript.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

TAXONOMY = Taxonomy.parse(
    {"name": "red", "version": 1, "layers": [{"labels": [{"name": "red"}, {"name": "other"}]}]}
)
FEATURES = {
    "kind": "features", "id": "mean-colour", "version": "1", "dim": 3, "rate_hz": 12.5,
    "width": 32, "height": 24,
}  # fmt: skip
MODEL = {
    "kind": "model", "id": "redness", "version": "3", "extractor": "mean-colour@1", "dim": 3,
    "rate_hz": 12.5, "halo": 0, "taxonomy": TAXONOMY.model_dump(mode="json"),
}  # fmt: skip


class MeanColour(nn.Module):
    """(N, 3, H, W) to (N, 3)."""

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return frames.float().mean(dim=(2, 3)) / 255


class Redness(nn.Module):
    """(3, T) to classes "nothing", "red", "other" and to boundaries where the colour jumps."""

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        red = 20 * (features[0] - features[1:].mean(dim=0))
        logits = torch.stack([torch.full_like(red, -5.0), red, -red])
        jump = (features[:, 1:] - features[:, :-1]).abs().sum(dim=0)
        heat = nn.functional.pad(40 * jump - 4, [1, 0], value=-4.0)
        return logits, torch.stack([heat, heat])


class TooWide(nn.Module):
    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return torch.zeros(frames.shape[0], 5)


class Failing(nn.Module):
    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return frames.reshape(-1, 7919)


class OneTensor(nn.Module):
    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features


class WrongClasses(nn.Module):
    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return features[:2], features[:2]


def saved(path, module, facts):
    extra = {} if facts is None else {FACTS: json.dumps(facts)}
    torch.jit.save(torch.jit.script(module), str(path), _extra_files=extra)
    return path


@pytest.fixture
def extractor(tmp_path):
    return ScriptFeatures(saved(tmp_path / "features.ts", MeanColour(), FEATURES))


@pytest.fixture
def model_path(tmp_path):
    return saved(tmp_path / "model.ts", Redness(), MODEL)


def test_features_from_elsewhere(tmp_path, extractor):
    features = write_features(clip(tmp_path), extractor, tmp_path / "f.npy")
    assert features.extractor == "mean-colour@1"
    assert (features.stride, features.dim, features.n_steps) == (2, 3, 38)
    rows = features.read(0, 38)
    assert (rows >= 0).all()
    assert (rows <= 1).all()
    assert abs(rows[3] - rows[20]).sum() > 0.05, "scenes have colours of their own"


def test_a_cold_start_on_features_from_elsewhere(tmp_path, extractor):
    draft = propose(clip(tmp_path), n_frames=N_FRAMES, taxonomy=TAXONOMY, extractor=extractor)
    onsets = [segment.onset for segment in draft.segments]
    assert all(min(abs(onset - at) for onset in onsets) <= 2 for at in (30, 55))
    assert draft.details["extractor"] == draft.details["space"] == "mean-colour@1"


def test_a_model_from_elsewhere(tmp_path, extractor, model_path):
    assert is_torchscript(model_path)
    model = load_model(model_path)
    draft = propose(
        clip(tmp_path), n_frames=N_FRAMES, taxonomy=TAXONOMY, model=model,
        extractor=extractor_for(model, extractor),
    )  # fmt: skip
    assert draft.model == "redness@3"
    assert {segment.label for segment in draft.segments} <= {"red", "other"}
    assert draft.segments
    assert draft.segments[-1].offset == N_FRAMES
    assert len(draft.details["embedding"]) == 3


def test_features_that_the_model_does_not_read_are_refused(model_path):
    with pytest.raises(InputError, match="reads mean-colour@1 features, not the house's own"):
        extractor_for(load_model(model_path), None)


@pytest.mark.parametrize(
    ("facts", "match"),
    [
        (None, "does not say what it is"),
        ({**FEATURES, "dim": 0}, "dim: Input should be greater"),
        ({**FEATURES, "colour": 1}, "colour: Extra inputs"),
        ({key: FEATURES[key] for key in FEATURES if key != "rate_hz"}, "rate_hz: Field required"),
        (MODEL, "kind: Input should be 'features'"),
    ],
)
def test_facts_are_checked(tmp_path, facts, match):
    path = saved(tmp_path / "x.ts", MeanColour(), facts)
    with pytest.raises(InputError, match=match) as caught:
        ScriptFeatures(path)
    assert caught.value.code == "external_file"


def test_what_is_no_torchscript_is_refused_and_never_unpickled(tmp_path):
    pickled = tmp_path / "pickle.pt"
    torch.save({"weights": torch.zeros(3)}, pickled)
    with pytest.raises(InputError, match="no whole TorchScript"):
        ScriptFeatures(pickled)
    (tmp_path / "text.ts").write_text("hello")
    with pytest.raises(InputError, match="no TorchScript file"):
        ScriptFeatures(tmp_path / "text.ts")
    with pytest.raises(InputError, match="not there"):
        ScriptModel(tmp_path / "gone.ts")
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(InputError, match="no whole TorchScript"):
        load_model(tmp_path / "plain.zip")


@pytest.mark.parametrize(
    ("module", "match"), [(TooWide(), r"answers \(64, 5\) for 64 frames"), (Failing(), "failed")]
)
def test_an_extractor_that_does_not_keep_its_word(tmp_path, module, match):
    facts = {**FEATURES, "rate_hz": 25.0}
    extractor = ScriptFeatures(saved(tmp_path / "x.ts", module, facts))
    with pytest.raises(InputError, match=match):
        write_features(clip(tmp_path), extractor, tmp_path / "f.npy")


@pytest.mark.parametrize(
    ("module", "match"), [(OneTensor(), "must answer two tensors"), (WrongClasses(), "shapes")]
)
def test_a_model_that_does_not_keep_its_word(tmp_path, extractor, module, match):
    model = ScriptModel(saved(tmp_path / "m.ts", module, MODEL))
    with pytest.raises(InputError, match=match):
        propose(
            clip(tmp_path), n_frames=N_FRAMES, taxonomy=TAXONOMY, model=model, extractor=extractor
        )
