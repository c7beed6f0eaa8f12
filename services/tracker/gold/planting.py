"""Shadow clips are planted here: each for one person, who never meets the clip twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import connection

from services.domain.blindness import shows_prelabel
from services.domain.canonical import unit_interval
from services.domain.monitoring.gold import Gold as KnownAnswer
from services.domain.monitoring.gold import choose_calibration, choose_gold, gold_follows
from services.domain.policy import Policy
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import ClipPurpose
from services.tracker.annotations.models import Assignment, Prelabel
from services.tracker.annotations.probes import seats_probe
from services.tracker.clips.models import Clip
from services.tracker.clips.shadows import shadow_create
from services.tracker.core.roles import SeatKind
from services.tracker.gold.models import Gold, Showing
from services.tracker.gold.selectors import gold_for, gold_take
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.projects.versions import rules_of
from services.tracker.standing.models import StandingEvent
from services.tracker.standing.selectors import annotators_standing, newest_event

PLANTER = "planter"
LONGEST_WAIT = timedelta(minutes=30)
"""A honeypot that came at once with the work it follows would always be the second of two."""


def honeypot_plant(*, clip: Clip, seat: Assignment) -> None:
    """Let a seat that was just answered be followed by a clip whose answer is known.

    Whether it is falls by a lot at the policy's share; nothing happens where no gold fits, or
    where the person gets no new seats. The lot is drawn at the answer, not when the seat is
    planned: a corpus is planned as a whole, before any of its clips is gold.
    """
    policy = Policy.parse(rules_of(clip.project).document)
    name = seat.user.username
    if clip.taxonomy_id is None or not gold_follows(
        clip_uid=clip.uid, round_=clip.round, person=name, gold_share=policy.gold_share
    ):
        return
    active = annotators_standing(project_id=clip.project_id, standing=AnnotatorStanding.ACTIVE)
    if not active.filter(pk=seat.user_id).exists():
        return
    _take_turns(clip.project_id)
    offered = gold_for(
        project_id=clip.project_id, taxonomy_id=clip.taxonomy_id, user_id=seat.user_id, n_wanted=1
    )

    def choose(golds: list[KnownAnswer], _: int) -> tuple[KnownAnswer, ...]:
        seed = f"{clip.uid}\x1f{clip.round}"
        found = choose_gold(seed=seed, person=name, golds=golds, seen_clips=())
        return () if found is None else (found,)

    for gold in _taken(offered, n_wanted=1, choose=choose):
        _plant(gold, user_id=seat.user_id, policy=policy)


def calibrations_plant(*, project: Project) -> None:
    """Give everybody who is on trial the known clips that are still wanted, as far as there are.

    Gold that was withdrawn since does not count, so another clip comes in its place. It is the
    last thing in a transaction: what it locks comes after all else.
    """
    if project.policy is None or project.taxonomy is None:
        return
    policy = Policy.parse(project.policy.document)
    if not policy.calibration_clips:
        return
    if not _lacking(project, policy):
        return  # as with almost every report: nobody waits for a clip
    _take_turns(project.pk)
    for person, trial in _lacking(project, policy):
        _calibration_plant(project=project, person=person, trial=trial, policy=policy)


def _lacking(project: Project, policy: Policy) -> list[tuple[User, StandingEvent]]:
    """Return who is on trial, by which event, and lacks clips of it now."""
    people = annotators_standing(project_id=project.pk, standing=AnnotatorStanding.CALIBRATING)
    trials = [
        (person, newest_event(project_id=project.pk, user_id=person.pk))
        for person in people.order_by("username")
    ]
    return [
        (person, trial)
        for person, trial in trials
        if trial is not None and _n_lacking(trial, policy) > 0
    ]


def _calibration_plant(
    *, project: Project, person: User, trial: StandingEvent, policy: Policy
) -> None:
    n_lacking = _n_lacking(trial, policy)
    offered = gold_for(
        project_id=project.pk,
        taxonomy_id=project.taxonomy_id or 0,
        user_id=person.pk,
        n_wanted=n_lacking,
    )

    def choose(golds: list[KnownAnswer], n: int) -> tuple[KnownAnswer, ...]:
        return choose_calibration(
            project=f"{project.slug}\x1f{trial.uid}",
            person=person.username,
            golds=golds,
            seen_clips=(),
            n_clips=n,
        )

    for gold in _taken(offered, n_wanted=n_lacking, choose=choose):
        _plant(gold, user_id=person.pk, policy=policy, trial=trial)


def _n_lacking(trial: StandingEvent, policy: Policy) -> int:
    n_planted = Showing.objects.filter(trial=trial, gold__withdrawn_at=None).count()
    return policy.calibration_clips - n_planted


def _taken(
    offered: list[KnownAnswer],
    *,
    n_wanted: int,
    choose: Callable[[list[KnownAnswer], int], tuple[KnownAnswer, ...]],
) -> list[Gold]:
    """Choose gold until enough is taken; what is being opened again just now is passed over."""
    taken: list[Gold] = []
    left = list(offered)
    while len(taken) < n_wanted:
        chosen = choose(left, n_wanted - len(taken))
        if not chosen:
            break
        found = [gold_take(uid=UUID(known.uid)) for known in chosen]
        taken += [gold for gold in found if gold is not None]
        # Not the gold's entry only: its clip is met once.
        met = {known.clip_uid for known in chosen}
        left = [known for known in left if known.clip_uid not in met]
    return taken


def _plant(gold: Gold, *, user_id: int, policy: Policy, trial: StandingEvent | None = None) -> None:
    purpose = ClipPurpose.HONEYPOT if trial is None else ClipPurpose.CALIBRATION
    clip = shadow_create(
        source=gold.source,
        taxonomy_id=gold.decision.taxonomy_id,
        gold_id=gold.pk,
        purpose=purpose,
        wait=_wait(gold.uid, user_id) if trial is None else timedelta(),
        actor=PLANTER,
    )
    _draft_copy(gold.source, clip)
    seat = Assignment(
        clip=clip,
        round=clip.round,
        user_id=user_id,
        kind=str(SeatKind.ANNOTATION),
        shows_prelabel=shows_prelabel(clip.uid, policy.control_share),
    )
    seats_probe(clip=clip, seats=[seat], policy=policy)
    seat.save(force_insert=True)
    Showing.objects.create(
        gold=gold,
        source=gold.source,
        user_id=user_id,
        clip=clip,
        purpose=str(purpose),
        trial=trial,
    )


def _wait(gold_uid: UUID, user_id: int) -> timedelta:
    return LONGEST_WAIT * unit_interval(gold_uid, user_id, "wait")


def _draft_copy(source: Clip, clip: Clip) -> None:
    """Copy the draft that the people of the clip's first round were shown."""
    draft = Prelabel.objects.filter(clip=source).order_by("-id").first()
    if draft is not None:
        Prelabel.objects.create(
            clip=clip,
            taxonomy_id=draft.taxonomy_id,
            model=draft.model,
            segments=draft.segments,
            details=draft.details,
        )


def _take_turns(project_id: int) -> None:
    """Let only one transaction plant in a project at a time, so that each sees what is planted.

    It is the last lock that any of them takes: clips come before it, always.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"gold:{project_id}"]
        )
