"""`segue model` lists, shows, trains, promotes and withdraws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from typer.testing import CliRunner

from orchestration.cli import model
from orchestration.cli.main import app
from services.client.api import TrackerClient
from services.domain.training_set import Side
from tests.service.drafting import accepted_on, model_in
from tests.service.play import Play

pytestmark = pytest.mark.db

Segue = Callable[..., str]


@pytest.fixture
def play(in_process: None) -> Iterator[Play]:
    with Play.begin(get_wsgi_application()) as stage:
        accepted_on(stage, Side.TRAIN, 2)
        accepted_on(stage, Side.HELD_OUT, 5)
        yield stage


@pytest.fixture
def segue(play: Play, monkeypatch: pytest.MonkeyPatch) -> Segue:
    @contextmanager
    def as_lea() -> Iterator[TrackerClient]:
        yield play["lea"]

    monkeypatch.setattr(model, "tracker", as_lea)

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["model", *words])
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    return run


def trained(play: Play, store: Path, **changes: Any) -> None:
    play["wren"].model_register("kitchen", model_in(play, store, **changes))


def test_models_are_listed_and_shown_beside_what_they_beat(
    play: Play, segue: Segue, storage_root: Path
) -> None:
    said = segue("list", "kitchen")
    assert "Now the cold start drafts. 2 accepted clips to learn from, 2 of them new" in said
    trained(play, storage_root)
    said = segue("list", "kitchen")
    assert "1 yes 1 2 5 0.900 the cold start 0.500" in said
    assert "Now model 1 drafts. 2 accepted clips to learn from, 0 of them new, 5 held out." in said
    said = segue("show", "kitchen", "1")
    assert "f1_50 0.900 0.500" in said
    assert "On 5 held-out clips its F1@50 is 0.900 against 0.500" in said
    assert "promoted by policy: the cold start -> model 1" in said


def test_a_manager_has_the_last_word(play: Play, segue: Segue, storage_root: Path) -> None:
    trained(play, storage_root)
    trained(play, storage_root, f1=0.4, rival_f1=0.5, rival_version=1)
    assert segue("promote", "kitchen", "2", "--note", "trust me").startswith("Model 2 drafts")
    assert "promoted by lea: model 1 -> model 2. trust me" in segue("show", "kitchen", "2")
    assert segue("withdraw", "kitchen", "2") == "Model 2 drafts no more; model 1 does."
    assert segue("withdraw", "kitchen", "1") == "Model 1 drafts no more; the cold start does."


def test_training_by_hand_says_what_came_of_it(
    play: Play, segue: Segue, storage_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def run(flow: str, *, params: dict[str, Any], timeout_s: float) -> None:
        asked.append((flow, params["min_new_clips"], params["device"]))
        if len(asked) == 1:
            trained(play, storage_root)

    monkeypatch.setattr(model, "run_deployment_and_wait", run)
    monkeypatch.setattr(model, "point_prefect_here", lambda: None)
    said = segue("train", "kitchen", "--device", "cpu")
    assert said.startswith("Model 1: On 5 held-out clips")
    assert said.endswith("It drafts from now on.")
    assert segue("train", "kitchen", "--min-new", "9").startswith(
        "Nothing was trained. Now model 1"
    )
    assert asked == [("train", 1, "cpu"), ("train", 9, "auto")]
