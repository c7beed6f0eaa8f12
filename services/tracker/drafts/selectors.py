"""What models may learn from, which there are, and which one drafts now."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, QuerySet

from services.domain.canonical import content_hash
from services.domain.errors import NotFoundError
from services.domain.training_set import Side, side_of
from services.domain.workflow import ClipPurpose, ClipState
from services.tracker.core.roles import DecisionStatus
from services.tracker.drafts.models import Lesson, ModelVersion, Promotion
from services.tracker.gold.models import Gold
from services.tracker.projects.models import Project, TaxonomyVersion
from services.tracker.quality.models import Decision

Json = dict[str, Any]

ACCEPTED = [str(DecisionStatus.AGREED), str(DecisionStatus.ARBITRATED)]


def decisions_accepted(*, project: Project, taxonomy: TaxonomyVersion) -> QuerySet[Decision]:
    """Return the decisions by which clips stand accepted now; no shadow is ever among them."""
    return Decision.objects.filter(
        clip__project=project,
        clip__purpose=str(ClipPurpose.WORK),
        clip__state=str(ClipState.ACCEPTED),
        clip__sha256__isnull=False,
        round=F("clip__round"),
        status__in=ACCEPTED,
        taxonomy=taxonomy,
    )


def once_gold(*, clips: Collection[int]) -> set[int]:
    """Return those clips that are gold or ever were: who was tried on one may be so again."""
    return set(Gold.objects.filter(source__in=clips).values_list("source", flat=True))


def decision_side(*, project: Project, decision: Decision) -> Side:
    """Return a decision's side; what names the recording is its content, not its file's name."""
    return side_of(project=project.slug, source=decision.clip.sha256 or "")


def training_rows(*, project: Project, taxonomy: TaxonomyVersion) -> QuerySet[Decision]:
    """Return the training set's decisions and the gold among them, with what is told of them."""
    rows = decisions_accepted(project=project, taxonomy=taxonomy)
    return rows.select_related("clip__media")


def training_clips(*, project: Project, rows: Iterable[Decision]) -> list[Json]:
    """Return decisions as clips to learn from; gold that is not held out is left out."""
    rows = list(rows)
    gold = once_gold(clips=[row.clip_id for row in rows])
    sided = [(row, decision_side(project=project, decision=row)) for row in rows]
    return [
        _clip(row, side) for row, side in sided if is_fit(side=side, is_gold=row.clip_id in gold)
    ]


def is_fit(*, side: Side, is_gold: bool) -> bool:
    """Tell whether a decision may be used: a draft must never know the answer to gold."""
    return side is Side.HELD_OUT or not is_gold


def _clip(row: Decision, side: Side) -> Json:
    clip, media = row.clip, row.clip.media
    return {
        "decision_uid": row.uid,
        "clip_uid": clip.uid,
        "recording": clip.sha256,
        "side": side,
        "segments": row.segments,
        "timebase": media.timebase,
        "proxy_key": media.proxy_key,
        "proxy_sha256": media.proxy_sha256,
    }


def training_state(*, project: Project) -> Json:
    """Count what there is to learn from under the project's labels, and what of it is new.

    Raises
    ------
    ConflictError
        If the project has no labels.
    """
    taxonomy = project.labels
    newest = models_of(project=project).filter(taxonomy=taxonomy).order_by("version").last()
    seen = -1
    if newest is not None:
        seen = Lesson.objects.filter(model=newest).aggregate(last=Max("decision"))["last"]
    counts = {Side.TRAIN: 0, Side.HELD_OUT: 0}
    n_new = n_gold = 0
    rows = decisions_accepted(project=project, taxonomy=taxonomy)
    told = list(rows.values_list("pk", "clip", "clip__sha256"))
    gold = once_gold(clips=[clip for _, clip, _ in told])
    for pk, clip, source in told:
        side = side_of(project=project.slug, source=source or "")
        if not is_fit(side=side, is_gold=clip in gold):
            n_gold += 1
            continue
        counts[side] += 1
        n_new += side is Side.TRAIN and pk > seen
    return {
        "taxonomy_version": taxonomy.version,
        "n_train": counts[Side.TRAIN],
        "n_held_out": counts[Side.HELD_OUT],
        "n_gold_left_out": n_gold,
        "n_new": n_new,
        "current": model_current(project=project, taxonomy=taxonomy),
        "newest": newest,
    }


def models_of(*, project: Project) -> QuerySet[ModelVersion]:
    """Return a project's models, each with whether it is the one that drafts now."""
    newest = Promotion.objects.filter(
        project=OuterRef("project"), taxonomy=OuterRef("taxonomy")
    ).order_by("-id")
    current = Promotion.objects.filter(pk=newest.values("pk")[:1], after=OuterRef("pk"))
    return (
        ModelVersion.objects.filter(project=project)
        .select_related("project", "taxonomy", "rival")
        .annotate(is_current=Exists(current))
    )


def model_get(*, project: Project, version: int) -> ModelVersion:
    """Return one model, or raise NotFoundError."""
    found = models_of(project=project).filter(version=version).first()
    if found is None:
        raise NotFoundError(f"{project.slug} has no model {version}.")
    return found


def model_current(*, project: Project, taxonomy: TaxonomyVersion) -> ModelVersion | None:
    """Return the model that drafts a project's clips now; None is the cold start."""
    found = models_current(pairs={(project.pk, taxonomy.pk)})
    return next((models_of(project=project).get(pk=model.pk) for model in found.values()), None)


def models_current(*, pairs: set[tuple[int, int]]) -> dict[tuple[int, int], ModelVersion]:
    """Return which models draft now, by (project, taxonomy), in one query."""
    rows = Promotion.objects.filter(
        project__in={project for project, _ in pairs},
        taxonomy__in={taxonomy for _, taxonomy in pairs},
    )
    newest = rows.order_by("project", "taxonomy", "-id").distinct("project", "taxonomy")
    return {
        (row.project_id, row.taxonomy_id): row.after
        for row in newest.select_related("after")
        if row.after is not None
    }


def promotions_of(*, project: Project) -> QuerySet[Promotion]:
    """Return how a project's model in use changed."""
    rows = Promotion.objects.filter(project=project)
    return rows.select_related("project", "taxonomy", "before", "after")


def content_of(decision: Decision) -> str:
    """Return the hash of a decision's segments."""
    return content_hash(decision.segments)
