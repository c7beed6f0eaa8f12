"""Workers that race, on real transactions: nothing is done twice and nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import sleep
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction

from services.client.payloads import WorkItem
from services.domain.errors import SegueError
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import ClipState, Stage
from services.tracker.annotations.models import Assignment
from services.tracker.clips.history import history_verify
from services.tracker.clips.models import Clip
from services.tracker.gold.models import Showing
from services.tracker.gold.planting import calibrations_plant
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.standing.services import standing_change
from services.tracker.work.models import Lease
from tests import factories
from tests.service.gold import answer_known, checked, golden, leave, rules, seats_open, showings
from tests.service.play import Play

pytestmark = [pytest.mark.db, pytest.mark.slow]


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls in threads that start at the same moment; an error of ours is a result."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return call()
        except SegueError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_racing_claims_never_share_a_clip(live_play: Play) -> None:
    live_play.register(*(f"{n}.mp4" for n in range(120)))

    def drain() -> list[WorkItem]:
        items: list[WorkItem] = []
        while found := live_play.claim(Stage.INGEST, limit=7):
            items += found
        return items

    items = [item for found in together(*[drain] * 4) for item in found]
    assert len(items) == 120
    assert max(Counter(item.clip_uid for item in items).values()) == 1
    assert Lease.objects.filter(ended=None).count() == 120


def test_the_same_report_from_two_threads_counts_once(live_play: Play) -> None:
    (uid,) = live_play.register()
    item, done = live_play.claim_one(Stage.INGEST), factories.ingest_done()
    answers = together(*[lambda: live_play.report(item, done)] * 4)
    assert sorted(answer.repeated for answer in answers) == [False, True, True, True]
    assert Clip.objects.get(uid=uid).version == 2


def test_two_clips_of_one_content_become_one(live_play: Play) -> None:
    live_play.register("a.mp4", "b.mp4", "c.mp4")
    items = live_play.claim(Stage.INGEST)
    together(*[lambda i=i: live_play.report(i, factories.ingest_done("same")) for i in items])
    states = Counter(Clip.objects.values_list("state", flat=True))
    assert states == {ClipState.INGESTED: 1, ClipState.QUARANTINED: 2}


def test_racing_registrations_agree(live_play: Play) -> None:
    clips = [factories.clip_in(f"{n}.mp4") for n in range(60)]
    results = together(*[lambda: live_play["wren"].clips_register("kitchen", clips)] * 3)
    assert len({tuple(item.uid for item in result) for result in results}) == 1
    assert sum(item.created for result in results for item in result) == 60
    assert Clip.objects.count() == 60
    for clip in Clip.objects.all():
        assert history_verify(clip_uid=clip.uid, events=clip.events.all())[2] == clip.head


def test_two_answers_at_once_are_both_kept(live_play: Play) -> None:
    clip = live_play.in_annotation()
    seats = [live_play.seat(clip, name) for name in ("ana", "ben")]
    wren = live_play["wren"]
    together(*[lambda s=s: wren.annotation_submit(s, factories.submission()) for s in seats])
    item = live_play.claim_one(Stage.CHECK)
    assert {opinion.state for opinion in item.opinions} == {"submitted"}


@pytest.mark.parametrize("_attempt", range(4))
def test_an_answer_and_a_check_at_once_lose_nothing(live_play: Play, _attempt: int) -> None:
    clip = live_play.in_annotation()
    live_play.answer_all(clip)
    item = live_play.claim_one(Stage.CHECK)
    seat = live_play.seat(clip, "ana")
    newer = factories.submission(factories.submitted(0, 5), after_s=60)
    together(
        lambda: live_play.report(item, factories.agreed(*live_play.answers(item))),
        lambda: live_play["wren"].annotation_submit(seat, newer),
    )
    found = Clip.objects.get(uid=clip)
    # Either the round was decided first and the answer came late, or it is checked again.
    assert (found.state, found.due) in {("accepted", None), ("in_annotation", "check")}
    if found.due:
        fresh = live_play.claim_one(Stage.CHECK)
        assert any(o.segments == [factories.submitted(0, 5)] for o in fresh.opinions)


def test_racing_releases_are_one(live_play: Play) -> None:
    live_play.accepted()
    made = together(*[lambda: live_play["wren"].release_create("kitchen", "1.0")] * 4)
    assert len({release.uid for release in made}) == 1
    assert {release.n_clips for release in made} == {1}


def test_every_history_is_whole_after_the_race(live_play: Play) -> None:
    live_play.register(*(f"{n}.mp4" for n in range(20)))

    def work() -> None:
        while items := live_play.claim(Stage.INGEST, limit=3):
            for item in items:
                live_play.report(item, factories.ingest_done())

    together(work, work, work)
    for clip in Clip.objects.all():
        assert clip.state == ClipState.INGESTED
        events = clip.events.order_by("seq")
        assert history_verify(clip_uid=clip.uid, events=events)[2] == clip.head


def test_racing_answers_never_bring_the_same_gold_twice(live_play: Play) -> None:
    """Four workers hand in the answers of the same two people while there is little gold."""
    golden(live_play, 3)
    rules(live_play, "dot", "eve", gold_share=1)
    leave(live_play, "ana", "ben")
    seats = open_seats(live_play, 12)
    wren, answer = live_play["wren"], factories.submission
    results = together(
        *[
            lambda part=seats[n::4]: [wren.annotation_submit(seat, answer()) for seat in part]
            for n in range(4)
        ]
    )
    assert all(isinstance(result, list) for result in results), results
    shown = Counter(Showing.objects.values_list("source", "user__username"))
    assert set(shown.values()) == {1}
    assert len(shown) == 6  # each of the three to each of the two, and no more
    for clip in Clip.objects.exclude(purpose="work"):
        events = clip.events.order_by("seq")
        assert history_verify(clip_uid=clip.uid, events=events)[2] == clip.head


def open_seats(play: Play, n_clips: int) -> list[UUID]:
    """Bring new clips to where their seats are open; the seats' UIDs."""
    clips = play.register(*(f"{n}.mp4" for n in range(n_clips)))
    for item in play.claim(Stage.INGEST):
        play.report(item, factories.ingest_done())
    for item in play.claim(Stage.PRELABEL):
        play.report(item, factories.prelabel_done())
    for item in play.claim(Stage.DISPATCH):
        play.push(item)
    seats = Assignment.objects.filter(clip__uid__in=clips).order_by("pk")
    return list(seats.values_list("uid", flat=True))


def test_racing_changes_of_a_standing_make_one_chain(live_play: Play) -> None:
    rules(live_play, calibration_clips=1)
    lea = live_play["lea"]
    words = [AnnotatorStanding.PAUSED, AnnotatorStanding.CALIBRATING, AnnotatorStanding.ACTIVE] * 2
    together(*[lambda w=word: lea.standing_change("kitchen", "ana", w) for word in words])
    events = list(lea.standing_events("kitchen", "ana"))
    earlier = ["active", *(event.after for event in events)]
    assert [event.before for event in events] == earlier[:-1]
    assert lea.standing_reverse(events[-1].uid).after == events[-1].before


def test_a_clip_is_gold_once_however_many_promote_it(live_play: Play) -> None:
    clip = live_play.accepted()
    made = together(*[lambda: live_play["lea"].gold_promote("kitchen", clip)] * 4)
    assert len({item.uid for item in made}) == 1


def test_answering_applying_and_reopening_at_once_never_block_each_other(live_play: Play) -> None:
    """Planting a shadow refers to its source and project, which others lock before they plant."""
    sources = [item.clip_uid for item in golden(live_play, 6)]
    rules(live_play, "dot", "eve", "fran", gold_share=1, calibration_clips=2, max_rounds=5)
    leave(live_play, "ana", "ben")
    for name in ("dot", "eve"):
        live_play["lea"].standing_change("kitchen", name, AnnotatorStanding.ACTIVE)
    work = open_seats(live_play, 12)
    wren, answer = live_play["wren"], factories.submission
    declared = live_play["lea"].project("kitchen")
    members = {name: role for name, role in declared.members.items() if name != "lea"}
    same = factories.project_in(members, policy=declared.policy)
    lea = live_play["lea"]
    results = together(
        lambda: [wren.annotation_submit(seat, answer()) for seat in work[::2]],
        lambda: [wren.annotation_submit(seat, answer()) for seat in work[1::2]],
        lambda: [lea.project_apply("kitchen", same) for _ in range(5)],
        lambda: [lea.clip_reopen(uid) for uid in sources[:3]],
        lambda: [lea.clip_reopen(uid) for uid in sources[3:]],
    )
    assert all(isinstance(result, list) for result in results), results
    shown = Showing.objects.values_list("source", "user")
    seen = Assignment.objects.filter(clip__purpose="work").values_list("clip", "user")
    assert not set(shown) & set(seen)


def test_two_changes_of_standing_in_one_transaction_block_nobody(live_play: Play) -> None:
    """As the monitor does for two alarms, while a manager puts the second person on trial."""
    golden(live_play, 2)
    rules(live_play, "dot", "eve", calibration_clips=1)
    for name in ("dot", "eve"):
        live_play["lea"].standing_change("kitchen", name, AnnotatorStanding.ACTIVE)
    project = Project.objects.get(slug="kitchen")
    dot, eve = (User.objects.get(username=name) for name in ("dot", "eve"))
    changed = Event()

    def try_again(user: User) -> None:
        standing_change(
            project=project,
            user=user,
            to=AnnotatorStanding.CALIBRATING,
            cause={"code": "monitor"},
            actor="monitor",
        )

    def monitor() -> str:
        with transaction.atomic():
            try_again(dot)
            changed.set()
            sleep(0.5)
            try_again(eve)
            calibrations_plant(project=project)
        return "done"

    def manager() -> str:
        changed.wait()
        live_play["lea"].standing_change("kitchen", "eve", AnnotatorStanding.CALIBRATING)
        return "done"

    assert together(monitor, manager) == ["done", "done"]
    trials = Showing.objects.filter(trial__user__in=[dot, eve]).count()
    assert trials == 4  # each had two trials, and a clip for either


@pytest.mark.parametrize("_attempt", range(3))
def test_a_trial_ends_whose_last_two_answers_are_scored_at_once(
    live_play: Play, _attempt: int
) -> None:
    golden(live_play, 2)
    rules(live_play, "dot", calibration_clips=2)
    seats_open(live_play)
    for item in showings(live_play, username="dot"):
        answer_known(live_play, item.clip_uid)
    items = live_play.claim(Stage.CHECK)
    together(*[lambda i=item: live_play.report(i, checked(i)) for item in items])
    found = {row.username: row.standing for row in live_play["lea"].standings("kitchen")}
    assert found["dot"] is AnnotatorStanding.ACTIVE


def test_gold_at_whose_clip_somebody_is_just_now_is_passed_over(live_play: Play) -> None:
    """Whoever opens the clip again must see who was shown it; and nobody waits for him."""
    (gold,) = golden(live_play)
    rules(live_play, "dot", "eve", gold_share=1)
    leave(live_play, "ana", "ben")
    first, second = open_seats(live_play, 1)
    wren = live_play["wren"]
    with transaction.atomic():
        Clip.objects.select_for_update(no_key=True).get(uid=gold.clip_uid)
        together(lambda: wren.annotation_submit(first, factories.submission()))
    assert not Showing.objects.exists()
    wren.annotation_submit(second, factories.submission())
    assert Showing.objects.count() == 1
