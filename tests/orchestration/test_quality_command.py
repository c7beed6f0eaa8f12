"""`segue quality` prints what the tracker knows, and takes an alarm back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.wsgi import get_wsgi_application
from typer.testing import CliRunner

from orchestration.cli import quality
from orchestration.cli.main import app
from services.client.api import TrackerClient
from tests import factories
from tests.service.measuring import gold_measured, round_ended
from tests.service.play import Play
from tests.service.test_monitor import on_gold

pytestmark = pytest.mark.db
POUR, STIR = factories.segment(10, 50), factories.segment(60, 90, "stir")


@pytest.fixture
def play(in_process: None) -> Iterator[Play]:
    with Play.begin(get_wsgi_application()) as stage:
        yield stage


@pytest.fixture
def segue(play: Play, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    @contextmanager
    def as_lea() -> Iterator[TrackerClient]:
        yield play["lea"]

    monkeypatch.setattr(quality, "tracker", as_lea)

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["quality", *words])
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    return run


def test_nothing_measured_prints_empty_tables(segue: Callable[..., str]) -> None:
    said = segue("kitchen")
    assert "agreement of blind opinions" in said
    assert "all 0 0 - 0 0 0 0" in said


def test_the_tables_have_the_figures(play: Play, segue: Callable[..., str]) -> None:
    round_ended(play, [POUR, STIR], [POUR])
    round_ended(play, [POUR], [POUR])
    for onset in (12, 14, 13):
        gold_measured(play, "ana", [POUR], [factories.segment(onset, 50)])
    gold_measured(play, "ben", [POUR], [factories.segment(10, 50, "stir")])
    said = segue("kitchen")
    assert "main/pour (v1) 2 4 100.0% [34%..100%] 0 0 0 0" in said
    assert "main/stir (v1) 1 1 0.0% 1 0 0 0" in said
    assert "annotators against gold" in said
    assert "ana main/pour 3 0.0% 0.0% 0.0% +3.0 +0.0 1.0 / 0.0" in said
    assert "[0%..56%] [0%..56%] [0%..56%] [+0.5..+5.5]" in said
    assert "ben main pour stir 1" in said
    assert "drafts: 80.0%" in said
    assert "annotators against arbitration" in segue("kitchen", "--reference", "arbitration")


def test_a_share_that_the_others_hardly_show_is_marked(
    play: Play, segue: Callable[..., str]
) -> None:
    for _ in range(6):
        gold_measured(play, "ana", [POUR], [])
        gold_measured(play, "ben", [POUR], [POUR])
    said = segue("kitchen")
    assert "ana main/pour 6 100.0%!!" in said
    assert "ben main/pour 6 0.0% 0.0%" in said


def test_an_alarm_is_shown_and_taken_back(play: Play, segue: Callable[..., str]) -> None:
    on_gold(play, "notify", "pause")
    play["lea"].monitor("kitchen")
    (alarm,) = play["lea"].alarms("kitchen")
    said = segue("kitchen")
    assert f"alarm {alarm.uid} over ana" in said
    assert "notify, pause (0 clips in doubt)" in said
    assert alarm.signals[0].sentence in said
    told = segue("kitchen", "--take-back", str(alarm.uid), "--note", "camera")
    assert told == "The alarm over ana is taken back."
    assert "taken back by lea" in segue("kitchen")
