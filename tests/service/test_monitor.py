"""The monitor: who stands out, what follows, and how a manager takes it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from services.domain.errors import NotAllowedError, NotFoundError
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import AssignmentState, ClipState, Stage
from services.tracker.clips.history import history_verify
from services.tracker.clips.models import Clip, ClipEvent
from services.tracker.core.roles import Role
from services.tracker.monitoring import reopening
from services.tracker.monitoring.counting import decisions_count
from services.tracker.monitoring.models import (
    Alarm,
    Consequence,
    Inspection,
    Measurement,
    ReopenedClip,
    Reversal,
)
from services.tracker.people.models import User
from services.tracker.quality.models import Decision
from tests import factories
from tests.service.measuring import answer_gold, answers_to_gold, rules
from tests.service.play import MEMBERS, Play
from tests.service.test_racing import together

pytestmark = pytest.mark.db
POUR = factories.segment(10, 50)
N = 15


OTHERS = ("dot", "eve", "fay", "gus")
EVERYBODY = ("ana", "ben", *OTHERS)


def on_gold(
    play: Play, *consequences: str, n: int = N, late: str = "ana", max_rounds: int = 3
) -> list[UUID]:
    """Let six people answer gold clips, one of them late with offsets from the third part on.

    Return the clips that ana and ben agreed on in between: one before the fault, two after.
    """
    for name in OTHERS:
        play.enter(name, Role.ANNOTATOR)
    User.objects.filter(username__in=OTHERS).update(created_by=User.objects.get(username="lea"))
    clips, waiting = [], []
    for number in range(n):
        for place, name in enumerate(EVERYBODY):
            shift = 12 if name == late and number >= n // 3 else (number + place) % 3 - 1
            waiting.append((name, [POUR], [factories.segment(10, 50 + shift)]))
        if number in {1, n // 3 + 2, n // 3 + 3}:
            answers_to_gold(waiting)
            waiting = []
            clips.append(play.accepted())
    answers_to_gold(waiting)
    rules(
        play,
        members=MEMBERS | dict.fromkeys(OTHERS, "annotator"),
        max_rounds=max_rounds,
        monitoring={
            "min_clips": 5,
            "false_discovery_rate": 0.2,
            "consequences": list(consequences or ("notify",)),
        },
    )
    return clips


def standing(play: Play, name: str) -> AnnotatorStanding:
    return {row.username: row.standing for row in play["lea"].standings("kitchen")}[name]


def test_a_fault_is_found_once_and_told_to_the_manager(play: Play) -> None:
    on_gold(play)
    found = play["lea"].monitor("kitchen")
    assert (found.is_new, found.n_people, found.n_clips, found.n_alarms) == (True, 6, 6 * N, 1)
    (alarm,) = play["lea"].alarms("kitchen")
    assert alarm.username == "ana"
    assert {signal.question["side"] for signal in alarm.signals} == {"offset"}
    assert all(signal.n_clips == N for signal in alarm.signals)
    assert all(signal.since_index == N // 3 for signal in alarm.signals)
    assert [c.kind for c in alarm.consequences] == ["notify"]
    assert alarm.reversal is None
    again = play["lea"].monitor("kitchen")
    assert (again.is_new, again.n_alarms) == (False, 0)
    assert (Inspection.objects.count(), Alarm.objects.count()) == (1, 1)


def test_a_signal_that_stands_is_not_raised_again_by_more_of_the_same(play: Play) -> None:
    on_gold(play)
    play["wren"].monitor("kitchen")
    before = {key for alarm in play["lea"].alarms("kitchen") for key in keys(alarm)}
    for name in ("ana", "ben"):
        answer_gold(name, [POUR], [factories.segment(10, 62 if name == "ana" else 50)])
    assert play["wren"].monitor("kitchen").is_new
    later = [key for alarm in list(play["lea"].alarms("kitchen"))[1:] for key in keys(alarm)]
    assert not before & set(later)


def keys(alarm: Any) -> list[str]:
    return [signal.key for signal in alarm.signals]


def test_nobody_is_named_where_nobody_is_at_fault(play: Play) -> None:
    on_gold(play, late="nobody")
    assert play["lea"].monitor("kitchen").n_alarms == 0


def test_too_few_clips_judge_nobody(play: Play) -> None:
    on_gold(play, n=4)
    found = play["lea"].monitor("kitchen")
    assert (found.n_clips, found.n_alarms) == (24, 0)


@pytest.mark.parametrize(
    ("consequence", "to"),
    [
        ("recalibrate", AnnotatorStanding.CALIBRATING),
        ("pause", AnnotatorStanding.PAUSED),
    ],
)
def test_a_standing_follows_and_is_taken_back(
    play: Play, consequence: str, to: AnnotatorStanding
) -> None:
    on_gold(play, "notify", consequence)
    play["lea"].monitor("kitchen")
    assert standing(play, "ana") is to
    assert standing(play, "ben") is AnnotatorStanding.ACTIVE
    (alarm,) = play["lea"].alarms("kitchen")
    assert [c.kind for c in alarm.consequences] == ["notify", consequence]
    taken = play["lea"].alarm_reverse(alarm.uid, note="the camera was off")
    assert taken.reversal is not None
    assert (taken.reversal.actor, taken.reversal.note) == ("lea", "the camera was off")
    assert standing(play, "ana") is AnnotatorStanding.ACTIVE
    assert play["lea"].alarm_reverse(alarm.uid).reversal == taken.reversal
    # What lies before was dealt with.
    answer_gold("ana", [POUR], [factories.segment(10, 62)])
    found = play["lea"].monitor("kitchen")
    assert (found.is_new, found.n_alarms) == (True, 0)


def test_two_changes_of_standing_are_taken_back_together(play: Play) -> None:
    on_gold(play, "recalibrate", "pause")
    play["lea"].monitor("kitchen")
    assert standing(play, "ana") is AnnotatorStanding.PAUSED
    (alarm,) = play["lea"].alarms("kitchen")
    play["lea"].alarm_reverse(alarm.uid)
    assert standing(play, "ana") is AnnotatorStanding.ACTIVE


def test_a_standing_that_somebody_changed_since_stays(play: Play) -> None:
    on_gold(play, "recalibrate")
    play["lea"].monitor("kitchen")
    play["lea"].standing_change("kitchen", "ana", AnnotatorStanding.PAUSED)
    (alarm,) = play["lea"].alarms("kitchen")
    taken = play["lea"].alarm_reverse(alarm.uid)
    assert taken.reversal is not None
    assert taken.reversal.outcome == {"standing": "changed since, left as it is"}
    assert standing(play, "ana") is AnnotatorStanding.PAUSED


def test_the_paused_are_not_judged(play: Play) -> None:
    on_gold(play)
    play["lea"].standing_change("kitchen", "ana", AnnotatorStanding.PAUSED)
    found = play["lea"].monitor("kitchen")
    assert (found.n_people, found.n_alarms) == (5, 0)


@pytest.mark.slow
def test_two_runs_at_once_raise_one_alarm(live_play: Play) -> None:
    on_gold(live_play, "pause", "reopen")
    runs = together(*[lambda: live_play["wren"].monitor("kitchen")] * 3)
    assert sorted(run.is_new for run in runs) == [False, False, True]
    assert (Inspection.objects.count(), Alarm.objects.count()) == (1, 1)
    assert ReopenedClip.objects.count() == sum(run.n_reopened for run in runs) == 2


@pytest.mark.slow
def test_two_reversals_at_once_are_one(live_play: Play) -> None:
    on_gold(live_play, "pause", "reopen")
    live_play["lea"].monitor("kitchen")
    (alarm,) = live_play["lea"].alarms("kitchen")
    first, second = together(*[lambda: live_play["lea"].alarm_reverse(alarm.uid)] * 2)
    assert first.reversal == second.reversal
    assert first.reversal.outcome["n_clips_restored"] == 2


# --- clips in doubt ------------------------------------------------------------------------------


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


# --- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ana", "sam", "cleo"])
def test_people_neither_run_nor_read_the_monitor(play: Play, name: str) -> None:
    on_gold(play)
    play["lea"].monitor("kitchen")
    (alarm,) = play["lea"].alarms("kitchen")
    with pytest.raises(NotAllowedError):
        play[name].monitor("kitchen")
    with pytest.raises(NotAllowedError):
        list(play[name].alarms("kitchen"))
    with pytest.raises(NotAllowedError):
        play[name].alarm_reverse(alarm.uid)


def test_the_worker_runs_the_monitor_and_reads_nothing(play: Play) -> None:
    assert play["wren"].monitor("kitchen").is_new
    with pytest.raises(NotAllowedError):
        list(play["wren"].alarms("kitchen"))
    with pytest.raises(NotAllowedError):
        play["wren"].alarm_reverse(uuid4())


def test_another_projects_alarms_do_not_exist(play: Play) -> None:
    on_gold(play)
    play["lea"].monitor("kitchen")
    (alarm,) = play["lea"].alarms("kitchen")
    with pytest.raises(NotFoundError):
        play["kim"].alarm_reverse(alarm.uid)
    with pytest.raises(NotFoundError):
        play["kim"].monitor("kitchen")
    with pytest.raises(NotFoundError):
        list(play["kim"].alarms("kitchen"))
    with pytest.raises(NotFoundError):
        play["lea"].alarm_reverse(uuid4())


def test_a_note_that_is_none_is_refused(play: Play) -> None:
    answer = play.http("lea").post(f"/api/v1/alarms/{uuid4()}/reverse", json={"note": ["x"]})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "model", [Measurement, Inspection, Alarm, Consequence, ReopenedClip, Reversal]
)
def test_the_trail_is_append_only(play: Play, model: Any) -> None:
    on_gold(play, "reopen")
    play["lea"].monitor("kitchen")
    (alarm,) = play["lea"].alarms("kitchen")
    play["lea"].alarm_reverse(alarm.uid)
    assert model.objects.exists()
    for write in (lambda: model.objects.update(id=0), lambda: model.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            write()


def test_the_model_of_reliability_is_one_more_column(play: Play) -> None:
    stir = factories.segment(10, 50, "stir")
    for _ in range(20):
        answer_gold("ana", [POUR], [stir])
        answer_gold("ana", [stir], [POUR])
        answer_gold("ben", [POUR], [POUR])
        answer_gold("ben", [stir], [stir])
    assert {p.reliability for p in play["lea"].quality_annotators("kitchen").people} == {None}
    play["lea"].monitor("kitchen")
    found = {p.username: p.reliability for p in play["lea"].quality_annotators("kitchen").people}
    assert found["ana"] is not None
    assert found["ben"] is not None
    assert found["ana"] < 0.3 < 0.8 < found["ben"]
