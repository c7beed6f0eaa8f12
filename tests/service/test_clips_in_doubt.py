"""Clips that an alarm puts in doubt: opened again, and accepted again when it is taken back."""

from __future__ import annotations

import time
from importlib import import_module
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from services.domain.errors import LeaseLostError
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import AssignmentState, ClipState, Stage
from services.tracker.annotations.models import Annotation
from services.tracker.clips.history import history_verify
from services.tracker.clips.models import Clip, ClipEvent
from services.tracker.monitoring import histories, reopening
from services.tracker.monitoring.counting import decisions_count
from services.tracker.monitoring.models import (
    Alarm,
    Consequence,
    Inspection,
    Measurement,
    ReopenedClip,
)
from services.tracker.people.models import User
from services.tracker.quality.models import Decision
from services.tracker.work.models import Lease
from tests import factories
from tests.service.play import Play
from tests.service.test_monitor import N, on_gold
from tests.service.test_racing import together

pytestmark = pytest.mark.db


def doubt_over(play: Play, name: str) -> Consequence:
    """Put all that somebody answered in doubt without looking at it, and open that again."""
    inspection = Inspection.objects.order_by("id")[0]
    alarm = Alarm.objects.create(
        inspection=inspection,
        project=inspection.project,
        user=User.objects.get(username=name),
        signals=[],
    )
    made = Consequence.objects.create(alarm=alarm, kind="reopen", reason="a word of mine")
    play["lea"].monitor("kitchen")
    return made


def reached(consequence: Consequence) -> set[UUID]:
    return set(consequence.clips.values_list("clip__uid", flat=True))


def taken_back(play: Play) -> None:
    """Take the one alarm back."""
    (alarm,) = play["lea"].alarms("kitchen")
    play["lea"].alarm_reverse(alarm.uid)


def test_unreleased_clips_since_the_change_are_opened_again(play: Play) -> None:
    before, *doubtful = on_gold(play, "reopen")
    released, doubtful = doubtful[0], doubtful[1:]
    play["lea"].release_create("kitchen", "1.0.0", clips=[released])
    found = play["lea"].monitor("kitchen")
    assert found.n_reopened == len(doubtful) == 1
    assert play.clip(before).state is play.clip(released).state is ClipState.ACCEPTED
    clip = play.clip(doubtful[0])
    assert (clip.state, clip.round, clip.due) == (ClipState.IN_ANNOTATION, 2, Stage.DISPATCH)
    (alarm,) = play["lea"].alarms("kitchen")
    (consequence,) = alarm.consequences
    assert [(c.clip_uid, c.outcome) for c in consequence.clips] == [(doubtful[0], "reopened")]
    event = ClipEvent.objects.filter(clip__uid=doubtful[0], step="reopened").get()
    assert (event.actor, event.payload) == ("monitor", {"alarm": str(alarm.uid)})
    assert play["lea"].monitor("kitchen").n_reopened == 0


def test_a_clip_whose_rounds_are_used_up_is_named_and_stays(play: Play) -> None:
    _, *doubtful = on_gold(play, "reopen", max_rounds=1)
    assert play["lea"].monitor("kitchen").n_reopened == 0
    (alarm,) = play["lea"].alarms("kitchen")
    clips = {c.clip_uid: c.outcome for c in alarm.consequences[0].clips}
    assert clips == dict.fromkeys(doubtful, "rounds_used_up")
    assert all(play.clip(uid).state is ClipState.ACCEPTED for uid in doubtful)


def test_many_clips_are_opened_again_over_several_runs(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reopening, "MOST_AT_ONCE", 1)
    on_gold(play, "reopen")
    assert [play["lea"].monitor("kitchen").n_reopened for _ in range(3)] == [1, 1, 0]
    assert ReopenedClip.objects.count() == 2


def test_clips_opened_without_cause_are_accepted_as_they_were(play: Play) -> None:
    _, at_work, decided = on_gold(play, "reopen")
    segments = list(play["lea"].decisions(at_work))[-1].segments
    play["lea"].monitor("kitchen")
    for item in play.claim(Stage.DISPATCH):
        play.push(item)
    again(play, decided)
    (alarm,) = play["lea"].alarms("kitchen")
    taken = play["lea"].alarm_reverse(alarm.uid)
    assert taken.reversal is not None
    assert taken.reversal.outcome == {"n_clips_restored": 1, "n_clips_decided_anew": 1}
    clip = play.clip(at_work)
    assert (clip.state, clip.round, clip.due) == (ClipState.ACCEPTED, 2, None)
    assert [d.segments for d in play["lea"].decisions(at_work)] == [segments, segments]
    seats = [seat for seat in play["wren"].assignments() if seat.clip_uid == at_work]
    assert {seat.state for seat in seats} == {AssignmentState.CLOSED}
    row = Clip.objects.get(uid=at_work)
    events = ClipEvent.objects.filter(clip=row).order_by("seq")
    assert history_verify(clip_uid=row.uid, events=events) == ("accepted", 2, row.head)
    # It can be released, and opened again by hand.
    play["lea"].release_create("kitchen", "1.0.0", clips=[at_work])
    assert play["lea"].clip_reopen(at_work).round == 3
    # Nothing is opened again for an alarm that was taken back.
    assert play["lea"].monitor("kitchen").n_reopened == 0


def again(play: Play, clip: UUID) -> None:
    """Let a clip's second round end in agreement."""
    seats = [s for s in play["wren"].assignments() if s.clip_uid == clip and s.round == 2]
    for seat in seats:
        play.answer(clip, seat.username)
    (item,) = play.claim(Stage.CHECK)
    play.report(item, factories.agreed(*play.answers(item)))


def test_a_restored_decision_is_counted_once(play: Play) -> None:
    on_gold(play, "reopen")
    play["lea"].monitor("kitchen")
    counted: dict[Any, Any] = {}
    decisions_count(Decision.objects.all(), counted)
    (alarm,) = play["lea"].alarms("kitchen")
    play["lea"].alarm_reverse(alarm.uid)
    recounted: dict[Any, Any] = {}
    decisions_count(Decision.objects.all(), recounted)
    assert recounted == counted


# --- which answers are in doubt ------------------------------------------------------------------


def test_what_came_before_a_fresh_start_is_not_in_doubt(play: Play) -> None:
    old = play.accepted()
    play["lea"].standing_change("kitchen", "ana", AnnotatorStanding.PAUSED)
    play["lea"].standing_change("kitchen", "ana", AnnotatorStanding.ACTIVE)
    clips = on_gold(play, "reopen", since=0)
    assert play["lea"].monitor("kitchen").n_reopened == len(clips)
    assert play.clip(old).state is ClipState.ACCEPTED
    (alarm,) = play["lea"].alarms("kitchen")
    assert {signal.last_sound_clip_name for signal in alarm.signals} == {None}
    *_, event = play["lea"].standing_events("kitchen", "ana")
    assert alarm.consequences[0].since == event.at


def test_what_came_before_the_newest_gold_clips_is_not_in_doubt(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = N - N // 3
    monkeypatch.setattr(histories, "LONGEST", kept)
    before, *doubtful = on_gold(play, "reopen")
    assert play["lea"].monitor("kitchen").n_clips == 6 * kept
    (alarm,) = play["lea"].alarms("kitchen")
    assert {(s.since_index, s.last_sound_clip_name) for s in alarm.signals} == {(0, None)}
    assert {clip.clip_uid for clip in alarm.consequences[0].clips} == set(doubtful)
    assert play.clip(before).state is ClipState.ACCEPTED
    # The bound is the gold clip right before those that were looked at.
    of_ana = Measurement.objects.filter(user__username="ana").order_by("-id")[kept]
    assert Annotation.objects.get(measurements=of_ana).received_at == alarm.consequences[0].since


def test_the_last_sound_gold_clip_is_the_bound(play: Play) -> None:
    on_gold(play, "notify", "reopen")
    play["lea"].monitor("kitchen")
    (alarm,) = play["lea"].alarms("kitchen")
    told, reopening_ = alarm.consequences
    sound = Clip.objects.get(name=alarm.signals[0].last_sound_clip_name)
    answer = Annotation.objects.get(assignment__clip=sound)
    assert (told.since, reopening_.since) == (None, answer.received_at)


def test_reopenings_on_record_get_their_bound_by_migration(play: Play) -> None:
    on_gold(play)
    play["lea"].monitor("kitchen")
    sound = Measurement.objects.filter(user__username="ana").order_by("id")[2]
    alarm = Alarm.objects.get()
    old = Consequence.objects.create(alarm=alarm, kind="reopen", reason="old", after=sound)
    migration = import_module("services.tracker.monitoring.migrations.0003_consequence_since")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as if the rows were committed
        for statement in migration.FROM_BEFORE:
            cursor.execute(statement)
    old.refresh_from_db()
    assert old.since == sound.annotation.received_at
    assert Consequence.objects.get(kind="notify").since is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Consequence.objects.update(since=None)


def test_a_restored_decision_rests_on_the_round_it_was_taken_in(play: Play) -> None:
    _, *restored = on_gold(play, "reopen", max_rounds=5)
    play["lea"].monitor("kitchen")
    taken_back(play)
    assert reached(doubt_over(play, "ben")) >= set(restored)


def test_an_answer_that_decided_nothing_puts_nothing_in_doubt(play: Play) -> None:
    _, clip, _ = on_gold(play, "reopen", max_rounds=5)
    play["lea"].monitor("kitchen")
    for item in play.claim(Stage.DISPATCH):
        play.push(item)
    seat, *_ = (s for s in play["wren"].assignments() if (s.clip_uid, s.round) == (clip, 2))
    play.answer(clip, seat.username)
    taken_back(play)
    assert clip not in reached(doubt_over(play, seat.username))
    assert play.clip(clip).state is ClipState.ACCEPTED


# --- at the same time ----------------------------------------------------------------------------


def test_a_worker_loses_the_clip_that_is_accepted_again_under_it(play: Play) -> None:
    _, clip, _ = on_gold(play, "reopen", max_rounds=5)
    play["lea"].monitor("kitchen")
    (item,) = (i for i in play.claim(Stage.DISPATCH) if i.clip_uid == clip)
    taken_back(play)
    assert not Lease.objects.filter(clip__uid=clip, ended=None).exists()
    with pytest.raises(LeaseLostError):
        play.push(item)
    assert play.clip(clip).state is ClipState.ACCEPTED
    # Opened again by hand, it is claimed again beside everybody else's.
    play["lea"].clip_reopen(clip)
    other = play.prelabelled()
    assert {i.clip_uid for i in play.claim(Stage.DISPATCH)} >= {clip, other}


@pytest.mark.slow
def test_taking_an_alarm_back_waits_for_a_monitor_that_opens_clips(
    live_play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = live_play
    monkeypatch.setattr(reopening, "MOST_AT_ONCE", 1)
    on_gold(play, "reopen", max_rounds=5)
    play["lea"].monitor("kitchen")
    (alarm,) = play["lea"].alarms("kitchen")
    opens, reopen = Event(), reopening._reopen

    def slowly(clip: Clip, consequence: Consequence, actor: str) -> int:
        opens.set()
        time.sleep(1)
        return reopen(clip, consequence, actor)

    def take_back() -> None:
        assert opens.wait(10)
        play["lea"].alarm_reverse(alarm.uid)

    monkeypatch.setattr(reopening, "_reopen", slowly)
    together(lambda: play["wren"].monitor("kitchen"), take_back)
    clips = Clip.objects.filter(pk__in=ReopenedClip.objects.values("clip"))
    assert [clip.state for clip in clips] == ["accepted", "accepted"]
