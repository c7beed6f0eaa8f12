"""The outer forms of seats and answers, as much of them as the reader may know."""

from __future__ import annotations

from typing import Any

from services.domain.workflow import AssignmentState
from services.tracker.annotations.models import Annotation, Assignment
from services.tracker.annotations.selectors import seats_of_rounds, shown_state
from services.tracker.core.roles import STAFF, Role, SeatKind
from services.tracker.people.models import User
from services.tracker.work.items import opinion_names

Json = dict[str, Any]


def assignment_view(*, user: User, seat: Assignment) -> Json:
    """Return a seat; to people without clip, times and decisions, which tell of the other seat."""
    is_staff = user.role in STAFF
    state = AssignmentState(seat.state)
    current = seat.current.uid if seat.current else None
    return {
        "uid": seat.uid,
        "project": seat.clip.project.slug,
        "clip_name": seat.clip.name,
        "clip_uid": seat.clip.uid if is_staff or seat.kind == SeatKind.ARBITRATION else None,
        "username": seat.user.username,
        "kind": seat.kind,
        "round": seat.round,
        "state": state if is_staff else shown_state(state),
        "shows_prelabel": seat.shows_prelabel,
        "findings": seat.findings,
        "lane_uid": seat.lane.uid if seat.lane else None,
        "task_id": seat.task_id,
        # An edit after the end looks like any other to whoever made it.
        "annotation_uid": current if is_staff else getattr(seat, "newest_uid", current),
        "changed_at": seat.changed_at if is_staff else None,
    }


def annotation_views(*, user: User, annotations: list[Annotation]) -> list[Json]:
    """Return answers; another person's goes to an arbiter by its letter only, x before y."""
    if user.role == Role.ANNOTATOR:
        return [_as_its_author_sees(answer) for answer in annotations]
    seats = seats_of_rounds(annotations=annotations)
    views = []
    for answer in annotations:
        seat = answer.assignment
        names = opinion_names(seat.clip.uid, seat.round, seats[seat.clip_id, seat.round])
        letter = names[seat.uid]
        if user.role == Role.ARBITER and seat.user_id != user.pk:
            views.append(_unnamed(answer, letter))
        else:
            own = _as_its_author_sees(answer) if user.role == Role.ARBITER else _own(answer)
            views.append({**own, "opinion": letter})
    if user.role == Role.ARBITER:
        views.sort(key=lambda view: (view["round"], ("x", "y", "arbiter").index(view["opinion"])))
    return views


def _own(answer: Annotation) -> Json:
    sanity = getattr(answer, "sanity", None)
    return {
        "uid": answer.uid,
        "assignment_uid": answer.assignment.uid,
        "username": answer.assignment.user.username,
        "opinion": None,
        "kind": answer.assignment.kind,
        "round": answer.assignment.round,
        "segments": answer.segments,
        "verdict": answer.verdict,
        "note": answer.note,
        "passed": sanity.passed if sanity else None,
        "findings": sanity.findings if sanity else [],
        "is_late": answer.is_late,
        "lead_time_s": answer.lead_time_s,
        "received_at": answer.received_at,
    }


def _as_its_author_sees(answer: Annotation) -> Json:
    """Return a person's own answer without a sign that it came after the round's end.

    Tier 1 looks at no late answer; to the person it is one that passed.
    """
    own = _own(answer)
    return {**own, "is_late": False, "passed": True if answer.is_late else own["passed"]}


def _unnamed(answer: Annotation, letter: str) -> Json:
    """Return what an arbiter may know of an opinion: region ids and notes could carry a name."""
    return {
        **_own(answer),
        "assignment_uid": None,
        "username": None,
        "opinion": letter,
        "segments": [
            {**segment, "region_id": f"{letter}{index}"}
            for index, segment in enumerate(answer.segments, start=1)
        ],
        "note": "",
        "findings": [],
        "lead_time_s": None,
        "received_at": None,
    }
