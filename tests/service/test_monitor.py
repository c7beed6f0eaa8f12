"""The monitor: who stands out, what follows, and how a manager takes it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from services.domain.errors import NotAllowedError, NotFoundError
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import ClipState
from services.tracker.core.roles import Role
from services.tracker.gold.models import Showing
from services.tracker.monitoring import monitor
from services.tracker.monitoring.models import (
    Alarm,
    Consequence,
    Inspection,
    Measurement,
    ReopenedClip,
    Reversal,
)
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.projects.versions import rules_of
from tests import factories
from tests.service.gold import golden, leave
from tests.service.measuring import answer_gold, answers_to_gold, rules
from tests.service.play import MEMBERS, Play
from tests.service.test_racing import together

pytestmark = pytest.mark.db
POUR = factories.segment(10, 50)
N = 15


OTHERS = ("dot", "eve", "fay", "gus")
EVERYBODY = ("ana", "ben", *OTHERS)


def on_gold(
    play: Play,
    *consequences: str,
    n: int = N,
    late: str = "ana",
    since: int | None = None,
    max_rounds: int = 3,
    looks: int = 1,
) -> list[UUID]:
    """Let six people answer gold clips, one of them late with offsets from the third part on.

    One look is enough unless two are asked for.

    Return the clips that ana and ben agreed on in between: one before the fault, two after.
    """
    since = n // 3 if since is None else since
    for name in OTHERS:
        play.enter(name, Role.ANNOTATOR)
    User.objects.filter(username__in=OTHERS).update(created_by=User.objects.get(username="lea"))
    clips, waiting = [], []
    for number in range(n):
        for place, name in enumerate(EVERYBODY):
            shift = 12 if name == late and number >= since else (number + place) % 3 - 1
            waiting.append((name, [POUR], [factories.segment(10, 50 + shift)]))
        if number in {1, n // 3 + 2, n // 3 + 3}:
            answers_to_gold(waiting)
            waiting = []
            clips.append(play.accepted())
    answers_to_gold(waiting)
    members = MEMBERS | dict.fromkeys(OTHERS, "annotator")
    rules(play, members=members)
    # The trial comes after they have joined: nobody is on one to begin with.
    rules(
        play,
        members=members,
        max_rounds=max_rounds,
        calibration_clips=2 if "recalibrate" in consequences else 0,
        monitoring={
            "min_clips": 5,
            "false_discovery_rate": 0.2,
            "looks": looks,
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


def test_of_two_changes_of_standing_the_last_is_made_and_taken_back(play: Play) -> None:
    golden(play, 3)
    on_gold(play, "recalibrate", "pause", late="dot")
    play["lea"].monitor("kitchen")
    assert standing(play, "dot") is AnnotatorStanding.PAUSED
    (alarm,) = play["lea"].alarms("kitchen")
    assert [c.kind for c in alarm.consequences] == ["recalibrate", "pause"]
    play["lea"].alarm_reverse(alarm.uid)
    steps = [(e.before, e.after) for e in play["lea"].standing_events("kitchen", "dot")]
    assert steps == [("active", "paused"), ("paused", "active")]
    # A trial that a pause ends shows nobody any gold.
    assert not Showing.objects.filter(user__username="dot").exists()


def test_who_is_tried_anew_gets_known_clips(play: Play) -> None:
    golden(play, 3)
    on_gold(play, "recalibrate", late="dot")
    play["lea"].monitor("kitchen")
    assert standing(play, "dot") is AnnotatorStanding.CALIBRATING
    shown = Showing.objects.filter(user__username="dot")
    assert list(shown.values_list("purpose", flat=True)) == ["calibration"] * 2


def test_who_cannot_be_tried_is_paused_and_not_stranded(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_gold(play, "recalibrate")
    without_trial = monitor.policy_of(rules_of(Project.objects.get(slug="kitchen")).pk)
    without_trial = without_trial.model_copy(update={"calibration_clips": 0})
    monkeypatch.setattr(monitor, "policy_of", lambda _: without_trial)
    play["lea"].monitor("kitchen")
    assert standing(play, "ana") is AnnotatorStanding.PAUSED
    (event,) = play["lea"].standing_events("kitchen", "ana")
    assert "the policy tries nobody" in event.cause["detail"]
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


def test_an_alarm_over_who_has_left_is_taken_back(play: Play) -> None:
    _, *doubtful = on_gold(play, "pause", "reopen")
    play["lea"].monitor("kitchen")
    leave(play, "ana")
    (alarm,) = play["lea"].alarms("kitchen")
    taken = play["lea"].alarm_reverse(alarm.uid)
    assert taken.reversal is not None
    assert taken.reversal.outcome == {
        "n_clips_restored": 2,
        "n_clips_decided_anew": 0,
        "standing": "left the project, left as it is",
    }
    assert all(play.clip(uid).state is ClipState.ACCEPTED for uid in doubtful)


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
