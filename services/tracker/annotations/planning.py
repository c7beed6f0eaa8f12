"""Seats are planned here: two blind annotators a round, then an arbiter who is neither."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from services.domain.assignment import choose_arbiter, choose_seats
from services.domain.blindness import shows_prelabel
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import AssignmentState, ClipState, Stage
from services.tracker.annotations.models import Assignment
from services.tracker.annotations.probes import seats_probe
from services.tracker.annotations.seats import due_now
from services.tracker.clips.models import Clip
from services.tracker.clips.services import (
    RETRIED,
    Standing,
    clip_hold,
    clip_write,
    clips_release,
)
from services.tracker.core.roles import Role, SeatKind
from services.tracker.gold.selectors import names_shown
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.projects.versions import rules_of
from services.tracker.standing.selectors import annotators_standing

TOO_FEW_ANNOTATORS, TOO_FEW_ARBITERS = "too_few_annotators", "too_few_arbiters"
PLANNER = "planner"


def seats_ensure(*, clip: Clip, actor: str) -> None:
    """Plan the seats that the clip's state calls for and that do not exist yet.

    A clip that lacks people is held, with a sentence that names the remedy; it goes on when
    members come.
    """
    lack = _seats_plan(clip)
    if lack is not None:
        _hold(clip, actor, lack)


def seats_complete(*, clips: list[Clip]) -> None:
    """Plan the seats of those clips that have none yet, because their people came only now."""
    seated = set(Assignment.objects.filter(clip__in=clips).values_list("clip", "round", "kind"))
    for clip in clips:
        in_arbitration = clip.state == ClipState.IN_ARBITRATION
        kind = SeatKind.ARBITRATION if in_arbitration else SeatKind.ANNOTATION
        if (clip.pk, clip.round, str(kind)) not in seated:
            seats_ensure(clip=clip, actor=PLANNER)


def held_clips_replan(*, project: Project) -> None:
    """Let the clips go on that waited for people who are there now.

    Their seats are planned when they are claimed: there may be thousands of clips.
    """
    if project.policy is None:
        return  # a project without rules has no clip that ever waited
    needed = {
        TOO_FEW_ANNOTATORS: (Role.ANNOTATOR, Policy.parse(project.policy.document).seats),
        TOO_FEW_ARBITERS: (Role.ARBITER, 1),
    }
    served = [
        code
        for code, (role, n) in needed.items()
        if _able(project_id=project.pk, role=role).count() >= n
    ]
    waiting = Clip.objects.select_for_update(of=("self",), no_key=True).filter(
        project=project, held=True, reason__code__in=served
    )
    clips_release(clips=list(waiting.order_by("id")), actor=PLANNER)


def clip_release(*, clip: Clip, actor: str) -> None:
    """Let a held clip go on with what is due on it now; plan seats it still lacks."""
    lack = _seats_plan(clip)
    standing = Standing(
        state=ClipState(clip.state),
        round=clip.round,
        due=due_now(clip=clip, policy=rules_of(clip.project)),
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
    if lack is not None:
        _hold(clip, actor, lack)


def _seats_plan(clip: Clip) -> InputError | None:
    """Plan what is missing; return why that cannot be done, if people are too few."""
    state = ClipState(clip.state)
    try:
        if state in {ClipState.PRELABELLED, ClipState.IN_ANNOTATION}:
            _annotators_plan(clip)
        elif state is ClipState.IN_ARBITRATION:
            _arbiter_plan(clip)
    except InputError as error:
        if error.code not in {TOO_FEW_ANNOTATORS, TOO_FEW_ARBITERS}:
            raise
        return error
    return None


def _hold(clip: Clip, actor: str, lack: InputError) -> None:
    in_arbitration = clip.state == ClipState.IN_ARBITRATION
    clip_hold(
        clip=clip,
        actor=actor,
        stage=Stage.ARBITRATE if in_arbitration else Stage.DISPATCH,
        code=lack.code,
        detail=lack.detail,
        ends_lease=False,
    )


def _annotators_plan(clip: Clip) -> None:
    seats = Assignment.objects.filter(clip=clip, kind=SeatKind.ANNOTATION)
    taken = list(seats.values_list("round", "user__username")) if clip.round > 1 else []
    # Nobody meets a clip twice: who was shown its known answer never sits on it.
    shown = names_shown(clip_id=clip.pk) if clip.round > 1 else set()
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
        excluded=shown,
    )
    shows = shows_prelabel(clip.uid, policy.control_share)
    planned = [
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
    seats_probe(clip=clip, seats=planned, policy=policy)
    Assignment.objects.bulk_create(planned)


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
        _able(project_id=clip.project_id, role=role)
        .annotate(load=Count("assignments", filter=is_open))
        .values_list("username", "pk", "load")
    )
    return {name: (pk, load) for name, pk, load in rows}


def _able(*, project_id: int, role: Role) -> QuerySet[User]:
    """Return the project's people of a role who may get a seat now."""
    if role is Role.ANNOTATOR:
        return annotators_standing(project_id=project_id, standing=AnnotatorStanding.ACTIVE)
    return User.objects.filter(memberships__project=project_id, role=role, is_active=True)


def _policy(clip: Clip) -> Policy:
    document = Project.objects.values_list("policy__document", flat=True).get(pk=clip.project_id)
    return Policy.parse(document)
