"""A known clip stays open to edits as long as work does, and is scored as it stands then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from services.client.payloads import CheckDone, StageFailed, WorkItem
from services.domain.errors import ConflictError
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import ClipState, Stage
from services.tracker.clips.history import history_verify
from services.tracker.clips.models import Clip, ClipEvent
from services.tracker.gold import closing
from services.tracker.gold.models import Score
from services.tracker.monitoring.models import Measurement
from services.tracker.projects.models import Project
from services.tracker.quality.models import SanityCheck
from services.tracker.work.models import Lease
from tests import factories
from tests.service.gold import (
    answer_known,
    checked,
    followed,
    golden,
    leave,
    open_seat,
    rules,
    seats_open,
    shadow,
    showings,
)
from tests.service.play import Play
from tests.service.test_racing import together

pytestmark = pytest.mark.db
HOURS = timedelta(hours=5)
RIGHT, WRONG = factories.submitted(10, 50), factories.submitted(100, 150, "stir")


@pytest.fixture
def honeypot(play: Play, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A shadow clip that is before its person, and will close five hours after the answer."""
    golden(play)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    followed(play)
    seats_open(play)
    waiting(monkeypatch)
    return showings(play)[0].clip_uid


def waiting(monkeypatch: pytest.MonkeyPatch, *waits: timedelta) -> None:
    """Let work have stood open for so long."""
    found = [(0, wait) for wait in waits or (HOURS,)]
    monkeypatch.setattr(closing, "_waits", lambda **_: found)


def work_on(play: Play, clip: UUID) -> WorkItem:
    (item,) = (item for item in play.claim(Stage.CHECK) if item.clip_uid == clip)
    return item


def checked_as_the_flow_does(item: WorkItem) -> CheckDone:
    """Only an answer that nobody has looked at gets a verdict."""
    report = checked(item)
    is_new = item.opinions[0].state == "submitted"
    return report if is_new else report.model_copy(update={"verdicts": []})


def check(play: Play, clip: UUID) -> str:
    item = work_on(play, clip)
    return str(play.report(item, checked_as_the_flow_does(item)).state)


def hours_pass(clip: UUID) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Clip.objects.filter(uid=clip).update(closes_at=past, due_at=past)


def steps(clip: UUID) -> list[str]:
    events = ClipEvent.objects.filter(clip__uid=clip).order_by("seq")
    history_verify(clip_uid=clip, events=events)
    return [event.step for event in events]


def agreement(play: Play, clip: UUID) -> float | None:
    (shown,) = (item for item in showings(play) if item.clip_uid == clip)
    return shown.agreement


def test_an_answer_that_passes_waits_for_its_time(play: Play, honeypot: UUID) -> None:
    answer_known(play, honeypot)
    before = timezone.now()
    assert check(play, honeypot) == "in_annotation"
    clip = shadow(honeypot)
    assert clip.closes_at is not None
    assert before + HOURS <= clip.closes_at == clip.due_at <= timezone.now() + HOURS
    assert clip.due == "check"
    assert not Score.objects.exists()
    assert [item for item in play.claim(Stage.CHECK) if item.clip_uid == honeypot] == []
    hours_pass(honeypot)
    assert check(play, honeypot) == "scored"
    assert steps(honeypot) == ["planted", "dispatched", "submitted", "passed", "scored"]
    assert (Score.objects.count(), agreement(play, honeypot)) == (1, 1.0)


def test_the_answer_counts_as_it_stands_at_the_end(play: Play, honeypot: UUID) -> None:
    answer_known(play, honeypot, WRONG)
    check(play, honeypot)
    closes_at = shadow(honeypot).closes_at
    answer_known(play, honeypot, RIGHT, after_s=600)
    assert check(play, honeypot) == "in_annotation"
    assert shadow(honeypot).closes_at == closes_at  # drawn once
    hours_pass(honeypot)
    check(play, honeypot)
    assert agreement(play, honeypot) == 1.0
    assert Measurement.objects.filter(reference="gold").count() == 1


def test_an_edit_that_is_unsound_comes_back_and_holds_the_clip_open(
    play: Play, honeypot: UUID
) -> None:
    answer_known(play, honeypot)
    check(play, honeypot)
    uid = answer_known(play, honeypot, after_s=600)
    play.report(work_on(play, honeypot), CheckDone(verdicts=[factories.verdict(uid, passed=False)]))
    hours_pass(honeypot)
    seats_open(play)
    assert shadow(honeypot).state == "in_annotation"
    assert [item for item in play.claim(Stage.CHECK) if item.clip_uid == honeypot] == []
    answer_known(play, honeypot, after_s=900)
    assert check(play, honeypot) == "scored"


def test_an_edit_during_the_last_look_is_looked_at_first(play: Play, honeypot: UUID) -> None:
    answer_known(play, honeypot, WRONG)
    check(play, honeypot)
    hours_pass(honeypot)
    last = work_on(play, honeypot)
    answer_known(play, honeypot, RIGHT, after_s=600)
    assert play.report(last, checked_as_the_flow_does(last)).state == "in_annotation"
    assert not Score.objects.exists()
    assert check(play, honeypot) == "scored"
    assert agreement(play, honeypot) == 1.0


def test_a_worker_that_dies_or_repeats_itself_scores_once(play: Play, honeypot: UUID) -> None:
    answer_known(play, honeypot)
    check(play, honeypot)
    hours_pass(honeypot)
    work_on(play, honeypot)  # and never a word
    ended = timezone.now() - timedelta(seconds=1)
    Lease.objects.filter(clip__uid=honeypot, ended=None).update(expires_at=ended)
    Clip.objects.filter(uid=honeypot).update(leased_until=ended)
    item = work_on(play, honeypot)
    first = play.report(item, checked_as_the_flow_does(item))
    again = play.report(item, checked_as_the_flow_does(item))
    assert again == first.model_copy(update={"repeated": True})
    assert (first.state, Score.objects.count()) == ("scored", 1)


def test_a_last_look_that_fails_is_taken_again(play: Play, honeypot: UUID) -> None:
    answer_known(play, honeypot)
    check(play, honeypot)
    hours_pass(honeypot)
    down = StageFailed(code="down", detail="Down.", transient=True)
    assert play.report(work_on(play, honeypot), down).due == "check"
    hours_pass(honeypot)
    broken = StageFailed(code="broken", detail="Broken.", transient=False)
    play.report(work_on(play, honeypot), broken)
    assert shadow(honeypot).held
    play["lea"].clip_retry(honeypot)
    assert check(play, honeypot) == "scored"


def test_a_retry_that_comes_early_closes_nothing(play: Play, honeypot: UUID) -> None:
    answer_known(play, honeypot)
    check(play, honeypot)
    Clip.objects.filter(uid=honeypot).update(due_at=timezone.now())
    assert check(play, honeypot) == "in_annotation"
    clip = shadow(honeypot)
    assert clip.due_at == clip.closes_at
    with pytest.raises(ConflictError):
        play["lea"].clip_retry(honeypot)


@pytest.mark.slow
def test_an_edit_and_the_last_look_at_once(
    live_play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either the edit comes late, or it is checked; it is never lost and never scored twice."""
    play = live_play
    golden(play)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    followed(play)
    seats_open(play)
    waiting(monkeypatch)
    clip = showings(play)[0].clip_uid
    answer_known(play, clip)
    check(play, clip)
    hours_pass(clip)
    item = work_on(play, clip)
    edit = factories.submission(RIGHT, after_s=600)
    taken, _ = together(
        lambda: play["wren"].annotation_submit(open_seat(clip), edit),
        lambda: play.report(item, checked_as_the_flow_does(item)),
    )
    if taken.status == "recorded":
        assert check(play, clip) == "scored"
    assert shadow(clip).state == "scored"
    assert Score.objects.count() == 1


# --- who is on trial -----------------------------------------------------------------------------


def test_a_trial_is_decided_at_the_answer_and_closes_later(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden(play)
    rules(play, "dot", calibration_clips=1)
    (clip,) = (item.clip_uid for item in showings(play, username="dot"))
    seats_open(play)
    waiting(monkeypatch)
    answer_known(play, clip, RIGHT)
    assert check(play, clip) == "in_annotation"
    assert standing(play) is AnnotatorStanding.ACTIVE  # works at once
    answer_known(play, clip, WRONG, after_s=600)
    assert check(play, clip) == "in_annotation"  # checked anew, as an edit of work is
    hours_pass(clip)
    assert check(play, clip) == "scored"
    assert (Score.objects.count(), agreement(play, clip)) == (1, 1.0)
    assert Measurement.objects.filter(reference="gold").count() == 1
    assert standing(play) is AnnotatorStanding.ACTIVE


def standing(play: Play) -> AnnotatorStanding:
    return {row.username: row.standing for row in play["lea"].standings("kitchen")}["dot"]


# --- for how long --------------------------------------------------------------------------------


def test_waits_are_those_of_work_and_one_of_each_round_is_none(play: Play) -> None:
    """From the first answer that passed to the comparison of both."""
    clip = play.in_annotation()
    play.answer(clip, "ana")
    item = play.claim_one(Stage.CHECK)
    play.report(item, CheckDone(verdicts=[factories.verdict(play.answers(item)[0])]))
    with connection.cursor() as cursor:  # the only way: checks never change
        cursor.execute("SET LOCAL session_replication_role TO replica")
        SanityCheck.objects.update(checked_at=timezone.now() - HOURS)
        cursor.execute("SET LOCAL session_replication_role TO DEFAULT")
    play.answer(clip, "ana", after_s=600)  # an edit does not count as the first
    play.answer(clip, "ben")
    item = play.claim_one(Stage.CHECK)
    play.report(item, factories.agreed(*play.answers(item)))
    found = closing._waits(project_id=Project.objects.get(slug="kitchen").pk)
    bens, anas = sorted(wait for _, wait in found)
    assert bens == timedelta()
    assert HOURS <= anas < HOURS + timedelta(minutes=5)


def test_whoever_has_enough_waits_of_work_gets_ones_own(
    play: Play, honeypot: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = shadow(honeypot)
    seat = clip.assignments.get()
    day = timedelta(days=1)

    def drawn(n_own: int) -> timedelta:
        found = [(seat.user_id, day)] * n_own + [(0, HOURS)] * 1000
        monkeypatch.setattr(closing, "_waits", lambda **_: found)
        return closing.closing_draw(clip=clip, seat=seat) - timezone.now()

    assert drawn(closing.ENOUGH) > HOURS
    assert drawn(1) <= HOURS


def test_no_wait_is_so_long_that_nothing_is_ever_measured(
    play: Play, honeypot: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(monkeypatch, timedelta(days=400))
    clip = shadow(honeypot)
    closes_at = closing.closing_draw(clip=clip, seat=clip.assignments.get())
    assert closes_at <= timezone.now() + closing.LONGEST_WAIT


def test_waits_are_drawn_as_often_as_work_has_them(
    play: Play, honeypot: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(monkeypatch, timedelta(), HOURS)
    clip = shadow(honeypot)
    seat = clip.assignments.get()
    n_later = 0
    for number in range(400):
        drawn: Any = Clip(uid=UUID(int=number), project_id=clip.project_id)
        n_later += closing.closing_draw(clip=drawn, seat=seat) > timezone.now()
    assert 160 <= n_later <= 240


def test_only_a_shadow_clip_closes_by_time(play: Play) -> None:
    clip = play.in_annotation()
    with pytest.raises(IntegrityError), transaction.atomic():
        Clip.objects.filter(uid=clip).update(closes_at=timezone.now())
    assert play.clip(clip).state is ClipState.IN_ANNOTATION
