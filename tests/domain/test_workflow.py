from __future__ import annotations

from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.domain.errors import TransitionError
from services.domain.workflow import (
    TRANSITIONS,
    ClipState,
    Facts,
    Stage,
    Step,
    as_mermaid,
    decide,
    due_stage,
)

S, P = ClipState, Step

# Written out a second time, from the text of the design: what may happen in each state.
ALLOWED = {
    S.REGISTERED: {P.INGESTED, P.REFUSED},
    S.QUARANTINED: {P.REQUEUED},
    S.INGESTED: {P.PRELABELLED},
    S.PRELABELLED: {P.DISPATCHED},
    S.IN_ANNOTATION: {
        P.DISPATCHED,
        P.SUBMITTED,
        P.RETURNED,
        P.PASSED,
        P.AGREED,
        P.DISPUTED,
        P.SCORED,
        P.RESTORED,
    },
    S.IN_ARBITRATION: {
        P.ARBITRATION_OPENED,
        P.SUBMITTED,
        P.RETURNED,
        P.ARBITRATED,
        P.REOPENED,
        P.REJECTED,
        P.RESTORED,
    },
    S.ACCEPTED: {P.REOPENED},
    S.REJECTED: {P.REOPENED},
    S.SCORED: set(),
}


@pytest.mark.parametrize(("state", "step"), list(product(ClipState, Step)))
def test_every_pair_of_state_and_step(state: ClipState, step: Step) -> None:
    if step in ALLOWED[state]:
        decision = decide(state, step, Facts())
        assert decision.state is TRANSITIONS[state, step]
        assert decision.round == (2 if step is P.REOPENED else 1)
    else:
        with pytest.raises(TransitionError, match=f"A clip that is {state} cannot be {step}"):
            decide(state, step, Facts())


@pytest.mark.parametrize("state", [S.IN_ARBITRATION, S.ACCEPTED, S.REJECTED])
def test_rounds_run_out(state: ClipState) -> None:
    with pytest.raises(TransitionError, match="2 of 2 rounds") as caught:
        decide(state, P.REOPENED, Facts(round=2, max_rounds=2))
    assert caught.value.code == "rounds_used_up"
    assert decide(state, P.REOPENED, Facts(round=2, max_rounds=3)).round == 3


@pytest.mark.parametrize(
    ("state", "facts", "due"),
    [
        (S.REGISTERED, Facts(), Stage.INGEST),
        (S.QUARANTINED, Facts(), None),
        (S.INGESTED, Facts(), Stage.PRELABEL),
        (S.PRELABELLED, Facts(), Stage.DISPATCH),
        (S.IN_ANNOTATION, Facts(), None),
        (S.IN_ANNOTATION, Facts(n_to_push=1, n_unchecked=1), Stage.DISPATCH),
        (S.IN_ANNOTATION, Facts(n_unchecked=1), Stage.CHECK),
        (S.IN_ANNOTATION, Facts(closes_later=True), Stage.CHECK),
        (S.IN_ARBITRATION, Facts(), Stage.ARBITRATE),
        (S.IN_ARBITRATION, Facts(has_arbiter=True, n_to_push=1, n_unchecked=1), Stage.ARBITRATE),
        (S.IN_ARBITRATION, Facts(has_arbiter=True, n_unchecked=1), Stage.CHECK),
        (S.IN_ARBITRATION, Facts(has_arbiter=True), None),
        (S.ACCEPTED, Facts(n_to_push=1, n_unchecked=1), None),
        (S.REJECTED, Facts(), None),
        (S.SCORED, Facts(n_to_push=1, n_unchecked=1), None),
    ],
)
def test_what_is_due(state: ClipState, facts: Facts, due: Stage | None) -> None:
    assert due_stage(state, step=None, facts=facts) is due


def test_a_reopened_clip_is_dispatched_before_its_seats_are_counted() -> None:
    assert decide(S.ACCEPTED, P.REOPENED, Facts()).due is Stage.DISPATCH


def test_the_drawing_holds_the_whole_table() -> None:
    drawing = as_mermaid()
    assert drawing.startswith("stateDiagram-v2\n    [*] --> registered\n")
    for (before, step), after in TRANSITIONS.items():
        assert f"    {before} --> {after}: {step}\n" in drawing
    assert len(drawing.splitlines()) == 2 + len(TRANSITIONS)


class ClipLife(RuleBasedStateMachine):
    """Two seats and an arbiter, worked by people and machines in any order.

    The machine keeps the seats as the tracker does and takes any step that the seats allow;
    `decide` must allow it too, and must never leave a clip with work that nobody is due to do.
    """

    MAX_ROUNDS = 3

    @initialize()
    def register(self) -> None:
        self.state, self.round = S.REGISTERED, 1
        self.seats: list[str] = []
        self.arbiter: str | None = None
        self.due = due_stage(self.state, step=None, facts=self.facts())

    def facts(self) -> Facts:
        everyone = self.seats if self.state is not S.IN_ARBITRATION else [self.arbiter or ""]
        return Facts(
            round=self.round,
            max_rounds=self.MAX_ROUNDS,
            n_to_push=sum(seat in {"planned", "returned"} for seat in everyone),
            n_unchecked=everyone.count("submitted"),
            has_arbiter=self.arbiter is not None,
        )

    def take(self, step: Step) -> None:
        decision = decide(self.state, step, self.facts())
        self.state, self.round = decision.state, decision.round
        # Seats may be replanned by what the step led to, so the stage is asked for again.
        self.due = decision.due

    @rule(sound=st.booleans())
    def ingest(self, sound: bool) -> None:
        if self.due is Stage.INGEST:
            self.take(P.INGESTED if sound else P.REFUSED)

    @rule()
    def requeue(self) -> None:
        if self.state is S.QUARANTINED:
            self.take(P.REQUEUED)

    @rule()
    def prelabel(self) -> None:
        if self.due is Stage.PRELABEL:
            self.seats = ["planned", "planned"]
            self.take(P.PRELABELLED)

    @rule()
    def dispatch(self) -> None:
        if self.due is Stage.DISPATCH:
            self.seats = ["open" if s in {"planned", "returned"} else s for s in self.seats]
            self.take(P.DISPATCHED)

    @rule(seat=st.integers(0, 1))
    def submit(self, seat: int) -> None:
        if self.state is S.IN_ANNOTATION and self.seats[seat] in {"open", "passed", "submitted"}:
            self.seats[seat] = "submitted"
            self.take(P.SUBMITTED)
        elif self.state is S.IN_ARBITRATION and self.arbiter == "open":
            self.arbiter = "submitted"
            self.take(P.SUBMITTED)

    @rule(sound=st.booleans(), agree=st.booleans())
    def check(self, sound: bool, agree: bool) -> None:
        if self.due is not Stage.CHECK or self.state is not S.IN_ANNOTATION:
            return
        verdict = "passed" if sound else "returned"
        self.seats = [verdict if s == "submitted" else s for s in self.seats]
        if "returned" in self.seats:
            self.take(P.RETURNED)
        elif self.seats == ["passed", "passed"]:
            self.arbiter = None
            self.take(P.AGREED if agree else P.DISPUTED)
        else:
            self.take(P.PASSED)

    @rule()
    def arbitrate(self) -> None:
        if self.due is Stage.ARBITRATE:
            self.arbiter = "open"
            self.take(P.ARBITRATION_OPENED)

    @rule(verdict=st.sampled_from([P.ARBITRATED, P.RETURNED, P.REOPENED, P.REJECTED]))
    def judge(self, verdict: Step) -> None:
        if self.due is not Stage.CHECK or self.state is not S.IN_ARBITRATION:
            return
        if verdict is P.REOPENED and self.round == self.MAX_ROUNDS:
            verdict = P.REJECTED
        if verdict is P.REOPENED:
            self.seats = ["planned", "planned"]
        self.arbiter = "returned" if verdict is P.RETURNED else "closed"
        self.take(verdict)

    @rule()
    def reopen(self) -> None:
        if self.state in {S.ACCEPTED, S.REJECTED} and self.round < self.MAX_ROUNDS:
            self.seats, self.arbiter = ["planned", "planned"], None
            self.take(P.REOPENED)

    @invariant()
    def somebody_is_due(self) -> None:
        people = "open" in self.seats if self.state is S.IN_ANNOTATION else self.arbiter == "open"
        at_rest = self.state in {S.QUARANTINED, S.ACCEPTED, S.REJECTED}
        assert at_rest or people or self.due is not None

    @invariant()
    def rounds_stay_within_the_policy(self) -> None:
        assert 1 <= self.round <= self.MAX_ROUNDS


TestClipLife = ClipLife.TestCase
TestClipLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
