"""What each stored row adds to the running sums: said once, for the live path and the recount.

Everything is derived from rows that never change, so counting again gives the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC
from typing import Any

from django.db.models import F, QuerySet

from services.domain.comparison.disputes import Comparison as DomainComparison
from services.domain.metrics.layer_sums import LayerSums, group_of
from services.domain.monitoring.confusion import confusion
from services.domain.monitoring.dawid_skene import items_of
from services.domain.monitoring.peers import tally_clip, tally_peers
from services.domain.monitoring.tallies import tally
from services.domain.segments import Segmentation
from services.tracker.core.roles import DecisionStatus
from services.tracker.monitoring.answers import (
    Answer,
    Truth,
    answer_columns,
    prelabel_of,
    side,
    taxonomy,
)
from services.tracker.monitoring.models import (
    ConfusionSums,
    DayAgreement,
    LabelAgreement,
    LayerMeasures,
    Measurement,
    PairAgreement,
    PersonSums,
    SeatSums,
    VoteSums,
)
from services.tracker.monitoring.sums import Additions, Sums, merge
from services.tracker.monitoring.vocabulary import ReferenceKind
from services.tracker.quality.models import Comparison, Decision

CHUNK = 500
VOTER_X, VOTER_Y = "x", "y"
ALL_SUMS: tuple[type[Sums], ...] = (
    ConfusionSums,
    DayAgreement,
    LabelAgreement,
    LayerMeasures,
    PairAgreement,
    PersonSums,
    SeatSums,
    VoteSums,
)

Json = dict[str, Any]


def comparisons_count(rows: QuerySet[Comparison], additions: Additions) -> int:
    """Gather what rounds' comparisons add: agreement, measures, and the time both took."""
    n = 0
    found = rows.values(
        "clip__uid",
        "clip__project_id",
        "clip__taxonomy_id",
        "compared_at",
        "document",
        **answer_columns("x_", "x"),
        **answer_columns("y_", "y"),
    )
    for row in _stream(found):
        comparison = DomainComparison.from_json(row["document"])
        answers = [Answer.of(row, "x_", side(comparison, "a"))]
        answers.append(Answer.of(row, "y_", side(comparison, "b")))
        _agreement(row, comparison, answers, additions)
        _measures(row, answers, additions)
        for answer in answers:
            key = (row["clip__project_id"], answer.user_id, answer.shows_draft)
            merge(additions, SeatSums, key, SeatSums.amounts_of(time=answer.time))
        n += 1
    return n


def decisions_count(rows: QuerySet[Decision], additions: Additions) -> int:
    """Gather what rounds' ends tell of drafts: what was kept of them, now that the truth is out."""
    n = 0
    # A decision that was put back in force stands for a comparison of an earlier round.
    fresh = rows.filter(comparison__round=F("round")).exclude(status=DecisionStatus.REJECTED)
    found = fresh.values(
        "clip__project_id",
        "segments",
        "taxonomy_id",
        "policy_id",
        "comparison__document",
        prelabel=prelabel_of("clip"),
        **answer_columns("x_", "comparison__x"),
        **answer_columns("y_", "comparison__y"),
    )
    for row in _stream(found):
        comparison = DomainComparison.from_json(row["comparison__document"])
        truth = Truth(
            segments=Segmentation.from_json(row["segments"], n_frames=comparison.n_frames),
            taxonomy_id=row["taxonomy_id"],
            policy_id=row["policy_id"],
        )
        for prefix, letter in (("x_", "a"), ("y_", "b")):
            answer = Answer.of(row, prefix, side(comparison, letter))
            _draft(row["clip__project_id"], answer, truth, additions)
        n += 1
    return n


def measurements_count(rows: QuerySet[Measurement], additions: Additions) -> int:
    """Gather what measurements add: a person's figures by label, and labels mixed up.

    What was measured against gold that was withdrawn since counts no more.
    """
    n = 0
    found = rows.filter(clip__gold__withdrawn_at=None).values(
        "project_id",
        "taxonomy_id",
        "user_id",
        "reference",
        "policy_id",
        "document",
        prelabel=prelabel_of("clip"),
        **answer_columns("own_", "annotation"),
    )
    for row in _stream(found):
        comparison = DomainComparison.from_json(row["document"])
        _figures(row, comparison, additions)
        if row["reference"] == ReferenceKind.GOLD:
            _gold_answer(row, comparison, additions)
        n += 1
    return n


def _stream(rows: Any) -> Iterator[Json]:
    """Read rows a chunk at a time, however many there are."""
    yield from rows.iterator(chunk_size=CHUNK)


def _agreement(
    row: Json, comparison: DomainComparison, answers: list[Answer], additions: Additions
) -> None:
    project = row["clip__project_id"]
    with_draft = any(answer.shows_draft for answer in answers)
    for (layer, label), peers in tally_peers(comparison).items():
        key = (project, row["clip__taxonomy_id"], layer, label, with_draft)
        merge(additions, LabelAgreement, key, asdict(peers))
    whole = asdict(tally_clip(comparison))
    pair = sorted(answer.user_id for answer in answers)
    merge(additions, PairAgreement, (project, *pair, with_draft), whole)
    day = row["compared_at"].astimezone(UTC).date()
    merge(additions, DayAgreement, (project, day, with_draft), whole)
    one, other = answers
    for item in items_of(comparison, a=VOTER_X, b=VOTER_Y):
        votes = [(one.user_id, item.votes[0][1] or ""), (other.user_id, item.votes[1][1] or "")]
        (a, label_a), (b, label_b) = sorted(votes)
        of = (project, row["clip__taxonomy_id"], a, b, label_a, label_b)
        merge(additions, VoteSums, of, {"n": item.weight})


def _measures(row: Json, answers: list[Answer], additions: Additions) -> None:
    """Measure the pair on each layer, also where both are silent: that is agreement, too."""
    one, other = (answer.segments for answer in sorted(answers, key=lambda answer: answer.user_id))
    with_draft = any(answer.shows_draft for answer in answers)
    layers = {layer.name for layer in taxonomy(row["clip__taxonomy_id"]).layers}
    for layer in layers | {segment.layer for segment in (*one, *other)}:
        key = (
            row["clip__project_id"],
            row["clip__taxonomy_id"],
            layer,
            with_draft,
            group_of(row["clip__uid"]),
        )
        sums = LayerSums.of_pair(one.layer(layer), other.layer(layer), n_frames=one.n_frames)
        merge(additions, LayerMeasures, key, LayerMeasures.amounts_of(sums))


def _figures(row: Json, comparison: DomainComparison, additions: Additions) -> None:
    of = (row["project_id"], row["taxonomy_id"], row["user_id"], row["reference"])
    for (layer, label), figures in tally(comparison).items():
        merge(additions, PersonSums, (*of, layer, label), PersonSums.amounts_of(figures))
    for (layer, reference, answered), count in confusion(comparison).cells:
        key = (*of, layer, reference or "", answered or "")
        merge(additions, ConfusionSums, key, {"n": count})


def _gold_answer(row: Json, comparison: DomainComparison, additions: Additions) -> None:
    """Add what no round's comparison tells of an answer to a known clip."""
    answer = Answer.of(row, "own_", side(comparison, "b"))
    truth = Truth(
        segments=side(comparison, "a"), taxonomy_id=row["taxonomy_id"], policy_id=row["policy_id"]
    )
    key = (row["project_id"], answer.user_id, answer.shows_draft)
    merge(additions, SeatSums, key, SeatSums.amounts_of(time=answer.time))
    _draft(row["project_id"], answer, truth, additions)


def _draft(project: int, answer: Answer, truth: Truth, additions: Additions) -> None:
    if answer.draft is not None:
        amounts = SeatSums.amounts_of(draft=answer.draft_tally(truth))
        merge(additions, SeatSums, (project, answer.user_id, True), amounts)
