"""What each role may see of seats, answers and drafts: the one place that decides it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from services.domain.errors import NotFoundError
from services.domain.workflow import AssignmentState
from services.tracker.annotations.models import Annotation, Assignment, Prelabel
from services.tracker.clips.models import Clip
from services.tracker.clips.selectors import clip_visible_to
from services.tracker.core.roles import Role, SeatKind
from services.tracker.people.models import User
from services.tracker.quality.models import Comparison

PEOPLE = (Role.ANNOTATOR, Role.ARBITER)


def assignment_visible_to(*, user: User) -> QuerySet[Assignment]:
    """Return the seats that a user may see: people their own, staff all of their projects."""
    seats = Assignment.objects.select_related("clip__project", "user", "lane", "current")
    if user.role == Role.WORKER:
        return seats
    seats = seats.filter(clip__project__in=user.memberships.values("project"))
    if user.role == Role.MANAGER:
        return seats
    if user.role in PEOPLE:
        answers = Annotation.objects.filter(assignment=OuterRef("pk"))
        newest = answers.order_by("-label_studio_updated_at", "-pk").values("uid")[:1]
        # A known clip waits as planned for longer than work does: nobody sees a seat of his own
        # before its task is there.
        placed = seats.filter(user=user).exclude(state=AssignmentState.PLANNED)
        return placed.annotate(newest_uid=Subquery(newest))
    return seats.none()


def annotation_visible_to(user: User) -> QuerySet[Annotation]:
    """Return the answers that a user may see. Every read of answers goes through here.

    An annotator sees his own. An arbiter sees his own and, of the rounds that he arbitrates,
    the two answers that were compared. A client sees none: releases are made of copies.
    """
    answers = Annotation.objects.select_related("assignment__clip", "assignment__user", "sanity")
    if user.role == Role.WORKER:
        return answers
    answers = answers.filter(assignment__clip__project__in=user.memberships.values("project"))
    if user.role == Role.MANAGER:
        return answers
    if user.role == Role.ANNOTATOR:
        return answers.filter(assignment__user=user)
    if user.role == Role.ARBITER:
        return answers.filter(Q(assignment__user=user) | _to_arbitrate(user))
    return answers.none()


def _to_arbitrate(user: User) -> Exists:
    seat = Assignment.objects.filter(
        clip=OuterRef("clip"), round=OuterRef("round"), user=user, kind=SeatKind.ARBITRATION
    )
    compared = Q(x=OuterRef("pk")) | Q(y=OuterRef("pk"))
    return Exists(Comparison.objects.filter(compared, Exists(seat)))


def assignment_get(*, user: User, uid: UUID) -> Assignment:
    """Return one seat, or raise NotFoundError."""
    found = assignment_visible_to(user=user).filter(uid=uid).first()
    if found is None:
        raise NotFoundError(f"There is no assignment {uid} that you may see.")
    return found


def assignment_filter(
    *, user: User, seats: QuerySet[Assignment], query: dict[str, Any]
) -> QuerySet[Assignment]:
    """Return those seats that match every given part, as the user sees it.

    What is hidden from people in a seat (``views_of.assignment_view``) is hidden here too.
    """
    columns = {
        "lane": "lane__uid",
        "state": "state",
        "project": "clip__project__slug",
        "clip": "clip__uid",
    }
    wanted = {columns[name]: value for name, value in query.items()}
    if user.role in PEOPLE:
        if "state" in wanted:
            state = AssignmentState(wanted.pop("state"))
            wanted["state__in"] = [real for real in AssignmentState if shown_state(real) is state]
        if "clip" in query:
            wanted["kind"] = SeatKind.ARBITRATION
    return seats.filter(**wanted)


def shown_state(state: AssignmentState) -> AssignmentState:
    """Return as what a seat's state is shown to the person who sits on it.

    That a round is decided says that the other answer is in; the own one had passed.
    """
    return AssignmentState.PASSED if state is AssignmentState.CLOSED else state


def annotation_get(*, user: User, uid: UUID) -> Annotation:
    """Return one answer, or raise NotFoundError."""
    found = annotation_visible_to(user).filter(uid=uid).first()
    if found is None:
        raise NotFoundError(f"There is no annotation {uid} that you may see.")
    return found


def annotations_of_clip(*, user: User, clip_uid: UUID) -> QuerySet[Annotation]:
    """Return the answers on a clip that a user may see.

    For people a clip without such answers does not exist.

    Raises
    ------
    NotFoundError
        If the user may not know of the clip.
    """
    found = annotation_visible_to(user).filter(assignment__clip__uid=clip_uid)
    knows = clip_visible_to(user=user).filter(uid=clip_uid).exists() or found.exists()
    if not knows:
        raise NotFoundError(f"There is no clip {clip_uid} that you may see.")
    return found


def prelabels_of_clip(*, clip: Clip) -> QuerySet[Prelabel]:
    """Return a clip's drafts."""
    return Prelabel.objects.filter(clip=clip).select_related("taxonomy")


def seats_of_rounds(*, annotations: list[Annotation]) -> dict[tuple[int, int], list[Assignment]]:
    """Return all seats of the rounds that the answers are from, by (clip, round)."""
    rounds = {(a.assignment.clip_id, a.assignment.round) for a in annotations}
    found: dict[tuple[int, int], list[Assignment]] = {key: [] for key in rounds}
    rows = Assignment.objects.filter(clip__in={clip for clip, _ in rounds})
    for seat in rows:
        if (seat.clip_id, seat.round) in found:
            found[seat.clip_id, seat.round].append(seat)
    return found
