"""One clip's path: its states, the steps between them, and what is due next.

The table is the only statement of what may happen. Everything that changes a clip goes
through :func:`decide`; the drawing in README is generated from the same table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.domain.errors import TransitionError


class ClipState(StrEnum):
    """Where a clip stands."""

    REGISTERED = "registered"
    QUARANTINED = "quarantined"
    INGESTED = "ingested"
    PRELABELLED = "prelabelled"
    IN_ANNOTATION = "in_annotation"
    IN_ARBITRATION = "in_arbitration"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SCORED = "scored"
    """Only for shadow clips: the answer was held against the known one."""


class ClipPurpose(StrEnum):
    """Why a clip is before people.

    Shadow clips, all but ``work``, repeat a clip whose answer is known, for one person alone,
    who cannot tell them from work. They are no clips of the project's: nothing counts them.
    """

    WORK = "work"
    HONEYPOT = "honeypot"
    CALIBRATION = "calibration"


class Stage(StrEnum):
    """Work that a machine claims, does and reports, one clip at a time."""

    INGEST = "ingest"
    PRELABEL = "prelabel"
    DISPATCH = "dispatch"
    CHECK = "check"
    ARBITRATE = "arbitrate"


class Step(StrEnum):
    """Something that happened to a clip."""

    INGESTED = "ingested"
    REFUSED = "refused"
    REQUEUED = "requeued"
    PRELABELLED = "prelabelled"
    DISPATCHED = "dispatched"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    PASSED = "passed"
    AGREED = "agreed"
    DISPUTED = "disputed"
    ARBITRATION_OPENED = "arbitration_opened"
    ARBITRATED = "arbitrated"
    REOPENED = "reopened"
    REJECTED = "rejected"
    SCORED = "scored"
    RESTORED = "restored"
    """A round was opened without cause: the decision before it stands again."""


class AssignmentState(StrEnum):
    """Where one person's seat on a clip stands."""

    PLANNED = "planned"
    """Chosen; the task is not in Label Studio yet."""
    OPEN = "open"
    """The person can work on it."""
    SUBMITTED = "submitted"
    """An answer came in; tier 1 has not looked at it."""
    RETURNED = "returned"
    """Tier 1 found errors; the findings are not on the task yet."""
    PASSED = "passed"
    """Tier 1 found no error."""
    CLOSED = "closed"
    """The round was decided or given up; later edits change nothing."""


_S, _P = ClipState, Step

TRANSITIONS: dict[tuple[ClipState, Step], ClipState] = {
    (_S.REGISTERED, _P.INGESTED): _S.INGESTED,
    (_S.REGISTERED, _P.REFUSED): _S.QUARANTINED,
    (_S.QUARANTINED, _P.REQUEUED): _S.REGISTERED,
    (_S.INGESTED, _P.PRELABELLED): _S.PRELABELLED,
    (_S.PRELABELLED, _P.DISPATCHED): _S.IN_ANNOTATION,
    (_S.IN_ANNOTATION, _P.DISPATCHED): _S.IN_ANNOTATION,
    (_S.IN_ANNOTATION, _P.SUBMITTED): _S.IN_ANNOTATION,
    (_S.IN_ANNOTATION, _P.RETURNED): _S.IN_ANNOTATION,
    (_S.IN_ANNOTATION, _P.PASSED): _S.IN_ANNOTATION,
    (_S.IN_ANNOTATION, _P.AGREED): _S.ACCEPTED,
    (_S.IN_ANNOTATION, _P.DISPUTED): _S.IN_ARBITRATION,
    (_S.IN_ANNOTATION, _P.SCORED): _S.SCORED,
    (_S.IN_ARBITRATION, _P.ARBITRATION_OPENED): _S.IN_ARBITRATION,
    (_S.IN_ARBITRATION, _P.SUBMITTED): _S.IN_ARBITRATION,
    (_S.IN_ARBITRATION, _P.RETURNED): _S.IN_ARBITRATION,
    (_S.IN_ARBITRATION, _P.ARBITRATED): _S.ACCEPTED,
    (_S.IN_ARBITRATION, _P.REOPENED): _S.IN_ANNOTATION,
    (_S.IN_ARBITRATION, _P.REJECTED): _S.REJECTED,
    (_S.IN_ANNOTATION, _P.RESTORED): _S.ACCEPTED,
    (_S.IN_ARBITRATION, _P.RESTORED): _S.ACCEPTED,
    (_S.ACCEPTED, _P.REOPENED): _S.IN_ANNOTATION,
    (_S.REJECTED, _P.REOPENED): _S.IN_ANNOTATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the step leaves behind on the clip's current round.

    Parameters
    ----------
    round : int
        The round before the step, from 1.
    max_rounds : int
        The policy's limit.
    n_to_push : int
        Open seats whose task, or whose findings, are not in Label Studio yet.
    n_unchecked : int
        Seats with an answer that tier 1 has not looked at.
    has_arbiter : bool
        Whether an arbiter's seat exists in this round.
    closes_later : bool
        Shadow clips: the answer has passed, and is held against the known one at a time that
        was drawn, until which the person may change it.
    """

    round: int = 1
    max_rounds: int = 2
    n_to_push: int = 0
    n_unchecked: int = 0
    has_arbiter: bool = False
    closes_later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a clip goes: its state, its round, and the work that is due now (None: people)."""

    state: ClipState
    round: int
    due: Stage | None


def decide(state: ClipState, step: Step, facts: Facts) -> Decision:
    """Apply one step to a clip.

    Raises
    ------
    TransitionError
        If the table has no such step from the state, or the rounds are used up.
    """
    after = TRANSITIONS.get((state, step))
    if after is None:
        allowed = ", ".join(sorted(p for s, p in TRANSITIONS if s is state)) or "none"
        raise TransitionError(
            f"A clip that is {state} cannot be {step}; possible steps: {allowed}."
        )
    round_ = facts.round
    if step is Step.REOPENED:
        round_ += 1
        if round_ > facts.max_rounds:
            raise TransitionError(
                f"The clip has had {facts.round} of {facts.max_rounds} rounds; raise the policy's "
                "max_rounds to open another.",
                code="rounds_used_up",
            )
    return Decision(state=after, round=round_, due=due_stage(after, step=step, facts=facts))


def due_stage(state: ClipState, *, step: Step | None, facts: Facts) -> Stage | None:
    """Return the work that is due on a clip in this state, None when it waits for people."""
    always = {
        ClipState.REGISTERED: Stage.INGEST,
        ClipState.INGESTED: Stage.PRELABEL,
        ClipState.PRELABELLED: Stage.DISPATCH,
    }
    if state in always:
        return always[state]
    if state is ClipState.IN_ANNOTATION:
        if step is Step.REOPENED or facts.n_to_push:
            return Stage.DISPATCH
        return Stage.CHECK if facts.n_unchecked or facts.closes_later else None
    if state is ClipState.IN_ARBITRATION:
        if facts.n_to_push or not facts.has_arbiter:
            return Stage.ARBITRATE
        return Stage.CHECK if facts.n_unchecked else None
    return None


def as_mermaid() -> str:
    """Draw the table as a Mermaid state diagram, the same text every time."""
    lines = ["stateDiagram-v2", f"    [*] --> {ClipState.REGISTERED}"]
    lines += [f"    {before} --> {after}: {step}" for (before, step), after in TRANSITIONS.items()]
    return "\n".join(lines) + "\n"
