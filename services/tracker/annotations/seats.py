"""Seats from task to answer."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from services.domain.errors import InputError
from services.domain.workflow import AssignmentState, ClipState, Facts, Stage, due_stage
from services.tracker.annotations.models import Assignment
from services.tracker.clips.models import Clip
from services.tracker.core.roles import SeatKind
from services.tracker.lanes.models import Lane
from services.tracker.projects.models import PolicyVersion

_S = AssignmentState
TO_PUSH = (_S.PLANNED, _S.RETURNED)


def seats_of(*, clip: Clip) -> list[Assignment]:
    """Return the seats that the clip waits for: its annotators', in arbitration its arbiter's."""
    kind = SeatKind.ARBITRATION if clip.state == ClipState.IN_ARBITRATION else SeatKind.ANNOTATION
    return list(
        Assignment.objects.filter(clip=clip, round=clip.round, kind=kind)
        .select_related("current", "user")
        .order_by("uid")
    )


def clip_facts(*, clip: Clip, policy: PolicyVersion) -> Facts:
    """Return what the workflow must know of the clip's seats as they are now."""
    rows = list(Assignment.objects.filter(clip=clip, round=clip.round).values_list("kind", "state"))
    states = {state for _, state in rows}
    return Facts(
        round=clip.round,
        max_rounds=policy.document["max_rounds"],
        n_to_push=sum(state in TO_PUSH for _, state in rows),
        n_unchecked=sum(state == _S.SUBMITTED for _, state in rows),
        has_arbiter=any(kind == SeatKind.ARBITRATION for kind, _ in rows),
        closes_later=clip.closes_at is not None and states == {_S.PASSED},
    )


def due_now(*, clip: Clip, policy: PolicyVersion) -> Stage | None:
    """Return the work that the clip's seats call for now, whatever was due before."""
    facts = clip_facts(clip=clip, policy=policy)
    return due_stage(ClipState(clip.state), step=None, facts=facts)


def seats_push(*, clip: Clip, tasks: list[dict[str, Any]]) -> None:
    """Note which tasks are in Label Studio, and open their seats.

    Raises
    ------
    InputError
        If a task is not for one of the clip's seats, or lies in somebody else's lane.
    """
    seats = {str(seat.uid): seat for seat in seats_of(clip=clip)}
    lanes = {
        str(lane.uid): lane
        for lane in Lane.objects.filter(uid__in=[task["lane_uid"] for task in tasks])
    }
    for index, task in enumerate(tasks):
        seat, lane = seats.get(task["assignment_uid"]), lanes.get(task["lane_uid"])
        if seat is None:
            raise _fault(index, "assignment_uid", "It is no seat of this clip's round.")
        if lane is None or not _fits(lane, seat, clip):
            raise _fault(index, "lane_uid", "The lane is not this person's for these labels.")
        _open(seat, lane, task["task_id"])


def seats_close(seats: list[Assignment]) -> None:
    """End a round's seats; what people change later is kept and changes nothing."""
    seats_set(seats, _S.CLOSED)


def seats_set(seats: list[Assignment], state: AssignmentState) -> None:
    """Move seats to one state."""
    Assignment.objects.filter(pk__in=[seat.pk for seat in seats]).update(
        state=str(state), changed_at=timezone.now()
    )
    for seat in seats:
        seat.state = str(state)


def _open(seat: Assignment, lane: Lane, task_id: int) -> None:
    # An answer that came in meanwhile must not be forgotten: only waiting seats open.
    if seat.state in TO_PUSH:
        seat.state = str(_S.OPEN)
    Assignment.objects.filter(pk=seat.pk).update(
        state=seat.state, lane=lane, task_id=task_id, changed_at=timezone.now()
    )


def _fits(lane: Lane, seat: Assignment, clip: Clip) -> bool:
    return (lane.user_id, lane.kind, lane.taxonomy_id) == (
        seat.user_id,
        seat.kind,
        clip.taxonomy_id,
    )


def _fault(index: int, field: str, detail: str) -> InputError:
    return InputError(
        f"Task {index}: {detail}", errors=[{"pointer": f"/tasks/{index}/{field}", "detail": detail}]
    )
