"""Seats are planned here: two blind annotators a round, then an arbiter who is neither."""

from __future__ import annotations

from django.db.models import Count, Q
from django.utils import timezone

from services.domain.assignment import choose_arbiter, choose_seats
from services.domain.blindness import shows_prelabel
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.workflow import AssignmentState, ClipState, Stage
from services.tracker.annotations.models import Assignment
from services.tracker.clips.models import Clip
from services.tracker.clips.services import RETRIED, Standing, clip_hold, clip_write
from services.tracker.core.roles import Role, SeatKind
from services.tracker.people.models import User
from services.tracker.projects.models import Project

TOO_FEW = ("too_few_annotators", "too_few_arbiters")


def seats_ensure(*, clip: Clip, actor: str) -> None:
    """Plan the seats that the clip's state calls for and that do not exist yet.

    A clip that lacks people is held, with a sentence that names the remedy; it goes on when
    members come.
    """
    state = ClipState(clip.state)
    try:
        if state in {ClipState.PRELABELLED, ClipState.IN_ANNOTATION}:
            _annotators_plan(clip)
        elif state is ClipState.IN_ARBITRATION:
            _arbiter_plan(clip)
    except InputError as error:
        if error.code not in TOO_FEW:
            raise
        stage = Stage.ARBITRATE if state is ClipState.IN_ARBITRATION else Stage.DISPATCH
        clip_hold(
            clip=clip,
            actor=actor,
            stage=stage,
            code=error.code,
            detail=error.detail,
            ends_lease=False,
        )


def held_clips_replan(*, project: Project) -> None:
    """Let the clips go on that waited for people."""
    waiting = Clip.objects.select_for_update(of=("self",)).filter(
        project=project, held=True, reason__code__in=TOO_FEW
    )
    for clip in waiting.order_by("id"):
        clip_release(clip=clip, actor="planner")


def clip_release(*, clip: Clip, actor: str) -> None:
    """Let a held clip go on with the stage it was held in; plan seats it still lacks."""
    standing = Standing(
        state=ClipState(clip.state),
        round=clip.round,
        due=Stage(clip.due) if clip.due else None,
        due_at=timezone.now(),
    )
    clip_write(
        clip=clip,
        step=RETRIED,
        actor=actor,
        standing=standing,
        payload={"held_for": clip.reason},
        ends_lease=False,
    )
    seats_ensure(clip=clip, actor=actor)


def _annotators_plan(clip: Clip) -> None:
    seats = Assignment.objects.filter(clip=clip, kind=SeatKind.ANNOTATION)
    taken = list(seats.values_list("round", "user__username")) if clip.round > 1 else []
    if any(round_ == clip.round for round_, _ in taken):
        return
    if clip.round == 1 and seats.exists():
        return
    policy = _policy(clip)
    people = _people(clip, Role.ANNOTATOR)
    chosen = choose_seats(
        clip_uid=clip.uid,
        round_=clip.round,
        annotators={name: load for name, (_, load) in people.items()},
        earlier={name for _, name in taken},
        seats=policy.seats,
    )
    shows = shows_prelabel(clip.uid, policy.control_share)
    Assignment.objects.bulk_create(
        [
            Assignment(
                clip=clip,
                round=clip.round,
                user_id=people[name][0],
                kind=str(SeatKind.ANNOTATION),
                shows_prelabel=shows,
            )
            # Not in the order of the draw: it says who was least loaded.
            for name in sorted(chosen)
        ]
    )


def _arbiter_plan(clip: Clip) -> None:
    taken = Assignment.objects.filter(clip=clip).values_list("kind", "round", "user__username")
    rows = list(taken)
    if any(kind == SeatKind.ARBITRATION and round_ == clip.round for kind, round_, _ in rows):
        return
    people = _people(clip, Role.ARBITER)
    name = choose_arbiter(
        clip_uid=clip.uid,
        round_=clip.round,
        arbiters={name: load for name, (_, load) in people.items()},
        excluded={name for kind, _, name in rows if kind == SeatKind.ANNOTATION},
    )
    Assignment.objects.create(
        clip=clip,
        round=clip.round,
        user_id=people[name][0],
        kind=str(SeatKind.ARBITRATION),
        shows_prelabel=False,
    )


def _people(clip: Clip, role: Role) -> dict[str, tuple[int, int]]:
    """Return the project's people of a role: (pk, seats they hold open)."""
    is_open = ~Q(assignments__state=AssignmentState.CLOSED)
    rows = (
        User.objects.filter(memberships__project=clip.project_id, role=role, is_active=True)
        .annotate(load=Count("assignments", filter=is_open))
        .values_list("username", "pk", "load")
    )
    return {name: (pk, load) for name, pk, load in rows}


def _policy(clip: Clip) -> Policy:
    document = Project.objects.values_list("policy__document", flat=True).get(pk=clip.project_id)
    return Policy.parse(document)
