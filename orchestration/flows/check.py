"""Check: tier 1 on each new answer, tier 2 once all of a round's answers are sound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from prefect import flow

from orchestration.runtime import Runtime
from orchestration.stage import StageParams, run_stage, threads
from services.client.payloads import (
    CheckDone,
    OpinionWork,
    SanityVerdict,
    WorkItem,
    WorkReport,
)
from services.domain.comparison.compare import compare
from services.domain.comparison.consensus import consensus
from services.domain.comparison.disputes import Comparison
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.sanity.check import check_submission
from services.domain.sanity.findings import SanityReport
from services.domain.segments import Segment, Segmentation, SubmittedSegment
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase
from services.domain.workflow import AssignmentState, Stage


def check_clip(item: WorkItem, parts: Runtime) -> WorkReport:
    """Judge the answers of one clip's present round: against each other, or against gold."""
    taxonomy = Taxonomy.parse(item.taxonomy)
    timebase = _timebase(item)
    reports = {
        opinion.annotation_uid: check_submission(
            [SubmittedSegment.from_json(segment) for segment in opinion.segments],
            n_frames=timebase.n_frames,
            taxonomy=taxonomy,
        )
        for opinion in item.opinions
    }
    _tell(item, reports, parts)
    verdicts = [
        SanityVerdict(
            annotation_uid=opinion.annotation_uid,
            passed=reports[opinion.annotation_uid].passed,
            findings=[finding.as_json() for finding in reports[opinion.annotation_uid].findings],
        )
        for opinion in item.opinions
        if opinion.state is AssignmentState.SUBMITTED
    ]
    arbiters = [o for o in item.opinions if o.kind == "arbitration"]
    if arbiters:
        return _arbitrated(item, arbiters[-1], reports[arbiters[-1].annotation_uid], verdicts)
    policy = Policy.parse(item.policy)
    sound = [*_known(item, timebase), *_sound(item.opinions, reports.values())]
    if len(sound) < policy.seats:
        return CheckDone(verdicts=verdicts)
    comparison = compare(sound[0], sound[1], taxonomy=taxonomy, policy=policy, times=timebase)
    if item.gold is not None:
        return CheckDone(verdicts=verdicts, comparison=comparison.as_json())
    accepted = [] if comparison.disputes else consensus(comparison)
    return CheckDone(
        verdicts=verdicts,
        comparison=comparison.as_json(),
        accepted=[segment.as_json() for segment in accepted],
    )


def _tell(item: WorkItem, reports: Mapping[UUID, SanityReport], parts: Runtime) -> None:
    """Write on the tasks of answers that passed what was remarked, and that they passed.

    Answers that come back are written on by the stage that puts their tasks up again. An
    answer that passes at once without a remark is left alone: its task has nothing to unsay.
    """
    for opinion in item.opinions:
        report = reports[opinion.annotation_uid]
        is_new = opinion.state is AssignmentState.SUBMITTED and report.passed
        if is_new and opinion.task_id is not None and (report.findings or opinion.came_back):
            parts.label_studio().show_passed(opinion.task_id, report.findings)


def _known(item: WorkItem, timebase: Timebase) -> list[Segmentation]:
    """Return the answer that is known: it takes the first opinion's place."""
    if item.gold is None:
        return []
    return [Segmentation.from_json(item.gold, n_frames=timebase.n_frames)]


def _timebase(item: WorkItem) -> Timebase:
    if item.timebase is None:
        raise InputError(f"Clip {item.name} has answers but no timebase on record.")
    return Timebase.from_json(item.timebase)


def _sound(
    opinions: Iterable[OpinionWork], reports: Iterable[SanityReport]
) -> Iterable[Segmentation]:
    """Yield the sound opinions, X before Y, so that a comparison's sides are the arbiter's."""
    pairs = sorted(zip(opinions, reports, strict=True), key=lambda pair: pair[0].opinion)
    for _, report in pairs:
        if report.passed and report.segmentation is not None:
            yield report.segmentation


def _arbitrated(
    item: WorkItem, opinion: OpinionWork, report: SanityReport, verdicts: list[SanityVerdict]
) -> CheckDone:
    """Take the arbiter's word: segments when accepting, the bare verdict otherwise."""
    if opinion.verdict in {"reopen", "reject"}:
        # A clip that is sent back or given up needs no sound timeline.
        waved = [verdict.model_copy(update={"passed": True}) for verdict in verdicts]
        return CheckDone(verdicts=waved)
    accepted = None
    if report.passed and report.segmentation is not None:
        accepted = [s.as_json() for s in _with_spreads(report.segmentation, item)]
    return CheckDone(verdicts=verdicts, accepted=accepted)


def _with_spreads(segmentation: Segmentation, item: WorkItem) -> Iterable[Segment]:
    """Give the segments that the arbiter left as both opinions had them their spreads back."""
    agreed = Comparison.from_json(item.comparison).agreed if item.comparison else ()
    known = {accepted.segment.order: accepted.segment for accepted in agreed}
    return (known.get(segment.order, segment) for segment in segmentation)


@flow(name="check", timeout_seconds=3600, task_runner=threads(4))
def check(params: StageParams = StageParams()) -> str:  # noqa: B008 - an immutable default; Prefect's form shows it
    """Judge new answers: sound or sent back, agreed or disputed."""
    return str(run_stage(Stage.CHECK, check_clip, params))
