"""A new annotator is tried on known clips, and works only when that went well."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.client.payloads import CheckDone
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import Stage
from services.tracker.annotations.models import Assignment
from services.tracker.gold import planting
from services.tracker.gold import selectors as gold_selectors
from services.tracker.gold.models import Gold
from services.tracker.standing.models import StandingEvent
from tests import factories
from tests.service.gold import answer_known, golden, rules, score, seats_open, showings
from tests.service.play import Play

pytestmark = pytest.mark.db

ACTIVE, PAUSED, CALIBRATING = (
    AnnotatorStanding.ACTIVE,
    AnnotatorStanding.PAUSED,
    AnnotatorStanding.CALIBRATING,
)
WRONG = factories.submitted(100, 150, "stir")


def standing(play: Play, name: str = "dot") -> AnnotatorStanding:
    (found,) = (item for item in play["lea"].standings("kitchen") if item.username == name)
    return found.standing


def trial_clips(play: Play, name: str = "dot") -> list[UUID]:
    return [item.clip_uid for item in showings(play, username=name, purpose="calibration")]


def newcomer(play: Play, *, n_gold: int = 2, n_clips: int = 2, **policy: Any) -> list[UUID]:
    """Let dot join a project that tries newcomers; return the clips of the trial."""
    golden(play, n_gold)
    rules(play, "dot", calibration_clips=n_clips, **policy)
    return trial_clips(play)


def test_who_joins_gets_the_clips_of_the_trial_and_no_others(play: Play) -> None:
    clips = newcomer(play, n_gold=3)
    assert len(clips) == 2
    play.prelabelled()
    seats = Assignment.objects.filter(user__username="dot")
    assert {seat.clip.uid for seat in seats} == set(clips)
    assert {item.username for item in showings(play)} == {"dot"}


def test_who_passes_works(play: Play) -> None:
    clips = newcomer(play)
    seats_open(play)
    score(play, clips[0])
    assert standing(play) is CALIBRATING
    score(play, clips[1])
    assert standing(play) is ACTIVE
    (_, event) = play["lea"].standing_events("kitchen", "dot")
    assert (event.actor, event.cause["code"]) == ("calibration", "calibration_passed")
    assert event.cause["agreement"] == 1.0
    assert "agree with gold" in event.cause["detail"]


def test_who_fails_is_paused_with_the_reason(play: Play) -> None:
    clips = newcomer(play)
    seats_open(play)
    score(play, clips[0])
    score(play, clips[1], WRONG)
    assert standing(play) is PAUSED
    (found,) = (item for item in play["lea"].standings("kitchen") if item.username == "dot")
    assert found.cause is not None
    assert found.cause["code"] == "calibration_failed"
    assert found.cause["agreement"] == 0.5
    assert found.cause["needed"] == 0.8


def test_the_share_that_is_needed_is_the_policys(play: Play) -> None:
    clips = newcomer(play, calibration_agreement=0.5)
    seats_open(play)
    score(play, clips[0])
    score(play, clips[1], WRONG)
    assert standing(play) is ACTIVE


def test_passing_wakes_the_clips_that_waited_for_people(play: Play) -> None:
    clips = newcomer(play, n_clips=1)
    play["lea"].standing_change("kitchen", "ana", PAUSED)
    waiting = play.prelabelled()
    assert play.clip(waiting).held
    seats_open(play)
    score(play, clips[0])
    assert not play.clip(waiting).held
    seats_open(play)
    seats = Assignment.objects.filter(clip__uid=waiting)
    assert set(seats.values_list("user__username", flat=True)) == {"ben", "dot"}


def test_a_trial_waits_for_gold_that_comes_later(play: Play) -> None:
    assert len(newcomer(play, n_gold=1, n_clips=2)) == 1
    seats_open(play)
    golden(play)
    assert len(trial_clips(play)) == 2


def test_a_trial_starts_when_gold_comes_by_policy(play: Play) -> None:
    rules(play, "dot", calibration_clips=1, gold_source="accepted")
    assert trial_clips(play) == []
    play.accepted()
    assert len(trial_clips(play)) == 1


def test_withdrawn_gold_is_replaced(play: Play) -> None:
    clips = newcomer(play, n_gold=2, n_clips=1)
    seats_open(play)
    (shown,) = showings(play)
    play["lea"].gold_withdraw(shown.gold_uid)
    fresh = [clip for clip in trial_clips(play) if clip not in clips]
    assert len(fresh) == 1
    score(play, clips[0], WRONG)
    assert standing(play) is CALIBRATING
    seats_open(play)
    score(play, fresh[0])
    assert standing(play) is ACTIVE


def test_a_second_trial_has_other_clips(play: Play) -> None:
    first = newcomer(play, n_gold=2, n_clips=1)
    seats_open(play)
    score(play, first[0], WRONG)
    assert standing(play) is PAUSED
    play["lea"].standing_change("kitchen", "dot", CALIBRATING, note="once more")
    second = [clip for clip in trial_clips(play) if clip not in first]
    assert len(second) == 1
    seats_open(play)
    score(play, second[0])
    assert standing(play) is ACTIVE


def test_a_manager_decides_sooner_and_the_trial_is_over(play: Play) -> None:
    clips = newcomer(play, n_clips=1)
    seats_open(play)
    play["lea"].standing_change("kitchen", "dot", ACTIVE)
    score(play, clips[0], WRONG)
    assert standing(play) is ACTIVE
    assert StandingEvent.objects.count() == 2


def test_a_failed_trial_is_taken_back_by_a_manager(play: Play) -> None:
    clips = newcomer(play, n_gold=2, n_clips=1)
    seats_open(play)
    score(play, clips[0], WRONG)
    (_, failed) = play["lea"].standing_events("kitchen", "dot")
    play["lea"].standing_reverse(failed.uid)
    assert standing(play) is CALIBRATING
    assert len(trial_clips(play)) == 2  # a trial of its own, on another clip


def test_rules_without_a_trial_end_the_trials(play: Play) -> None:
    newcomer(play)
    rules(play, calibration_clips=0)
    assert standing(play) is ACTIVE


def test_fewer_clips_wanted_may_end_a_trial(play: Play) -> None:
    clips = newcomer(play)
    seats_open(play)
    score(play, clips[0])
    rules(play, calibration_clips=1)
    assert standing(play) is ACTIVE


def test_more_clips_wanted_reach_those_on_trial(play: Play) -> None:
    newcomer(play, n_gold=3, n_clips=1)
    rules(play, calibration_clips=3)
    assert len(trial_clips(play)) == 3


def test_applying_the_same_again_plants_nothing(play: Play) -> None:
    clips = newcomer(play, n_gold=3)
    rules(play, calibration_clips=2)
    assert trial_clips(play) == clips


def test_an_unsound_answer_does_not_count(play: Play) -> None:
    clips = newcomer(play, n_clips=1)
    seats_open(play)
    uid = answer_known(play, clips[0])
    (item,) = play.claim(Stage.CHECK)
    play.report(item, CheckDone(verdicts=[factories.verdict(uid, passed=False)]))
    assert standing(play) is CALIBRATING


def test_nothing_is_looked_for_where_nobody_lacks_a_clip(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With gold_source=accepted every clip that ends asks whether somebody waits for gold."""
    clips = newcomer(play, n_clips=2, gold_source="accepted")
    seats_open(play)

    def never(**_: Any) -> None:
        raise AssertionError("nobody waits for gold")

    monkeypatch.setattr(planting, "gold_for", never)
    monkeypatch.setattr(planting, "_take_turns", never)
    play.accepted()
    assert trial_clips(play) == clips


def test_a_trial_larger_than_a_batch_of_gold_is_found_whole(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gold_selectors, "BATCH", 1)
    assert len(newcomer(play, n_gold=3, n_clips=3)) == 3


def test_gold_that_others_have_met_serves_where_there_is_no_other(play: Play) -> None:
    assert len(newcomer(play)) == 2
    rules(play, "eve", calibration_clips=2)
    assert len(trial_clips(play, "eve")) == 2


def test_gold_that_is_decided_otherwise_is_replaced(play: Play) -> None:
    clips = newcomer(play, n_gold=2, n_clips=1, max_rounds=3)
    (shown,) = showings(play)
    source = Gold.objects.get(uid=shown.gold_uid).source.uid
    play["lea"].clip_reopen(source)
    seats_open(play)
    play.answer_all(source)
    (item,) = play.claim(Stage.CHECK)
    report = factories.agreed(*play.answers(item))
    play.report(item, report.model_copy(update={"accepted": [factories.segment(11)]}))
    assert len(trial_clips(play)) == 2
    score(play, clips[0], WRONG)
    assert standing(play) is CALIBRATING
