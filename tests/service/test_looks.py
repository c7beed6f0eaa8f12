"""Two looks: a signal is told at once, and has consequences when later answers bear it out."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from services.domain.standing import AnnotatorStanding
from services.domain.workflow import ClipState
from services.tracker.monitoring.models import Alarm, Confirmation, Consequence
from services.tracker.standing.models import StandingEvent
from tests import factories
from tests.service.measuring import answers_given, answers_to_gold, measured_later, rules
from tests.service.play import MEMBERS, Play
from tests.service.test_monitor import EVERYBODY, OTHERS, POUR, on_gold, standing
from tests.service.test_racing import together

pytestmark = pytest.mark.db
LATE, SOUND = 12, 0


def later(n: int, *, ana: int, people: tuple[str, ...] = EVERYBODY) -> None:
    """Let people answer further gold clips, ana with offsets so many frames late."""
    answers_to_gold([answer for answer in said(ana, n) if answer[0] in people])


def said(ana: int, n: int) -> list[tuple[str, list[Any], list[Any]]]:
    """Return what everybody says of so many gold clips, ana with offsets so many frames late."""
    return [
        (name, [POUR], [factories.segment(10, 50 + (ana if name == "ana" else n_th % 3 - 1))])
        for n_th in range(n)
        for name in EVERYBODY
    ]


def kinds(alarm: Alarm) -> list[str]:
    return list(
        Consequence.objects.filter(alarm=alarm).order_by("id").values_list("kind", flat=True)
    )


def test_the_first_look_only_tells(play: Play) -> None:
    on_gold(play, "pause", "reopen", looks=2)
    assert play["lea"].monitor("kitchen").n_alarms == 1
    (alarm,) = play["lea"].alarms("kitchen")
    (told,) = alarm.consequences
    assert told.kind == "notify"
    assert told.reason.startswith("Seen once;")
    assert alarm.confirmation is None
    assert standing(play, "ana") is AnnotatorStanding.ACTIVE
    assert not Confirmation.objects.exists()


def test_only_the_persons_own_later_answers_make_a_second_look(play: Play) -> None:
    on_gold(play, "pause", looks=2)
    play["lea"].monitor("kitchen")
    later(8, ana=LATE, people=("ben", *OTHERS))
    assert play["lea"].monitor("kitchen").is_new
    assert standing(play, "ana") is AnnotatorStanding.ACTIVE


def test_later_answers_that_stand_out_have_the_consequences_once(play: Play) -> None:
    _, *doubtful = on_gold(play, "notify", "pause", "reopen", looks=2)
    play["lea"].monitor("kitchen")
    later(8, ana=LATE)
    found = play["lea"].monitor("kitchen")
    assert (found.is_new, found.n_reopened) == (True, 2)
    assert standing(play, "ana") is AnnotatorStanding.PAUSED
    assert all(play.clip(uid).state is ClipState.IN_ANNOTATION for uid in doubtful)
    confirmed = Confirmation.objects.get()
    assert confirmed.n_later == 8
    assert kinds(confirmed.alarm) == ["notify", "pause", "reopen"]
    event = StandingEvent.objects.get(user__username="ana")
    assert event.cause["detail"].startswith("Borne out by 8 later gold answers.")
    assert {signal["key"] for signal in confirmed.signals} <= {
        signal["key"] for signal in confirmed.alarm.signals
    }
    (told,) = play["lea"].alarms("kitchen")
    assert told.confirmation is not None
    assert told.confirmation.n_later == 8
    assert {signal.sentence for signal in told.confirmation.signals} <= {
        signal["sentence"] for signal in confirmed.signals
    }
    # The same fault is not told of twice, by this look or any other.
    keys = [signal["key"] for alarm in Alarm.objects.all() for signal in alarm.signals]
    assert len(keys) == len(set(keys))
    later(8, ana=LATE)
    play["lea"].monitor("kitchen")
    assert Confirmation.objects.count() == 1


def test_later_answers_that_are_sound_have_none(play: Play) -> None:
    on_gold(play, "pause", looks=2)
    play["lea"].monitor("kitchen")
    n_alarms = Alarm.objects.count()
    for _ in range(4):
        later(4, ana=SOUND)
        play["lea"].monitor("kitchen")
    assert standing(play, "ana") is AnnotatorStanding.ACTIVE
    assert (Confirmation.objects.count(), Alarm.objects.count()) == (0, n_alarms)


def test_what_was_borne_out_is_taken_back_whole(play: Play) -> None:
    _, *doubtful = on_gold(play, "pause", "reopen", looks=2)
    play["lea"].monitor("kitchen")
    later(8, ana=LATE)
    play["lea"].monitor("kitchen")
    alarm = Confirmation.objects.get().alarm
    taken = play["lea"].alarm_reverse(alarm.uid, note="the camera was off")
    assert taken.reversal is not None
    assert taken.reversal.outcome["n_clips_restored"] == 2
    assert standing(play, "ana") is AnnotatorStanding.ACTIVE
    assert all(play.clip(uid).state is ClipState.ACCEPTED for uid in doubtful)
    later(2, ana=LATE)
    assert play["lea"].monitor("kitchen").n_alarms == 0


def test_an_alarm_taken_back_after_the_first_look_has_no_second(play: Play) -> None:
    on_gold(play, "pause", looks=2)
    play["lea"].monitor("kitchen")
    (alarm,) = play["lea"].alarms("kitchen")
    play["lea"].alarm_reverse(alarm.uid)
    later(8, ana=LATE)
    play["lea"].monitor("kitchen")
    assert not Confirmation.objects.filter(alarm__uid=alarm.uid).exists()
    assert standing(play, "ana") is AnnotatorStanding.ACTIVE


def test_rules_by_which_one_look_is_enough_reach_what_was_seen_once(play: Play) -> None:
    on_gold(play, "pause", looks=2)
    play["lea"].monitor("kitchen")
    wanted = {"min_clips": 5, "false_discovery_rate": 0.2, "consequences": ["pause"]}
    members = MEMBERS | dict.fromkeys(OTHERS, "annotator")
    rules(play, members=members, max_rounds=3, monitoring=wanted | {"looks": 1})
    play["lea"].monitor("kitchen")
    assert standing(play, "ana") is AnnotatorStanding.PAUSED
    assert Confirmation.objects.get().n_later == 0
    assert Consequence.objects.get(kind="pause").reason.startswith(
        "One look is enough by the rules"
    )


def test_answers_given_before_the_alarm_bear_nothing_out(play: Play) -> None:
    on_gold(play, "pause", looks=2)
    answers = said(LATE, 8)
    given = answers_given([name for name, _, _ in answers])  # their clips are open to edits
    play["lea"].monitor("kitchen")
    measured_later(given, answers)
    play["lea"].monitor("kitchen")
    assert standing(play, "ana") is AnnotatorStanding.ACTIVE
    assert not Confirmation.objects.exists()


def test_rules_that_come_to_want_more_reach_an_old_alarm_by_a_second_look(play: Play) -> None:
    on_gold(play, "notify", looks=1)
    play["lea"].monitor("kitchen")
    wanted = {"min_clips": 5, "false_discovery_rate": 0.2, "consequences": ["notify", "pause"]}
    members = MEMBERS | dict.fromkeys(OTHERS, "annotator")
    rules(play, members=members, max_rounds=3, monitoring=wanted | {"looks": 2})
    later(16, ana=LATE)
    play["lea"].monitor("kitchen")
    assert standing(play, "ana") is AnnotatorStanding.PAUSED
    (alarm,) = Alarm.objects.all()
    assert kinds(alarm) == ["notify", "pause"]


def test_a_second_look_is_on_record_for_good(play: Play) -> None:
    on_gold(play, "pause", looks=2)
    play["lea"].monitor("kitchen")
    later(8, ana=LATE)
    play["lea"].monitor("kitchen")
    for write in (
        lambda: Confirmation.objects.update(n_later=0),
        Confirmation.objects.all().delete,
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            write()


@pytest.mark.slow
def test_two_second_looks_at_once_are_one(live_play: Play) -> None:
    on_gold(live_play, "pause", "reopen", looks=2)
    live_play["lea"].monitor("kitchen")
    later(8, ana=LATE)
    runs = together(*[lambda: live_play["wren"].monitor("kitchen")] * 3)
    assert sorted(run.is_new for run in runs) == [False, False, True]
    assert Confirmation.objects.count() == 1
    assert sum(run.n_reopened for run in runs) == 2
