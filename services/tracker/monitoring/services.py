"""People's answers are measured here: each once, in the transaction of whoever reports them."""

from __future__ import annotations

from django.db import transaction

from services.domain.comparison.compare import compare
from services.domain.comparison.disputes import Comparison as DomainComparison
from services.domain.errors import ConflictError
from services.domain.segments import Segmentation
from services.domain.timebase import Timebase
from services.tracker.annotations.models import Annotation
from services.tracker.clips.models import Clip, Media
from services.tracker.core.roles import DecisionStatus
from services.tracker.gold.models import Gold
from services.tracker.monitoring.answers import policy as policy_of
from services.tracker.monitoring.answers import side
from services.tracker.monitoring.answers import taxonomy as taxonomy_of
from services.tracker.monitoring.counting import (
    comparisons_count,
    decisions_count,
    measurements_count,
)
from services.tracker.monitoring.models import Measurement
from services.tracker.monitoring.sums import Additions, negated, sums_add
from services.tracker.monitoring.vocabulary import ReferenceKind
from services.tracker.projects.models import PolicyVersion
from services.tracker.projects.versions import rules_of
from services.tracker.quality.models import Comparison, Decision


@transaction.atomic
def measurement_record(
    *,
    clip: Clip,
    annotation: Annotation,
    comparison: DomainComparison,
    reference: str,
    policy: PolicyVersion | None = None,
) -> Measurement:
    """Keep how an answer compares with a reference; again returns what was kept.

    ``comparison`` has the reference on side ``a`` and the answer on side ``b``;
    ``reference`` says what stood on side ``a``: ``gold`` or ``arbitration``; ``policy`` is
    the one they were compared under (None: the project's present one).

    Raises
    ------
    ConflictError
        If the clip has no taxonomy, so that its labels mean nothing.
    """
    if clip.taxonomy_id is None:
        raise ConflictError(f"Clip {clip.name!r} has no taxonomy yet.", code="no_taxonomy")
    if clip.gold_id is not None:
        _lock(clip.gold_id)
    measurement, is_new = Measurement.objects.get_or_create(
        annotation=annotation,
        reference=str(ReferenceKind(reference)),
        defaults={
            "project_id": clip.project_id,
            "taxonomy_id": clip.taxonomy_id,
            "user_id": annotation.assignment.user_id,
            "clip": clip,
            "document": comparison.as_json(),
            "policy": policy or rules_of(clip.project),
        },
    )
    if is_new:
        additions: Additions = {}
        measurements_count(Measurement.objects.filter(pk=measurement.pk), additions)
        sums_add(additions)
    return measurement


@transaction.atomic
def gold_forget(*, gold: Gold) -> None:
    """Take out of the sums what was measured against an answer, right before its withdrawal.

    The measurements stay on record and no longer count, here or in a recount.
    """
    _lock(gold.pk)
    additions: Additions = {}
    measurements_count(Measurement.objects.filter(clip__gold=gold), additions)
    sums_add(negated(additions))


@transaction.atomic
def comparison_record(*, comparison: Comparison) -> None:
    """Add a round's comparison to the sums; the caller has just made it, once."""
    additions: Additions = {}
    comparisons_count(Comparison.objects.filter(pk=comparison.pk), additions)
    sums_add(additions)


@transaction.atomic
def decision_record(*, decision: Decision) -> None:
    """Add what a round's end makes known; the caller has just made the decision, once.

    It says what the drafts were worth and, when a senior decided, what both opinions were.
    """
    if decision.status == DecisionStatus.REJECTED:
        return
    if decision.status == DecisionStatus.ARBITRATED:
        _measure_against_arbiter(decision)
    additions: Additions = {}
    decisions_count(Decision.objects.filter(pk=decision.pk), additions)
    sums_add(additions)


def _measure_against_arbiter(decision: Decision) -> None:
    comparison = decision.comparison
    opinions = DomainComparison.from_json(comparison.document)
    answers = ((comparison.x, side(opinions, "a")), (comparison.y, side(opinions, "b")))
    # In the order of the people's ids: rounds that end at once add up in one order.
    for annotation, answer in sorted(answers, key=lambda pair: pair[0].assignment.user_id):
        measurement_record(
            clip=decision.clip,
            annotation=annotation,
            comparison=_against(decision, answer),
            reference=ReferenceKind.ARBITRATION,
            policy=decision.policy,
        )


def _against(decision: Decision, answer: Segmentation) -> DomainComparison:
    media = Media.objects.only("timebase").get(clip=decision.clip_id)
    return compare(
        Segmentation.from_json(decision.segments, n_frames=answer.n_frames),
        answer,
        taxonomy=taxonomy_of(decision.taxonomy_id),
        policy=policy_of(decision.policy_id),
        times=Timebase.from_json(media.timebase),
    )


def _lock(gold_id: int) -> None:
    """Let a measurement and the gold's withdrawal take their turns."""
    Gold.objects.select_for_update(no_key=True).filter(pk=gold_id).get()
