"""What was answered before a fresh start is judged no more, whenever its clip closes."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.domain.standing import AnnotatorStanding
from services.tracker.monitoring.histories import histories_read
from services.tracker.monitoring.models import Measurement
from services.tracker.projects.models import Project
from tests.service.gold import answer_known, followed, golden, leave, rules, seats_open, showings
from tests.service.measuring import alarm_over
from tests.service.play import Play
from tests.service.test_closing import WRONG, check, hours_pass, waiting

pytestmark = pytest.mark.db


@pytest.fixture
def answered(play: Play, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Return a known clip that dot answered wrongly, and that is still open to edits."""
    golden(play)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    followed(play)
    seats_open(play)
    waiting(monkeypatch)
    clip = next(item.clip_uid for item in showings(play) if item.username == "dot")
    answer_known(play, clip, WRONG)
    check(play, clip)
    return clip


def judged() -> dict[str, int]:
    history = histories_read(project=Project.objects.get(slug="kitchen"))
    return {name: len(records) for name, records in history.records.items()}


def test_it_is_judged_when_nothing_starts_afresh(play: Play, answered: UUID) -> None:
    hours_pass(answered)
    check(play, answered)
    assert judged() == {"dot": 1}


def test_an_answer_from_before_a_pause_is_not(play: Play, answered: UUID) -> None:
    play["lea"].standing_change("kitchen", "dot", AnnotatorStanding.PAUSED)
    play["lea"].standing_change("kitchen", "dot", AnnotatorStanding.ACTIVE)
    hours_pass(answered)
    check(play, answered)
    assert Measurement.objects.filter(reference="gold", clip__uid=answered).exists()
    assert judged() == {}


def test_an_answer_from_before_an_alarm_was_taken_back_is_not(play: Play, answered: UUID) -> None:
    play["lea"].alarm_reverse(alarm_over("dot", "x"))
    hours_pass(answered)
    check(play, answered)
    assert judged() == {}
