"""A person cannot tell a known clip from work, in any answer of the tracker."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from services.client.payloads import CheckDone, WorkItem
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import Stage
from services.tracker.annotations.models import Assignment
from services.tracker.clips.models import Clip
from services.tracker.gold import closing
from tests import factories
from tests.service.gold import (
    checked,
    followed,
    golden,
    leave,
    rules,
    seats_open,
    showings,
    waits_end,
)
from tests.service.play import Play
from tests.service.test_blindness import read_all

pytestmark = pytest.mark.db

UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WORDS = ("gold", "honeypot", "calibration", "purpose", "shadow", "showing", "score", "probe")


@pytest.fixture
def pair(play: Play) -> tuple[UUID, UUID]:
    """Dot's seats on a clip that is work and on one that is known, in this order."""
    golden(play)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    finished(play, followed(play))
    work = play.prelabelled()
    seats_open(play)
    (known,) = (item.clip_uid for item in showings(play) if item.username == "dot")
    return seat_of(work), seat_of(known)


def finished(play: Play, clip: UUID) -> None:
    """End the round of the only clip whose answers wait for the check."""
    item = play.claim_one(Stage.CHECK)
    assert item.clip_uid == clip
    play.report(item, factories.agreed(*play.answers(item)))


def seat_of(clip: UUID, name: str = "dot") -> UUID:
    return Assignment.objects.get(clip__uid=clip, user__username=name).uid


def clip_of(seat: UUID) -> Clip:
    return Assignment.objects.get(uid=seat).clip


def told(play: Play, seat: UUID) -> Any:
    """Return all that dot can read about a seat, but for what names the thing itself."""
    http = play.http("dot")
    view = http.get(f"/api/v1/assignments/{seat}").json()
    texts = [view, *(v for v in listed(play) if v["uid"] == str(seat))]
    if view["annotation_uid"]:
        answer = http.get(f"/api/v1/annotations/{view['annotation_uid']}").json()
        texts.append(answer | {"received_at": bool(answer["received_at"])})
    for text in texts:
        text.pop("clip_name", None)
        text.pop("task_id", None)
    return json.loads(UID.sub("uid", json.dumps(texts)))


def listed(play: Play) -> list[Any]:
    results: list[Any] = play.http("dot").get("/api/v1/assignments").json()["results"]
    return results


def work_checked(item: WorkItem) -> CheckDone:
    """Judge the first of two answers."""
    return CheckDone(verdicts=[factories.verdict(item.opinions[0].annotation_uid)])


def hand_in(play: Play, seat: UUID, **more: Any) -> None:
    answer = factories.submission(factories.submitted(12, 48), **more)
    play["wren"].annotation_submit(seat, answer)


def judge(play: Play, *seats: UUID, report: Callable[[WorkItem], CheckDone] | None = None) -> None:
    items = {item.clip_uid: item for item in play.claim(Stage.CHECK)}
    assert set(items) == {clip_of(seat).uid for seat in seats}
    for item in items.values():
        judged = report or (checked if item.gold is not None else work_checked)
        play.report(item, judged(item))


def returned(item: WorkItem) -> CheckDone:
    uid = item.opinions[0].annotation_uid
    return CheckDone(verdicts=[factories.verdict(uid, passed=False)])


def test_both_look_alike_on_the_whole_way(play: Play, pair: tuple[UUID, UUID]) -> None:
    def alike() -> None:
        work, known = (told(play, seat) for seat in pair)
        assert work == known

    alike()
    for seat in pair:
        hand_in(play, seat)
    alike()
    judge(play, *pair, report=returned)
    alike()
    seats_open(play)
    alike()
    for seat in pair:
        hand_in(play, seat, after_s=60)
    alike()
    judge(play, *pair)
    assert clip_of(pair[1]).state == "scored"
    assert clip_of(pair[0]).state == "in_annotation"
    alike()


def test_an_edit_while_work_is_open_looks_alike(
    play: Play, pair: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one's answer is not in, and the known clip's time has not come."""
    edits_look_alike(play, *pair, monkeypatch=monkeypatch)


def test_an_edit_on_trial_looks_alike(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dot has work open from before the manager has her tried anew."""
    golden(play)
    rules(play, "dot", "eve")
    leave(play, "ana", "ben")
    work = play.prelabelled()
    rules(play, calibration_clips=1)
    play["lea"].standing_change("kitchen", "dot", AnnotatorStanding.CALIBRATING)
    seats_open(play)
    (known,) = (item.clip_uid for item in showings(play) if item.username == "dot")
    edits_look_alike(play, seat_of(work), seat_of(known), monkeypatch=monkeypatch)
    (dot,) = (one for one in play["lea"].standings("kitchen") if one.username == "dot")
    assert dot.standing is AnnotatorStanding.ACTIVE  # by the answer that passed first


def edits_look_alike(
    play: Play, work: UUID, known: UUID, *, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hand in, pass, edit, come back, mend and pass again: dot sees the same of both."""
    monkeypatch.setattr(closing, "_waits", lambda **_: [(0, timedelta(hours=5))])
    states = []

    def alike() -> None:
        of_work, of_known = told(play, work), told(play, known)
        assert of_work == of_known
        states.append(of_work[0]["state"])

    for after_s, report in ((0, None), (600, None), (1200, returned), (1800, None)):
        for seat in (work, known):
            hand_in(play, seat, after_s=after_s)
        alike()
        judge(play, work, known, report=report)
        alike()
        if report is returned:
            seats_open(play)
            alike()
    assert states == ["submitted", "passed"] * 2 + [
        "submitted",
        "returned",
        "open",
        "submitted",
        "passed",
    ]
    past = timezone.now() - timedelta(seconds=1)
    Clip.objects.filter(pk=clip_of(known).pk).update(closes_at=past, due_at=past)
    alike()
    judge(play, known)
    assert clip_of(known).state == "scored"
    alike()


def test_an_edit_afterwards_looks_alike_too(play: Play, pair: tuple[UUID, UUID]) -> None:
    """The work's round is decided when dot edits; the known clip is scored."""
    for seat in pair:
        hand_in(play, seat)
    eve = Assignment.objects.get(clip=clip_of(pair[0]), user__username="eve").uid
    hand_in(play, eve)
    judge(
        play,
        *pair,
        report=lambda item: (
            checked(item) if item.gold is not None else factories.agreed(*play.answers(item))
        ),
    )
    for seat in pair:
        hand_in(play, seat, after_s=600)
    first, second = (told(play, seat) for seat in pair)
    assert first == second


def test_a_seat_is_shown_only_once_its_task_is_there(play: Play) -> None:
    """A known clip is planned up to half an hour before; work is not, so nobody sees either."""
    golden(play)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    finished(play, followed(play))
    Clip.objects.filter(purpose="honeypot").update(due_at=timezone.now() + timedelta(minutes=9))
    play.prelabelled()
    for item in play.claim(Stage.DISPATCH):
        play.push(item)
    (planned,) = Assignment.objects.filter(user__username="dot", state="planned")
    http = play.http("dot")
    assert {view["state"] for view in listed(play)} == {"passed", "open"}
    assert http.get(f"/api/v1/assignments/{planned.uid}").status_code == 404
    assert http.get("/api/v1/assignments?state=planned").json()["results"] == []
    seats_open(play)
    assert http.get(f"/api/v1/assignments/{planned.uid}").json()["state"] == "open"


def test_no_word_of_it_reaches_who_labels(play: Play, pair: tuple[UUID, UUID]) -> None:
    hand_in(play, pair[1])
    judge(play, pair[1])
    seen = read_all(play, "dot")
    for path, text in seen.items():
        for word in WORDS:
            if word in path:
                continue  # 404 or 403 names the address that was asked for
            assert word not in text, f"{path} says {word}"


def test_its_uid_opens_nothing(play: Play, pair: tuple[UUID, UUID]) -> None:
    http = play.http("dot")
    for seat in pair:
        uid = clip_of(seat).uid
        for path in ("", "/events", "/decisions", "/prelabels"):
            assert http.get(f"/api/v1/clips/{uid}{path}").status_code == 404
        assert http.get(f"/api/v1/assignments?clip={uid}").json()["results"] == []


def test_seats_come_in_an_order_that_says_nothing(play: Play, pair: tuple[UUID, UUID]) -> None:
    uids = [view["uid"] for view in listed(play)]
    assert uids == sorted(uids)
    assert {str(seat) for seat in pair} <= set(uids)


def test_what_the_machines_make_a_task_of_is_the_same(play: Play) -> None:
    """Dispatch is what the task in Label Studio is made from."""
    golden(play)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    finished(play, followed(play))
    play.prelabelled()
    waits_end()
    items = {item.clip_uid: item for item in play.claim(Stage.DISPATCH)}
    shadows = {item.clip_uid for item in showings(play)}
    unlike = {"lease_uid", "clip_uid", "expires_at", "name", "source_uri", "seats", "proxy_key"}
    unlike |= {"strip_key"}  # its source's, as the proxy's is
    assert all(item.hints and item.strip_key for item in items.values())
    forms = [item.model_dump(mode="json", exclude=unlike) for item in items.values()]
    assert all(form == forms[0] for form in forms)
    assert forms[0]["gold"] is None
    for uid in shadows:
        (seat,) = items[uid].seats
        other = next(s for key, item in items.items() if key not in shadows for s in item.seats)
        assert seat.model_dump(exclude={"assignment_uid", "username"}) == other.model_dump(
            exclude={"assignment_uid", "username"}
        )


def test_the_other_person_learns_nothing_of_it(play: Play, pair: tuple[UUID, UUID]) -> None:
    before = read_all(play, "eve")
    hand_in(play, pair[1])
    judge(play, pair[1])
    assert read_all(play, "eve") == before
