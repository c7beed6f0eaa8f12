"""Decisions become gold here, and stop being it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from services.domain.errors import ConflictError, NotFoundError
from services.domain.policy import Policy
from services.domain.workflow import ClipPurpose, ClipState
from services.tracker.clips.models import Clip
from services.tracker.core.roles import DecisionStatus
from services.tracker.gold.models import Gold
from services.tracker.gold.planting import calibrations_plant
from services.tracker.gold.selectors import gold_get, gold_outdated, gold_standing
from services.tracker.monitoring.services import gold_forget
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.projects.selectors import project_by_slug
from services.tracker.quality.models import Decision

BY_POLICY, BY_DECISION = "policy", "decision"


@transaction.atomic
def gold_promote(*, actor: User, slug: str, clip_uid: UUID, note: str) -> tuple[Gold, bool]:
    """Make a clip's decision gold; return the entry and whether it is new.

    Raises
    ------
    NotFoundError
        If the project or the clip is not there.
    ConflictError
        If the clip is not accepted.
    """
    project = project_by_slug(user=actor, slug=slug)
    clips = Clip.objects.select_for_update(of=("self",), no_key=True).filter(
        project=project, purpose=str(ClipPurpose.WORK), uid=clip_uid
    )
    clip = next(iter(clips), None)
    if clip is None:
        raise NotFoundError(f"There is no clip {clip_uid} that you may see.")
    if clip.state != ClipState.ACCEPTED:
        raise ConflictError(
            f"Clip {clip.name!r} is {clip.state}; only an accepted clip becomes gold.",
            code="not_accepted",
        )
    known = gold_standing(clip=clip)
    decision = Decision.objects.get(clip=clip, round=clip.round)
    made = known or _promote(clip=clip, decision=decision, by=actor.username, note=note)
    if known is None:
        calibrations_plant(project=project)
    return gold_get(user=actor, uid=made.uid), known is None


@transaction.atomic
def gold_withdraw(*, actor: User, uid: UUID, note: str) -> Gold:
    """Show an entry to nobody any more; again is harmless.

    Answers that come in later for it are scored, and nobody is measured by them.
    """
    found = gold_get(user=actor, uid=uid)
    _withdraw(found, by=actor.username, note=note)
    calibrations_plant(project=found.project)
    return gold_get(user=actor, uid=uid)


def gold_follow(*, clip: Clip, decision: Decision, policy: Policy) -> None:
    """Let gold follow a clip's fresh decision.

    Entries that say something else end, with all that was measured by them; the decision
    becomes gold where the policy says that such decisions do. The caller has just decided the
    clip, holds its lock, and locks nothing afterwards.
    """
    outdated = list(gold_outdated(decision=decision).order_by("pk"))
    for gold in outdated:
        _withdraw(gold, by=BY_DECISION, note=f"Round {decision.round} was decided otherwise.")
    is_new = _promote_by_policy(clip=clip, decision=decision, policy=policy)
    if outdated or is_new:
        calibrations_plant(project=Project.objects.get(pk=clip.project_id))


def _promote_by_policy(*, clip: Clip, decision: Decision, policy: Policy) -> bool:
    wanted = {"manager": (), "arbitrated": (DecisionStatus.ARBITRATED,)}.get(
        policy.gold_source, (DecisionStatus.ARBITRATED, DecisionStatus.AGREED)
    )
    if decision.status not in wanted or gold_standing(clip=clip) is not None:
        return False
    _promote(clip=clip, decision=decision, by=BY_POLICY, note="")
    return True


def _withdraw(gold: Gold, *, by: str, note: str) -> None:
    gold_forget(gold=gold)
    Gold.objects.filter(pk=gold.pk, withdrawn_at=None).update(
        withdrawn_by=by, withdrawn_at=timezone.now(), withdrawn_note=note
    )


def _promote(*, clip: Clip, decision: Decision, by: str, note: str) -> Gold:
    return Gold.objects.create(
        project_id=clip.project_id, source=clip, decision=decision, promoted_by=by, note=note
    )
