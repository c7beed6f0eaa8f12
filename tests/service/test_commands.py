"""`segue gold` and `segue standing`, typed by lea against the real tracker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from orchestration.cli import gold, standing, status
from orchestration.cli.main import app
from services.client.api import TrackerClient
from services.client.payloads import StageFailed
from services.domain.errors import NotFoundError
from services.domain.workflow import Stage
from tests.service.gold import followed, golden, leave, rules, score, seats_open, showings
from tests.service.play import Play

pytestmark = pytest.mark.db

Say = Callable[..., str]


@pytest.fixture
def say(play: Play, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Type a command as lea; what it prints."""

    @contextmanager
    def tracker() -> Iterator[TrackerClient]:
        yield play["lea"]

    for module in (gold, standing, status):
        monkeypatch.setattr(module, "tracker", tracker)

    def typed(*words: str) -> str:
        result = CliRunner().invoke(app, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return typed


def test_gold_is_promoted_listed_and_withdrawn(play: Play, say: Say) -> None:
    clip = play.accepted()
    name = play.clip(clip).name
    assert f"{name} is gold" in say("gold", "promote", "kitchen", str(clip), "--note", "clear")
    (made,) = play["lea"].gold("kitchen")
    assert made.note == "clear"
    listed = say("gold", "list", "kitchen")
    assert str(made.uid) in listed
    assert "yes" in listed
    assert "gold no more" in say("gold", "withdraw", str(made.uid))
    assert "withdrawn" in say("gold", "list", "kitchen")


def test_gold_that_is_promoted_again_keeps_its_note_and_says_so(play: Play, say: Say) -> None:
    clip, plain = play.accepted(), play.accepted()
    say("gold", "promote", "kitchen", str(clip), "--note", " clear ")
    again = say("gold", "promote", "kitchen", str(clip), "--note", "clear")
    assert f"{play.clip(clip).name} is gold:" in again
    other = say("gold", "promote", "kitchen", str(clip), "--note", "doubtful")
    assert 'was gold already, and its note stays "clear"' in other
    say("gold", "promote", "kitchen", str(plain))
    late = say("gold", "promote", "kitchen", str(plain), "--note", "clear")
    assert "was gold already, and it stays without a note" in late
    assert {item.note for item in play["lea"].gold("kitchen")} == {"clear", ""}


def test_gold_is_asked_of_nobody_who_was_never_there(play: Play, say: Say) -> None:
    assert "annotator" in say("gold", "shown", "kitchen", "--user", "ana")  # shown none so far
    with pytest.raises(NotFoundError, match="kitchen has no annotator 'nobody'"):
        say("gold", "shown", "kitchen", "--user", "nobody")


def test_who_has_left_is_still_among_those_gold_was_shown_to(play: Play, say: Say) -> None:
    golden(play)
    rules(play, "dot", calibration_clips=1)
    seats_open(play)
    (showing,) = showings(play)
    score(play, showing.clip_uid)
    leave(play, "dot")
    assert "dot" not in {item.username for item in play["lea"].standings("kitchen")}
    assert "calibration" in say("gold", "shown", "kitchen", "--user", "dot")


def test_it_shows_to_whom_gold_went_and_how_they_did(play: Play, say: Say) -> None:
    golden(play)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    followed(play)
    seats_open(play)
    (clip,) = (item.clip_uid for item in showings(play) if item.username == "dot")
    score(play, clip)
    text = say("gold", "shown", "kitchen")
    assert "100.0%" in text
    assert str(clip) in text
    assert "eve" not in say("gold", "shown", "kitchen", "--user", "dot")


def test_a_standing_is_changed_listed_and_taken_back(play: Play, say: Say) -> None:
    assert "ana is paused" in say("standing", "pause", "kitchen", "ana", "--note", "too fast")
    assert "manager: too fast" in say("standing", "list", "kitchen")
    (event,) = play["lea"].standing_events("kitchen", "ana")
    assert str(event.uid) in say("standing", "history", "kitchen", "ana")
    assert "ana is active again" in say("standing", "reverse", str(event.uid))
    rules(play, calibration_clips=1)
    assert "ben is calibrating" in say("standing", "calibrate", "kitchen", "ben")
    assert "ben is active" in say("standing", "activate", "kitchen", "ben")


def test_the_history_of_who_joins_has_a_beginning(play: Play, say: Say) -> None:
    rules(play, "dot", calibration_clips=1)
    say("standing", "pause", "kitchen", "dot")
    told = say("standing", "history", "kitchen", "dot")
    changes = [line.split() for line in told.splitlines() if "calibrating" in line]
    assert len(changes) == 2
    first, second = changes
    i = first.index("(new)")
    assert first[i : i + 3] == ["(new)", "calibrating", "lea"]
    assert "joined" in told
    assert second[second.index("calibrating") + 1] == "paused"


def test_a_stuck_shadow_clip_is_among_what_is_stuck(play: Play, say: Say) -> None:
    golden(play)
    rules(play, "dot", calibration_clips=1)
    (item,) = play.claim(Stage.DISPATCH)
    play.report(item, StageFailed(code="no_lane", detail="None is there.", transient=False))
    text = say("status", "kitchen")
    assert str(item.clip_uid) in text
    assert "None is there." in text
    say("retry", str(item.clip_uid))
    assert str(item.clip_uid) not in say("status", "kitchen")


def test_what_is_not_there_is_said(play: Play, say: Say) -> None:
    with pytest.raises(NotFoundError):
        say("standing", "reverse", str(uuid4()))
