"""Known clips by flows and people: honeypots, a newcomer's trial, and drafts with a probe."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from orchestration.flows.check import check
from orchestration.flows.collect import collect
from orchestration.flows.dispatch import dispatch
from services.domain.comparison.disputes import Comparison
from services.domain.monitoring.probes import Probe
from services.tracker.annotations.models import Assignment
from services.tracker.clips.models import Clip
from services.tracker.gold import closing
from tests.orchestration.flows.house import ONCE, POUR, House, seg
from tests.service.gold import leave, rules, showings

pytestmark = [pytest.mark.db, pytest.mark.harness]


def gold(house: House, n: int = 1) -> list[UUID]:
    """Make clips gold that ana and ben agree on."""
    clips = house.accepted(n)
    for clip in clips:
        house.play["lea"].gold_promote("kitchen", clip)
    return clips


def known(house: House, name: str) -> UUID:
    (clip,) = (item.clip_uid for item in showings(house.play) if item.username == name)
    return clip


def form(task: dict[str, Any]) -> dict[str, Any]:
    """Return what a person could see of a task, but for what names the thing itself."""
    title = task["data"]["title"]
    told = {**task["data"], **task["predictions"][0]} if task["predictions"] else task["data"]
    names = {"video", "assignment", "id", "task"}
    kept = {key: value for key, value in told.items() if key not in names}
    said = {key: str(value).replace(title, "<title>") for key, value in kept.items()}
    return said | {"strip": re.sub(r"\(/\S+\)", "(<address>)", said["strip"])}


def test_a_honeypot_goes_out_among_the_work_and_comes_back_scored(house: House):
    (source,) = gold(house)
    rules(house.play, "cy", "dee", gold_share=1)
    leave(house.play, "ana", "ben")
    (work,) = house.dispatched()
    house.answer("cy", work, POUR)
    house.take_in()
    house.back_off_is_over()  # a honeypot keeps away from the work it follows
    dispatch()
    shadow = known(house, "cy")
    tasks = house.tasks("cy")
    assert {task["data"]["title"] for task in tasks} == {
        house.clip(work).name,
        house.clip(source).name,
    }
    assert form(tasks[0]) == form(tasks[1])
    assert [set(task) for task in tasks] == [set(tasks[0])] * 2
    house.answer("cy", shadow, seg("pour", 13, 50))
    assert collect(ONCE) == "collect: 1 new answers"
    check()
    assert house.state(shadow) == "scored"
    assert house.steps(shadow) == ["planted", "dispatched", "submitted", "scored"]
    (shown,) = (item for item in showings(house.play) if item.clip_uid == shadow)
    assert shown.agreement == 1.0
    comparison = Comparison.from_json(shown.comparison or {})
    (agreed,) = comparison.agreed
    assert (agreed.a.onset, agreed.b.onset) == (10, 13)
    assert house.play["lea"].project_status("kitchen").states == {
        "accepted": 1,
        "in_annotation": 1,
    }


def test_a_known_clip_stays_open_as_long_as_work_and_then_closes(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    gold(house)
    rules(house.play, "cy", "dee", gold_share=1)
    leave(house.play, "ana", "ben")
    (work,) = house.dispatched()
    house.answer("cy", work, POUR)
    house.take_in()
    house.back_off_is_over()
    dispatch()
    monkeypatch.setattr(closing, "_waits", lambda **_: [(0, timedelta(hours=5))])
    shadow = known(house, "cy")
    house.answer("cy", shadow, seg("pour", 13, 50))
    house.take_in()
    check()
    assert house.state(shadow) == "in_annotation"
    past = timezone.now() - timedelta(seconds=1)
    Clip.objects.filter(uid=shadow).update(closes_at=past, due_at=past)
    assert house.play["wren"].project_status("kitchen").claimable == {"check": 1}
    check()
    assert house.state(shadow) == "scored"
    assert house.steps(shadow) == ["planted", "dispatched", "submitted", "passed", "scored"]
    (shown,) = (item for item in showings(house.play) if item.clip_uid == shadow)
    assert shown.agreement == 1.0


def test_a_careless_answer_to_a_honeypot_comes_back_like_any_other(house: House):
    gold(house)
    rules(house.play, "cy", "dee", gold_share=1)
    leave(house.play, "ana", "ben")
    (work,) = house.dispatched()
    house.answer("cy", work, POUR)
    house.take_in()
    house.back_off_is_over()
    dispatch()
    shadow = known(house, "cy")
    house.answer("cy", shadow, seg("pour", 10, 50), seg("stir", 40, 60))  # they overlap
    house.take_in()
    dispatch()
    assert house.task("cy", shadow)["data"]["status"] == "returned"
    house.answer("cy", shadow, seg("pour", 30, 60))
    house.take_in()
    assert house.state(shadow) == "scored"
    (shown,) = (item for item in showings(house.play) if item.clip_uid == shadow)
    assert shown.agreement == 0.0


def test_a_newcomer_works_after_the_trial(house: House):
    gold(house, 2)
    rules(house.play, "cy", calibration_clips=2)
    dispatch()
    for clip in [item.clip_uid for item in showings(house.play, username="cy")]:
        house.answer("cy", clip, POUR)
    house.take_in()
    (cy,) = (one for one in house.play["lea"].standings("kitchen") if one.username == "cy")
    assert cy.standing == "active"
    leave(house.play, "ana")
    (work,) = house.dispatched()
    assert house.annotators(work) == ["ben", "cy"]


def test_one_persons_draft_has_a_boundary_moved(house: House):
    rules(house.play, probe_share=1, probe_shift_frames=7)
    (clip,) = house.dispatched()
    (seat,) = Assignment.objects.exclude(probe=None).select_related("user")
    probe = Probe.from_json(seat.probe)
    frames = {}
    for name in ("ana", "ben"):
        task = house.task(name, clip)
        (region,) = task["predictions"][0]["result"]
        (shown,) = region["value"]["ranges"]
        frames[name] = (shown["start"] - 1, shown["end"])
        assert set(task["data"]) == set(house.task("ana", clip)["data"])
        assert "probe" not in str(task)
    plain = frames["ben" if seat.user.username == "ana" else "ana"]
    assert plain == (10, 50)
    index = 0 if probe.side == "onset" else 1
    assert (
        frames[seat.user.username][index]
        == probe.moved_to
        == plain[index] + (probe.moved_to - probe.frame)
    )
