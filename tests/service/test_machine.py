"""Two workers, three people and the clock in any order: the tracker never contradicts itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.client.payloads import (
    AssignmentOut,
    CheckDone,
    StageFailed,
    WorkItem,
    WorkReport,
    WorkReported,
)
from services.domain.errors import ConflictError, DuplicateError, LeaseLostError
from services.domain.workflow import TRANSITIONS, AssignmentState, ClipState, Stage, Step
from services.tracker.annotations.models import Assignment
from services.tracker.clips.history import history_verify
from services.tracker.clips.models import Clip, ClipEvent
from services.tracker.quality.models import Decision
from services.tracker.work.models import Lease
from tests import factories
from tests.service.play import Play

pytestmark = [pytest.mark.db, pytest.mark.slow]

VERDICTS = st.sampled_from(["accept", "reopen", "reject", None])
TASKS = {Stage.DISPATCH, Stage.ARBITRATE}
NOT_STEPS = {"registered", "failed", "held", "retried", "lease_expired", "superseded"}


class Tracker(RuleBasedStateMachine):
    """The tracker as its users push it about."""

    app: Callable
    seen: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.clock = time_machine.travel(timezone.now(), tick=False)
        self.now = self.clock.__enter__()
        self.began = Play.begin(self.app)
        self.play = self.began.__enter__()
        self.held: list[WorkItem] = []
        self.done: list[tuple[WorkItem, WorkReport, WorkReported]] = []

    def teardown(self) -> None:
        self.seen.update(ClipEvent.objects.values_list("step", flat=True))
        self.began.__exit__(None, None, None)
        self.clock.__exit__(None, None, None)
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(start=st.sampled_from(["registered", "answered", "arbitrated"]), verdict=VERDICTS)
    def a_clip_on_its_way(self, start: str, verdict: Any) -> None:
        if start == "answered":
            self.play.answer_all(self.play.in_annotation())
        elif start == "arbitrated":
            self.play.answer(self.play.in_arbitration(), "sam", verdict=verdict)
        self.play.register("a.mp4")

    @rule(data=st.data())
    def work(self, data: st.DataObject) -> None:
        """Claim and report at once, as an undisturbed worker does."""
        due = sorted(set(Clip.objects.filter(due__isnull=False).values_list("due", flat=True)))
        if not due:
            return
        for item in self.play.claim(Stage(data.draw(st.sampled_from(due))), limit=1):
            made = data.draw(st.sampled_from(self.outcomes(item)))
            self.done.append((item, made, self.play.report(item, made)))

    @rule(stage=st.sampled_from(Stage), worker=st.sampled_from(["one", "two"]))
    def claim(self, stage: Stage, worker: str) -> None:
        found = self.play["wren"].work_claim(stage=stage, worker=worker, limit=1)
        alive = {item.clip_uid for item in self.held if item.expires_at > timezone.now()}
        assert not alive & {item.clip_uid for item in found}
        self.held += found

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        item = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        made = data.draw(st.sampled_from(self.outcomes(item)))
        try:
            answer = self.play.report(item, made)
        except LeaseLostError:
            assert item.expires_at <= timezone.now()
        else:
            self.done.append((item, made, answer))

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        item, made, first = data.draw(st.sampled_from(self.done))
        before = list(Clip.objects.order_by("pk").values())
        assert self.play.report(item, made) == first.model_copy(update={"repeated": True})
        assert list(Clip.objects.order_by("pk").values()) == before

    @precondition(lambda self: self.held or Clip.objects.filter(attempts__gt=0).exists())
    @rule(minutes=st.sampled_from([1, 10]))
    def wait(self, minutes: int) -> None:
        self.now.shift(timedelta(minutes=minutes))

    @rule(data=st.data(), verdict=VERDICTS)
    def answer_anything(self, data: st.DataObject, verdict: Any) -> None:
        self.answer(list(self.play["wren"].assignments()), data, verdict)

    @rule(data=st.data(), verdict=VERDICTS)
    def answer_what_is_open(self, data: st.DataObject, verdict: Any) -> None:
        self.answer(list(self.play["wren"].assignments(state=AssignmentState.OPEN)), data, verdict)

    def answer(self, seats: list[AssignmentOut], data: st.DataObject, verdict: Any) -> None:
        if not seats:
            return
        seat = data.draw(st.sampled_from(sorted(seats, key=lambda seat: str(seat.uid))))
        more = {"verdict": verdict} if seat.kind == "arbitration" else {}
        sent = factories.submission(
            factories.submitted(data.draw(st.integers(0, 9))),
            label_studio_updated_at=timezone.now(),
            **more,
        )
        try:
            self.play["wren"].annotation_submit(seat.uid, sent)
        except DuplicateError:
            return  # the clock stood still between two answers
        except ConflictError:
            assert seat.state is AssignmentState.PLANNED

    @precondition(lambda self: Clip.objects.filter(held=True).exists())
    @rule()
    def retry(self) -> None:
        for clip in self.play["lea"].clips("kitchen", held=True):
            self.play["lea"].clip_retry(clip.uid)

    def outcomes(self, item: WorkItem) -> list[WorkReport]:
        """Return what a worker may come to; success three times as likely as failure."""
        failed = StageFailed(code="broke", detail="It broke.", transient=True)
        if item.stage is Stage.INGEST:
            return [factories.ingest_done(item.name)] * 3 + [failed]
        if item.stage is Stage.PRELABEL:
            return [factories.prelabel_done()] * 3 + [failed]
        if item.stage in TASKS:
            return [self.play.pushed(item)] * 3 + [failed]
        return [*self.checks(item), failed]

    def checks(self, item: WorkItem) -> list[WorkReport]:
        fresh = [o.annotation_uid for o in item.opinions if o.state is AssignmentState.SUBMITTED]
        passed = [factories.verdict(uid) for uid in fresh]
        faulty = [factories.verdict(uid, passed=False) for uid in fresh]
        one, other = [factories.segment()], [factories.segment(100, 200)]
        return [
            CheckDone(verdicts=passed, comparison=factories.comparison(one, second), accepted=one)
            for second in (one, other)
        ] + [CheckDone(verdicts=faulty)]

    # --- what always holds ---------------------------------------------------------------------

    @invariant()
    def histories_are_whole(self) -> None:
        for clip in Clip.objects.all():
            events = clip.events.order_by("seq")
            state, round_, head = history_verify(clip_uid=clip.uid, events=events)
            assert (state, round_, head) == (clip.state, clip.round, clip.head)
            assert clip.version == len(events)

    @invariant()
    def every_step_is_in_the_table(self) -> None:
        for event in ClipEvent.objects.exclude(step__in=NOT_STEPS):
            assert TRANSITIONS[ClipState(event.before), Step(event.step)] == event.after

    @invariant()
    def no_clip_is_forgotten(self) -> None:
        """A clip that waits for nobody is decided; one that waits for people has open seats."""
        for clip in Clip.objects.all():
            seats = clip.assignments.filter(round=clip.round).exclude(state="closed")
            if clip.state in {"accepted", "rejected", "quarantined"}:
                assert clip.due is None
                assert not seats.exists()
            elif clip.due is None:
                assert seats.filter(state="open").exists()
            if (
                seats.filter(state="submitted").exists()
                and not seats.filter(state__in=["planned", "returned"]).exists()
            ):
                assert clip.due == "check"

    @invariant()
    def people_are_apart(self) -> None:
        for clip in Clip.objects.all():
            kinds: dict[int, set[str]] = {}
            for user, kind in Assignment.objects.filter(clip=clip).values_list("user", "kind"):
                kinds.setdefault(user, set()).add(kind)
            assert all(len(found) == 1 for found in kinds.values())

    @invariant()
    def leases_match_their_clips(self) -> None:
        for lease in Lease.objects.filter(ended=None).select_related("clip"):
            assert lease.clip.leased_until == lease.expires_at

    @invariant()
    def the_accepted_have_a_decision(self) -> None:
        for clip in Clip.objects.filter(state="accepted"):
            decision = Decision.objects.get(clip=clip, round=clip.round)
            assert decision.status in {"agreed", "arbitrated"}


def test_the_tracker_never_contradicts_itself(in_process: None, app: Callable) -> None:
    seen: set[str] = set()
    machine = type("TrackerHere", (Tracker,), {"app": staticmethod(app), "seen": seen})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=30,
            phases=[Phase.generate],
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert len(seen) >= 8, f"the walk was too short to say much: {sorted(seen)}"
