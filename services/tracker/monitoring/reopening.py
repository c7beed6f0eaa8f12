"""Clips that an alarm puts in doubt are opened again, and closed again when it is taken back."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from services.domain.errors import TransitionError
from services.domain.workflow import AssignmentState, ClipPurpose, ClipState, Facts, Step
from services.tracker.annotations.models import Assignment
from services.tracker.annotations.planning import seats_ensure
from services.tracker.annotations.seats import clip_facts, seats_close
from services.tracker.clips.models import Clip
from services.tracker.clips.services import clip_advance
from services.tracker.core.roles import ReleaseState, SeatKind
from services.tracker.monitoring.models import Consequence, ReopenedClip
from services.tracker.monitoring.vocabulary import ConsequenceKind, ReopenOutcome
from services.tracker.projects.models import Project
from services.tracker.projects.versions import rules_of
from services.tracker.quality.models import Decision
from services.tracker.releases.models import ReleaseClip
from services.tracker.work.leases import leases_end

MOST_AT_ONCE = 200
"""Clips opened again in one run; the next run goes on."""
ROUNDS_USED_UP = "rounds_used_up"
OPEN = (ClipState.IN_ANNOTATION, ClipState.IN_ARBITRATION)


def clips_reopen(*, project: Project, actor: str) -> int:
    """Open the clips again that standing alarms put in doubt; return how many were."""
    standing = Consequence.objects.filter(
        alarm__project=project, alarm__reversal=None, kind=ConsequenceKind.REOPEN
    )
    n = 0
    for consequence in standing.select_related("alarm").order_by("id"):
        for clip in _in_doubt(consequence, project)[: MOST_AT_ONCE - n]:
            n += _reopen(clip, consequence, actor)
    return n


def clips_restore(*, consequence: Consequence, actor: str) -> tuple[int, int]:
    """Accept clips again as they were; return how many were, and how many are decided anew.

    The round that was opened ends without a word: its seats close, a worker that is at it
    loses its lease, and the decision before stands again.
    """
    reached = ReopenedClip.objects.filter(
        consequence=consequence, outcome=ReopenOutcome.REOPENED
    ).select_related("decision")
    n_restored = n_left = 0
    for row in reached.order_by("clip"):
        clip = Clip.objects.select_for_update(of=("self",), no_key=True).get(pk=row.clip_id)
        if clip.state in OPEN and clip.round == row.decision.round + 1:
            _restore(clip, row.decision, actor)
            n_restored += 1
        else:
            n_left += 1
    return n_restored, n_left


def _in_doubt(consequence: Consequence, project: Project) -> QuerySet[Clip]:
    """Return the accepted, unreleased clips that rest on an answer in doubt.

    In doubt is what the person answered after ``consequence.since``, until it followed.
    """
    alarm, since, until = consequence.alarm, consequence.since, consequence.made_at
    # By the decision and not by the round's seats: a restored one rests on an earlier round's.
    decisions = Decision.objects.filter(clip=OuterRef("pk"), round=OuterRef("round")).filter(
        _answered("comparison__x", alarm.user_id, since, until)
        | _answered("comparison__y", alarm.user_id, since, until)
    )
    # Only the person's own clips, by the index, need that looked up.
    own = Assignment.objects.filter(user=alarm.user_id, kind=SeatKind.ANNOTATION).values("clip")
    released = ReleaseClip.objects.filter(decision__clip=OuterRef("pk")).exclude(
        release__state=ReleaseState.FAILED
    )
    reached = ReopenedClip.objects.filter(consequence=consequence, clip=OuterRef("pk"))
    return (
        Clip.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("project")
        .filter(Exists(decisions), ~Exists(released), ~Exists(reached))
        .filter(
            pk__in=own,
            project=project,
            purpose=str(ClipPurpose.WORK),
            state=str(ClipState.ACCEPTED),
        )
        .order_by("id")
    )


def _answered(opinion: str, user_id: int, since: datetime | None, until: datetime) -> Q:
    """Tell whether one of a comparison's two opinions is the person's, of that time."""
    found = Q(**{f"{opinion}__assignment__user": user_id, f"{opinion}__received_at__lte": until})
    return found if since is None else found & Q(**{f"{opinion}__received_at__gt": since})


def _reopen(clip: Clip, consequence: Consequence, actor: str) -> int:
    decision = Decision.objects.get(clip=clip, round=clip.round)
    outcome = ReopenOutcome.REOPENED
    try:
        clip_advance(
            clip=clip,
            step=Step.REOPENED,
            actor=actor,
            facts=clip_facts(clip=clip, policy=rules_of(clip.project)),
            payload={"alarm": str(consequence.alarm.uid)},
        )
    except TransitionError as error:
        if error.code != ROUNDS_USED_UP:
            raise
        outcome = ReopenOutcome.ROUNDS_USED_UP
    else:
        seats_ensure(clip=clip, actor=actor)
    ReopenedClip.objects.create(
        consequence=consequence, clip=clip, decision=decision, outcome=str(outcome)
    )
    return int(outcome is ReopenOutcome.REOPENED)


def _restore(clip: Clip, decision: Decision, actor: str) -> None:
    leases_end(clips=[clip], at=timezone.now())
    seats = Assignment.objects.filter(clip=clip, round=clip.round)
    seats_close(list(seats.exclude(state=AssignmentState.CLOSED)))
    again = Decision.objects.create(
        clip=clip,
        round=clip.round,
        status=decision.status,
        segments=decision.segments,
        comparison_id=decision.comparison_id,
        arbitration_id=decision.arbitration_id,
        policy_id=decision.policy_id,
        taxonomy_id=decision.taxonomy_id,
    )
    clip_advance(
        clip=clip,
        step=Step.RESTORED,
        actor=actor,
        facts=Facts(round=clip.round),
        payload={"decision": str(again.uid), "restores": str(decision.uid)},
    )
