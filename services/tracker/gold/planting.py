"""Shadow clips are planted here: each for one person, who never meets the clip twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.db import connection

from services.domain.blindness import shows_prelabel
from services.domain.canonical import unit_interval
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
from services.tracker.gold.selectors import gold_for
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.standing.models import StandingEvent
from services.tracker.standing.selectors import annotators_standing, newest_event

PLANTER = "planter"
LONGEST_WAIT = timedelta(minutes=30)
"""A honeypot that came at once with the work it follows would always be the second of two."""


def honeypots_plant(*, clip: Clip, people: Mapping[str, int], policy: Policy) -> None:
    """Let some of a round's seats be followed by a clip whose answer is known.

    Whom it falls on is a lot at the policy's share; nothing happens where no gold fits.
    """
    followed = [
        name
        for name in sorted(people)
        if gold_follows(
            clip_uid=clip.uid, round_=clip.round, person=name, gold_share=policy.gold_share
        )
    ]
    if not followed or clip.taxonomy_id is None:
        return
    _take_turns(clip.project_id)
    for name in followed:
        found = choose_gold(
            seed=f"{clip.uid}\x1f{clip.round}",
            person=name,
            golds=gold_for(
                project_id=clip.project_id, taxonomy_id=clip.taxonomy_id, user_id=people[name]
            ),
            seen_clips=(),  # those are left out already
        )
        if found is not None:
            _plant(UUID(found.uid), user_id=people[name], policy=policy)


def calibrations_plant(*, project: Project) -> None:
    """Give everybody who is on trial the known clips that are still wanted, as far as there are.

    Gold that was withdrawn since does not count, so another clip comes in its place.
    """
    if project.policy is None or project.taxonomy is None:
        return
    policy = Policy.parse(project.policy.document)
    on_trial = annotators_standing(
        project_id=project.pk, standing=AnnotatorStanding.CALIBRATING
    ).order_by("username")
    if not policy.calibration_clips or not on_trial.exists():
        return
    _take_turns(project.pk)
    for person in on_trial:
        trial = newest_event(project_id=project.pk, user_id=person.pk)
        if trial is not None:
            _calibration_plant(project=project, person=person, trial=trial, policy=policy)


def _calibration_plant(
    *, project: Project, person: User, trial: StandingEvent, policy: Policy
) -> None:
    n_planted = Showing.objects.filter(trial=trial, gold__withdrawn_at=None).count()
    chosen = choose_calibration(
        project=f"{project.slug}\x1f{trial.uid}",
        person=person.username,
        golds=gold_for(
            project_id=project.pk, taxonomy_id=project.taxonomy_id or 0, user_id=person.pk
        ),
        seen_clips=(),
        n_clips=max(0, policy.calibration_clips - n_planted),
    )
    for found in chosen:
        _plant(UUID(found.uid), user_id=person.pk, policy=policy, trial=trial)


def _plant(
    gold_uid: UUID, *, user_id: int, policy: Policy, trial: StandingEvent | None = None
) -> None:
    gold = Gold.objects.select_related("source", "decision").get(uid=gold_uid)
    purpose = ClipPurpose.HONEYPOT if trial is None else ClipPurpose.CALIBRATION
    clip = shadow_create(
        source=gold.source,
        taxonomy_id=gold.decision.taxonomy_id,
        gold_id=gold.pk,
        purpose=purpose,
        wait=_wait(gold_uid, user_id) if trial is None else timedelta(),
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
