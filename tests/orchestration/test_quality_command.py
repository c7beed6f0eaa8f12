"""`segue quality` prints what the tracker knows, and takes an alarm back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.wsgi import get_wsgi_application
from rich.console import Console
from typer.testing import CliRunner

from orchestration.cli import quality
from orchestration.cli.layer_tables import layer_tables
from orchestration.cli.main import app
from services.client.api import TrackerClient
from tests import factories
from tests.service.measuring import gold_measured, round_ended, tool, two_layers
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


def test_layers_are_measured_with_a_draft_and_without(
    play: Play, segue: Callable[..., str]
) -> None:
    round_ended(play, [POUR, STIR], [factories.segment(12, 50)])
    said = segue("kitchen")
    assert "main (v1), 1 pair of opinions: within so many frames" in said
    assert "±0 ±1 ±2 ±3 ±5 ±10" in said
    assert "boundaries, F1 0.333 0.333 0.667 0.667 0.667 0.667" in said
    assert "boundaries, F1, ±3 0.667 1 0.667 -" in said
    assert "frames that agree 0.893 1 0.893 -" in said
    assert "onsets, mean shift (frames) 2.000 1 2.000 -" in said
    assert "gamma" not in said
    round_ended(play, [POUR], [POUR])
    assert "boundaries, F1, ±3 0.800 [.67 1] 2 0.800 [.67 1] -" in segue("kitchen")


def test_the_layers_tables_fit_100_columns(play: Play) -> None:
    for other in (POUR, factories.segment(60, 95, "stir"), factories.segment(14, 47)):
        round_ended(play, [POUR, STIR], [other])
    console = Console(width=100, file=StringIO())
    with console.capture() as said:
        quality, anchoring = play["lea"].quality, play["lea"].quality_anchoring
        for table in layer_tables(quality("kitchen"), anchoring("kitchen")):
            console.print(table)
    lines = [" ".join(line.split()) for line in said.get().splitlines()]
    assert "boundaries of the second, matched 0.500 0.500 0.500 0.667 1.000 1.000" in lines
    (shift,) = (line for line in lines if line.startswith("offsets, mean shift (frames)"))
    assert shift == "offsets, mean shift (frames) 0.667 [-3.00 5.00] 3 0.667 [-3.00 5.00] -"
    assert "\N{HORIZONTAL ELLIPSIS}" not in said.get()


def dreamt(dice: np.random.Generator, label: Callable[..., Any], names: list[str]) -> list[Any]:
    """Return one person's segments near the same places as everybody's."""
    return [
        label(onset, onset + 30, names[int(dice.random() < 0.3)])
        for onset in (45 * place + int(dice.integers(0, 7)) for place in range(6))
        if dice.random() < 0.9
    ]


def test_the_layers_figures_are_those_of_compare(
    play: Play, segue: Callable[..., str], tmp_path: Path
) -> None:
    taxonomy, dice = two_layers(play), np.random.default_rng(5)
    lines: dict[str, list[str]] = {"main": [], "tools": []}
    for clip in range(12):
        opinions = [
            dreamt(dice, factories.segment, ["pour", "stir"])
            + dreamt(dice, tool, ["knife", "bowl"])
            + [tool(100, 160)]
            for _ in range(2)
        ]
        round_ended(play, *opinions, taxonomy=taxonomy)
        for name, opinion in zip(("ana", "ben"), opinions, strict=True):
            in_order = sorted(opinion, key=lambda s: (s["onset"], s["offset"], s["label"]))
            for layer, written in lines.items():
                segments = [
                    {"label": s["label"], "start_frame": s["onset"], "end_frame": s["offset"]}
                    for s in in_order
                    if s["layer"] == layer
                ]
                line = {"item": f"clip {clip}", "fps": 25, "n_frames": factories.N_FRAMES}
                written.append(json.dumps(line | {"annotator": name, "segments": segments}))
    for layer in play["lea"].quality("kitchen").layers:
        file, out = tmp_path / f"{layer.layer}.jsonl", tmp_path / f"{layer.layer}.json"
        file.write_text("\n".join(lines[layer.layer]))
        result = CliRunner().invoke(app, ["compare", str(file), "--json", str(out)])
        assert result.exit_code == 0, result.output
        theirs = json.loads(out.read_text())["summary"]
        assert [(row["name"], row["n"]) for row in theirs] == [
            (row.name, row.n) for row in layer.figures
        ]
        for row, other in zip(layer.figures, theirs, strict=True):
            assert row.value == pytest.approx(other["value"], abs=1e-8), row.name
            assert row.low <= row.value <= row.high, row.name


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
