"""An answer to a known clip: held against gold, measured, and what follows for who is on trial."""

from __future__ import annotations

from typing import Any

from services.domain.comparison.disputes import Comparison as DomainComparison
from services.domain.errors import InputError
from services.domain.monitoring.calibration import CalibrationState, calibration_verdict
from services.domain.policy import Policy
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import ClipPurpose
from services.tracker.annotations.models import Annotation
from services.tracker.clips.models import Clip
from services.tracker.gold.models import Score, Showing
from services.tracker.gold.planting import calibrations_plant
from services.tracker.gold.selectors import gold_is_fit
from services.tracker.monitoring.services import measurement_record
from services.tracker.monitoring.vocabulary import ReferenceKind
from services.tracker.projects.models import PolicyVersion, Project
from services.tracker.standing.models import StandingEvent
from services.tracker.standing.selectors import annotators_standing, newest_event
from services.tracker.standing.services import membership_lock, standing_change

CALIBRATION = "calibration"
AFTERWARDS = {
    CalibrationState.PASSED: AnnotatorStanding.ACTIVE,
    CalibrationState.FAILED: AnnotatorStanding.PAUSED,
}


def answer_score(
    *, clip: Clip, answer: Annotation, document: dict[str, Any] | None, policy: PolicyVersion
) -> None:
    """Keep how a sound answer compares with gold (side a), and measure its author by it, once.

    Nobody is measured by gold that was withdrawn, or whose clip is under way again.

    Raises
    ------
    InputError
        If the comparison is missing or is not one.
    """
    showing = Showing.objects.select_related("gold", "trial__user").get(clip=clip)
    if Score.objects.filter(showing=showing).exists():
        return  # a trial's, by the answer that passed first
    if document is None:
        raise InputError(
            "The clip's answer is known, so the report needs the comparison with it.",
            errors=[{"pointer": "/comparison", "detail": "missing"}],
        )
    comparison = DomainComparison.from_json(document)
    Score.objects.create(showing=showing, annotation=answer, comparison=document, policy=policy)
    if gold_is_fit(gold=showing.gold):
        measurement_record(
            clip=clip,
            annotation=answer,
            comparison=comparison,
            reference=ReferenceKind.GOLD,
            policy=policy,
        )
    if showing.purpose == ClipPurpose.CALIBRATION and showing.trial is not None:
        project = Project.objects.select_related("policy", "taxonomy").get(pk=clip.project_id)
        trial_settle(project=project, trial=showing.trial)


def trials_go_on(*, project: Project) -> None:
    """Let what the project's rules now say reach those who are on trial."""
    on_trial = annotators_standing(
        project_id=project.pk, standing=AnnotatorStanding.CALIBRATING
    ).order_by("pk")
    for person in list(on_trial):
        trial = newest_event(project_id=project.pk, user_id=person.pk)
        if trial is not None:
            trial_settle(project=project, trial=trial)
    calibrations_plant(project=project)


def trial_settle(*, project: Project, trial: StandingEvent) -> None:
    """End a trial once all its clips are answered: active, or paused with the reason.

    A trial that something else ended stays ended. Without calibration there is nothing to
    pass, so a trial that the rules no longer ask for ends well.
    """
    # First of all: of two last answers that are scored at once, one has to see both.
    if membership_lock(project=project, user=trial.user) is None:
        return
    newest = newest_event(project_id=trial.project_id, user_id=trial.user_id)
    if newest is None or newest.pk != trial.pk or project.policy is None:
        return
    policy = Policy.parse(project.policy.document)
    scores = Score.objects.filter(showing__trial=trial, showing__gold__withdrawn_at=None)
    documents = scores.order_by("id").values_list("comparison", flat=True)
    verdict = calibration_verdict(
        [DomainComparison.from_json(document).counts for document in documents],
        n_needed=policy.calibration_clips,
        agreement_needed=policy.calibration_agreement,
    )
    if verdict.state is CalibrationState.GOING_ON:
        return
    standing_change(
        project=project,
        user=trial.user,
        to=AFTERWARDS[verdict.state],
        cause={
            "code": f"{CALIBRATION}_{verdict.state}",
            "detail": verdict.sentence,
            "n_clips": verdict.n_clips,
            "agreement": verdict.agreement,
            "needed": verdict.needed,
        },
        actor=CALIBRATION,
    )
