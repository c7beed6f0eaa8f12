"""Models are registered here, take over, and are withdrawn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from services.domain.errors import ConflictError, InputError, NotFoundError
from services.domain.promotion import ClipScore, PromotionRule, judge, pooled
from services.domain.training_set import Side, data_hash
from services.domain.workflow import ClipPurpose
from services.tracker.drafts.models import Act, Lesson, ModelVersion, Promotion
from services.tracker.drafts.selectors import (
    ACCEPTED,
    content_of,
    decision_side,
    is_fit,
    model_current,
    model_get,
    once_gold,
)
from services.tracker.files.ranges import ByteRange
from services.tracker.files.storage import object_read, object_size
from services.tracker.people.models import User
from services.tracker.projects.models import Project, TaxonomyVersion
from services.tracker.projects.selectors import project_by_slug, taxonomy_get
from services.tracker.quality.models import Decision

BY_POLICY = "policy"
BATCH = 1000
RULE = PromotionRule()

COPIED = ("seed", "config", "extractor", "code_version", "storage_key", "sha256", "n_bytes")

Report = Mapping[str, Any]
Learnt = list[tuple[Decision, Side]]


@transaction.atomic
def model_register(*, actor: User, slug: str, report: Report) -> tuple[ModelVersion, bool]:
    """Keep a trained model, and let it take over where it is better; return whether it is new.

    The tracker takes nobody's word for it: it looks the checkpoint up, holds the training set
    against the split and against gold, and judges the scores by its own rule. The same
    checkpoint again returns the same version.

    Raises
    ------
    NotFoundError
        If there is no such project or taxonomy version.
    InputError
        If the report does not fit what is stored or what may be learnt from.
    ConflictError
        If what it was measured against is not in use any more, or it learnt from what has
        become gold.
    """
    project = _locked(actor, slug)
    known = ModelVersion.objects.filter(project=project, sha256=report["sha256"]).first()
    if known is not None:
        return model_get(project=project, version=known.version), False
    taxonomy = taxonomy_get(project=project, version=report["taxonomy_version"])
    learnt = _learnt(project, taxonomy, report)
    rival = model_current(project=project, taxonomy=taxonomy)
    if (rival and rival.version) != report["rival_version"]:
        raise ConflictError(
            f"Another model is in use by now ({_named(rival)}); measure against that one.",
            code="rival_replaced",
        )
    _require_stored(project, report)
    candidate, against = _scores(report, learnt)
    verdict = judge(candidate, against, RULE)
    sides = [side for _, side in learnt]
    last = ModelVersion.objects.filter(project=project).aggregate(last=Max("version"))["last"]
    model = ModelVersion.objects.create(
        project=project,
        version=(last or 0) + 1,
        taxonomy=taxonomy,
        data_hash=report["data_hash"],
        n_train=sides.count(Side.TRAIN),
        n_held_out=sides.count(Side.HELD_OUT),
        rival=rival,
        scores={
            "candidate": [score.as_json() for score in candidate],
            "rival": [score.as_json() for score in against],
        },
        metrics=pooled(candidate),
        rival_metrics=pooled(against),
        verdict=verdict.as_json() | {"rule": asdict(RULE)},
        trained_by=actor,
        **{name: report[name] for name in COPIED},
    )
    Lesson.objects.bulk_create(
        [Lesson(model=model, decision=row, side=str(side)) for row, side in learnt],
        batch_size=BATCH,
    )
    if verdict.promote:
        _promote(model, before=rival, actor=BY_POLICY, reason=verdict.reason)
    return model_get(project=project, version=model.version), True


@transaction.atomic
def model_promote(*, actor: User, slug: str, version: int, note: str) -> ModelVersion:
    """Let a model draft from now on, whatever its figures; again is harmless."""
    project = _locked(actor, slug)
    model = model_get(project=project, version=version)
    current = model_current(project=project, taxonomy=model.taxonomy)
    if current is None or current.pk != model.pk:
        _promote(model, before=current, actor=actor.username, reason=note)
    return model_get(project=project, version=version)


@transaction.atomic
def model_withdraw(*, actor: User, slug: str, version: int, note: str) -> ModelVersion:
    """Put the model in use back to the one before, or to the cold start.

    Raises
    ------
    ConflictError
        If it is not in use.
    """
    project = _locked(actor, slug)
    model = model_get(project=project, version=version)
    current = model_current(project=project, taxonomy=model.taxonomy)
    if current is None or current.pk != model.pk:
        raise ConflictError(
            f"Model {version} is not in use ({_named(current)}), so there is nothing to undo.",
            code="not_current",
        )
    Promotion.objects.create(
        project=project,
        taxonomy=model.taxonomy,
        act=str(Act.WITHDRAWN),
        before=model,
        after=_predecessor(model),
        actor=actor.username,
        reason=note,
    )
    return model_get(project=project, version=version)


def _locked(actor: User, slug: str) -> Project:
    """Let registrations and promotions of a project take their turns."""
    found = project_by_slug(user=actor, slug=slug)
    rows = Project.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("policy", "taxonomy").get(pk=found.pk)


def _named(model: ModelVersion | None) -> str:
    return "the cold start" if model is None else f"model {model.version}"


def _promote(model: ModelVersion, *, before: ModelVersion | None, actor: str, reason: str) -> None:
    Promotion.objects.create(
        project_id=model.project_id,
        taxonomy_id=model.taxonomy_id,
        act=str(Act.PROMOTED),
        before=before,
        after=model,
        actor=actor,
        reason=reason,
    )


def _predecessor(model: ModelVersion) -> ModelVersion | None:
    """Return what was in use before a model and was not withdrawn itself since."""
    rows = Promotion.objects.filter(project=model.project_id, taxonomy=model.taxonomy_id)
    seen, found = {model.pk}, model
    while True:
        came = rows.filter(act=str(Act.PROMOTED), after=found).order_by("-id").first()
        if came is None or came.before is None or came.before.pk in seen:
            return None
        found = came.before
        seen.add(found.pk)
        last = rows.filter(act=str(Act.WITHDRAWN), before=found).order_by("-id").first()
        again = rows.filter(act=str(Act.PROMOTED), after=found).order_by("-id").first()
        if last is None or (again is not None and again.pk > last.pk):
            return found


def _learnt(project: Project, taxonomy: TaxonomyVersion, report: Report) -> Learnt:
    """Return what a model learnt from and is judged by, held against what it may be."""
    wanted: dict[UUID, Side] = {}
    for side in Side:
        for uid in report[side]:
            if wanted.setdefault(uid, side) is not side:
                raise _unfit(uid, "is on both sides")
    rows = Decision.objects.filter(
        uid__in=wanted,
        clip__project=project,
        clip__purpose=str(ClipPurpose.WORK),
        taxonomy=taxonomy,
        status__in=ACCEPTED,
    )
    found = {row.uid: row for row in rows.select_related("clip")}
    if missing := wanted.keys() - found.keys():
        raise _unfit(min(missing), "is no accepted decision under these labels")
    learnt = [(found[uid], wanted[uid]) for uid in wanted]
    gold = once_gold(clips=[row.clip_id for row in found.values()])
    for row, side in learnt:
        if decision_side(project=project, decision=row) is not side:
            raise _unfit(row.uid, f"is not on the side {side}")
        if not is_fit(side=side, is_gold=row.clip_id in gold):
            raise ConflictError(
                f"Clip {row.clip.name!r} is gold by now, and a draft must never know its answer; "
                "train again.",
                code="gold_learnt",
            )
    content = [(str(row.uid), side, content_of(row)) for row, side in learnt]
    if data_hash(content) != report["data_hash"]:
        raise InputError(
            "The decisions' content has another hash than what the model learnt from.",
            errors=[{"pointer": "/data_hash", "detail": "differs"}],
        )
    return learnt


def _unfit(uid: UUID, what: str) -> InputError:
    return InputError(f"Decision {uid} {what}.", code="unfit_lesson")


def _scores(report: Report, learnt: Learnt) -> tuple[list[ClipScore], list[ClipScore]]:
    """Return both sides' scores; they have to be of the held-out clips, all and only."""
    candidate, rival = (
        [ClipScore.from_json(item) for item in report[name]] for name in ("scores", "rival_scores")
    )
    held_out = {str(row.clip.uid) for row, side in learnt if side is Side.HELD_OUT}
    if {score.clip for score in candidate} != held_out:
        raise InputError(
            "The scores are not of the held-out clips.",
            errors=[{"pointer": "/scores", "detail": "other clips"}],
        )
    return candidate, rival


def _require_stored(project: Project, report: Report) -> None:
    """Read the checkpoint in the store: what is handed to workers is what was registered."""
    key, folder = report["storage_key"], f"models/{project.slug}/"
    if not key.startswith(folder):
        raise _fault("storage_key", f"It must lie below {folder}.")
    try:
        size = object_size(key)
    except NotFoundError as error:
        raise _fault("storage_key", "It is not in the store.") from error
    if size != report["n_bytes"]:
        raise _fault("n_bytes", f"The stored file has {size} bytes.")
    digest = hashlib.sha256()
    for chunk in object_read(key, ByteRange(first=0, last=size - 1)):
        digest.update(chunk)
    if digest.hexdigest() != report["sha256"]:
        raise _fault("sha256", "The stored file has another SHA-256.")


def _fault(field: str, detail: str) -> InputError:
    return InputError(
        f"The checkpoint is not as reported. {detail}",
        errors=[{"pointer": f"/{field}", "detail": detail}],
    )
