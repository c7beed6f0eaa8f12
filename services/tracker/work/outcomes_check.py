"""What a check does: seats pass or come back, rounds are agreed, disputed or decided."""

from __future__ import annotations

from typing import Any

from services.domain.comparison.disputes import Comparison as DomainComparison
from services.domain.errors import InputError, TransitionError
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from services.domain.workflow import AssignmentState, ClipPurpose, ClipState, Step, decide
from services.tracker.annotations.models import Annotation, Assignment
from services.tracker.annotations.planning import seats_ensure
from services.tracker.annotations.seats import (
    clip_facts,
    seats_close,
    seats_of,
    seats_set,
)
from services.tracker.clips.models import Clip
from services.tracker.core.roles import DecisionStatus, Verdict
from services.tracker.gold.services import gold_follow
from services.tracker.monitoring.services import comparison_record, decision_record
from services.tracker.projects.versions import policy_version
from services.tracker.quality.models import Comparison, Decision, SanityCheck
from services.tracker.work.items import opinion_names
from services.tracker.work.models import Lease
from services.tracker.work.outcomes_shadow import shadow_checked
from services.tracker.work.steps import step_take, superseded

Json = dict[str, Any]
_S = AssignmentState


def checked(*, clip: Clip, lease: Lease, report: Json, actor: str) -> None:
    """Record tier 1, move the seats, and take the step that follows from them."""
    seats = seats_of(clip=clip)
    moved = _verdicts_take(clip=clip, lease=lease, report=report, seats=seats)
    if any(seat.state == _S.RETURNED for seat in moved):
        step_take(clip, lease, actor, Step.RETURNED, report)
    elif clip.purpose != ClipPurpose.WORK:
        shadow_checked(clip=clip, lease=lease, report=report, actor=actor, seat=seats[0])
    elif not moved:
        superseded(clip, lease, actor, report)
    elif clip.state == ClipState.IN_ARBITRATION:
        _arbitration_end(clip, lease, actor, report, seats[0])
    elif all(seat.state == _S.PASSED for seat in seats):
        _round_end(clip, lease, actor, report, seats)
    else:
        step_take(clip, lease, actor, Step.PASSED, report)


def _verdicts_take(
    *, clip: Clip, lease: Lease, report: Json, seats: list[Assignment]
) -> list[Assignment]:
    """Record each verdict; return the seats whose current answer was looked at."""
    verdicts = {verdict["annotation_uid"]: verdict for verdict in report["verdicts"]}
    annotations = Annotation.objects.filter(
        uid__in=verdicts, assignment__clip=clip, assignment__round=clip.round
    )
    found = {str(annotation.uid): annotation for annotation in annotations}
    if unknown := sorted(set(verdicts) - set(found)):
        raise InputError(
            f"{unknown[0]} is no answer of this clip's round.",
            errors=[{"pointer": "/verdicts", "detail": f"unknown answer {uid}"} for uid in unknown],
        )
    SanityCheck.objects.bulk_create(
        [
            SanityCheck(
                annotation=found[uid],
                passed=verdict["passed"],
                findings=verdict["findings"],
                policy=policy_version(lease.policy_id),
            )
            for uid, verdict in verdicts.items()
        ],
        ignore_conflicts=True,  # an answer that was looked at under a lost lease
    )
    moved = []
    for seat in seats:
        verdict = seat.current and verdicts.get(str(seat.current.uid))
        if verdict and seat.state == _S.SUBMITTED:
            _seat_judge(seat, verdict)
            moved.append(seat)
    return moved


def _seat_judge(seat: Assignment, verdict: Json) -> None:
    seat.findings = verdict["findings"]
    Assignment.objects.filter(pk=seat.pk).update(findings=seat.findings)
    seats_set([seat], _S.PASSED if verdict["passed"] else _S.RETURNED)


def _round_end(clip: Clip, lease: Lease, actor: str, report: Json, seats: list[Assignment]) -> None:
    """Both opinions are sound: they agree, or the differences go to an arbiter."""
    if report["comparison"] is None:
        raise InputError(
            "All seats have passed, so the report needs their comparison.",
            errors=[{"pointer": "/comparison", "detail": "missing"}],
        )
    document = DomainComparison.from_json(report["comparison"])
    comparison = _comparison_create(clip, lease, report["comparison"], seats)
    comparison_record(comparison=comparison)
    seats_close(seats)
    if document.is_agreed:
        decision = _decision_create(
            clip, lease, DecisionStatus.AGREED, _accepted(clip, report), comparison
        )
        step_take(clip, lease, actor, Step.AGREED, report, decision=str(decision.uid))
        _gold(clip, lease, decision)
        return
    n_disputes = len(document.disputes)
    step_take(clip, lease, actor, Step.DISPUTED, report, n_disputes=n_disputes)
    seats_ensure(clip=clip, actor=actor)


def _arbitration_end(clip: Clip, lease: Lease, actor: str, report: Json, seat: Assignment) -> None:
    """Do what the arbiter's sound answer says about the whole clip."""
    answer = seat.current
    if answer is None or answer.verdict is None:
        _ask_again(clip, lease, actor, report, seat, "verdict_missing", ASK_VERDICT)
        return
    comparison = Comparison.objects.get(clip=clip, round=clip.round)
    verdict = Verdict(answer.verdict)
    if verdict is Verdict.REOPEN:
        _reopen(clip, lease, actor, report, seat)
        return
    if verdict is Verdict.ACCEPT:
        status, step = DecisionStatus.ARBITRATED, Step.ARBITRATED
        segments = _accepted(clip, report)
    else:
        status, step, segments = DecisionStatus.REJECTED, Step.REJECTED, []
    decision = _decision_create(clip, lease, status, segments, comparison, answer)
    seats_close([seat])
    step_take(clip, lease, actor, step, report, decision=str(decision.uid))
    _gold(clip, lease, decision)


ASK_VERDICT = "Say what shall become of the clip: accept, reopen or reject."


def _reopen(clip: Clip, lease: Lease, actor: str, report: Json, seat: Assignment) -> None:
    facts = clip_facts(clip=clip, policy=policy_version(lease.policy_id))
    try:
        decide(ClipState(clip.state), Step.REOPENED, facts)
    except TransitionError as error:
        if error.code != "rounds_used_up":
            raise
        message = f"All {facts.max_rounds} rounds of this clip are used; accept or reject it."
        _ask_again(clip, lease, actor, report, seat, error.code, message)
        return
    seats_close([seat])
    step_take(clip, lease, actor, Step.REOPENED, report)
    seats_ensure(clip=clip, actor=actor)


def _ask_again(
    clip: Clip, lease: Lease, actor: str, report: Json, seat: Assignment, code: str, message: str
) -> None:
    """Send the arbiter's task back with a finding that only the tracker can know."""
    finding: Json = {
        "code": code,
        "severity": "error",
        "onset": None,
        "offset": None,
        "layer": None,
        "label": None,
        "message": message,
        "region_ids": [],
    }
    _seat_judge(seat, {"passed": False, "findings": [*seat.findings, finding]})
    step_take(clip, lease, actor, Step.RETURNED, report, asked_again=code)


def _accepted(clip: Clip, report: Json) -> list[Json]:
    if report["accepted"] is None:
        raise InputError(
            "The clip is decided, so the report needs the accepted segments.",
            errors=[{"pointer": "/accepted", "detail": "missing"}],
        )
    return Segmentation.from_json(report["accepted"], n_frames=clip.n_frames or 0).as_json()


def _comparison_create(
    clip: Clip, lease: Lease, document: Json, seats: list[Assignment]
) -> Comparison:
    names = opinion_names(clip.uid, clip.round, seats)
    by_name = {names[seat.uid]: seat.current for seat in seats if seat.current is not None}
    return Comparison.objects.create(
        clip=clip,
        round=clip.round,
        x=by_name["x"],
        y=by_name["y"],
        document=document,
        policy=policy_version(lease.policy_id),
    )


def _decision_create(
    clip: Clip,
    lease: Lease,
    status: DecisionStatus,
    segments: list[Json],
    comparison: Comparison,
    arbitration: Annotation | None = None,
) -> Decision:
    decision = Decision.objects.create(
        clip=clip,
        round=clip.round,
        status=str(status),
        segments=segments,
        comparison=comparison,
        arbitration=arbitration,
        policy=policy_version(lease.policy_id),
        taxonomy_id=lease.taxonomy_id,
    )
    decision_record(decision=decision)
    return decision


def _gold(clip: Clip, lease: Lease, decision: Decision) -> None:
    policy = Policy.parse(policy_version(lease.policy_id).document)
    gold_follow(clip=clip, decision=decision, policy=policy)
