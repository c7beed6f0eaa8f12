"""Training as a flow: from accepted clips to a model that drafts, killed anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.lowres import LowRes
from orchestration import drafting
from orchestration.fan_out import fan_out
from orchestration.flows.ingest import ingest
from orchestration.flows.prelabel import prelabel
from orchestration.flows.train import TrainParams, train
from orchestration.settings import FanOutSettings
from services.domain.training_set import Side
from services.tracker.drafts.models import ModelVersion, Promotion
from tests import videos
from tests.orchestration.flows.faults import PUT
from tests.orchestration.flows.house import House
from tests.service.drafting import accepted_on

pytestmark = [pytest.mark.db, pytest.mark.harness]

BRIEF = TrainParams(project="kitchen", min_new_clips=1, epochs=1, device="cpu")
MODELS = r"tracker POST /api/v1/projects/kitchen/models"


@pytest.fixture
def taught(house: House, storage_root: Path) -> House:
    """Three clips to learn from, five to be judged by; something pours from 10 to 50."""
    proxy = videos.clip(house.videos, "proxy.mp4")
    for side, n in ((Side.TRAIN, 3), (Side.HELD_OUT, 5)):
        accepted_on(house.play, side, n, proxy=proxy, store=storage_root)
    return house


def draft(house: House):
    """Draft a new clip."""
    noise = 1.0 + ModelVersion.objects.count()
    (clip,) = house.register(videos.clip(house.videos, f"new-{noise}.mp4", noise=noise))
    ingest()
    prelabel()
    return clip


def test_what_people_agreed_on_drafts_the_next_clip(taught: House):
    said = train(BRIEF)
    made = taught.play["lea"].model("kitchen", 1)
    assert said.startswith("train: kitchen: model 1: On 5 held-out clips its F1@50 is 1.000")
    assert said.endswith("So it drafts from now on")
    assert made.is_current
    assert made.rival_version is None
    assert made.rival_metrics["f1_50"] < made.metrics["f1_50"] == 1
    assert (made.seed, made.extractor, made.config["device"]) == (0, "lowres@2", "cpu")
    assert not list(taught.parts.settings.scratch.glob("train/*/*"))
    (drawn,) = taught.play["lea"].prelabels(draft(taught))
    assert drawn.model == f"ms-tcn++@{made.sha256[:12]}"
    assert drawn.details["model_version"] == 1
    assert [segment["label"] for segment in drawn.segments] == ["pour"]
    again = train(BRIEF)
    assert "0 newly accepted clips of the 1 that are waited for; nothing was trained" in again
    assert ModelVersion.objects.count() == 1


def test_a_model_that_is_no_better_leaves_the_current_one_in_use(taught: House, storage_root: Path):
    train(BRIEF)
    proxy = taught.videos / "proxy.mp4"
    accepted_on(taught.play, Side.TRAIN, proxy=proxy, store=storage_root)
    said = train(BRIEF)
    assert "model 2: On 5 held-out clips its F1@50 is 1.000 against 1.000." in said
    assert said.endswith("So what drafted goes on drafting")
    made = taught.play["lea"].model("kitchen", 2)
    assert (made.rival_version, made.is_current, made.n_train) == (1, False, 4)
    assert Promotion.objects.count() == 1


def test_with_too_little_nothing_is_trained(house: House, storage_root: Path):
    nothing = "0 newly accepted clips of the 20 that are waited for; nothing was trained"
    assert train() == f"train: kitchen: {nothing}; garage: {nothing}"
    accepted_on(house.play, Side.TRAIN, 2)
    assert train(BRIEF) == (
        "train: kitchen: 2 clips to learn from and 0 to be judged by are too few"
    )
    assert not list(storage_root.rglob("*.*"))


@pytest.mark.parametrize(
    ("when", "effect", "skip"),
    [
        ("before", PUT, 1),
        ("after", r"store put features/.*", 8),
        ("before", r"store put models/.*", 0),
        ("after", r"store put models/.*", 0),
        ("before", MODELS, 0),
        ("after", MODELS, 0),
    ],
)
def test_a_training_that_is_killed_is_carried_on(taught: House, when, effect, skip):
    taught.faults.kill(when, effect, skip=skip)
    taught.die_in(train, BRIEF)
    assert ModelVersion.objects.count() == ((when, effect) == ("after", MODELS))
    n_stored = taught.faults.count(r"store put features/.*")
    train(BRIEF)
    assert ModelVersion.objects.count() == 1
    assert taught.faults.count(r"store put features/.*") == 16 + (n_stored % 2)
    assert not list(taught.parts.settings.scratch.glob("train/*/*"))


def test_two_runs_do_not_train_the_same_project_at_once(taught: House):
    said: list[str] = []
    taught.faults.meanwhile("before", MODELS, lambda: said.append(train(BRIEF)))
    train(BRIEF)
    assert said == ["train: kitchen: another run is at it"]
    assert ModelVersion.objects.count() == 1


def test_a_clip_whose_proxy_is_gone_is_left_out(taught: House, storage_root: Path):
    gone = next(iter(taught.parts.tracker.training_clips("kitchen")))
    (storage_root / gone.proxy_key).unlink()
    train(BRIEF)
    assert taught.play["lea"].model("kitchen", 1).n_train == 2


@pytest.fixture
def trained(taught: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A model that is in use because lea says so, and that no worker holds yet."""
    train(BRIEF)
    taught.play["lea"].model_promote("kitchen", 1)
    monkeypatch.setattr(drafting, "_loaded", {})
    return taught


def test_a_checkpoint_that_is_not_the_registered_one_drafts_nothing(
    trained: House, storage_root: Path
):
    (path,) = storage_root.glob("models/kitchen/*")
    path.write_bytes(path.read_bytes()[:-4] + b"oops")
    clip = trained.clip(draft(trained))
    assert (clip.state, clip.held, clip.reason["code"]) == ("ingested", True, "checkpoint_differs")


def test_a_model_that_sees_otherwise_leaves_the_draft_to_the_cold_start(
    trained: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(LowRes, "version", "3")
    (drawn,) = trained.play["lea"].prelabels(draft(trained))
    assert drawn.model == "change-points@2"
    assert drawn.details["cold_because"] == "model 1 reads lowres@2 features"


def test_clips_are_drafted_by_a_dask_cluster(trained: House):
    clips = trained.register(
        *(videos.clip(trained.videos, f"{n}.mp4", noise=float(n)) for n in (2, 3, 4))
    )
    ingest()
    settings = FanOutSettings(task_runner="dask", dask_processes=False)
    assert prelabel.with_options(task_runner=fan_out(settings))() == "prelabel: 3 prelabelled"
    for clip in clips:
        (drawn,) = trained.play["lea"].prelabels(clip)
        assert drawn.model.startswith("ms-tcn++@")
