"""What a worker is told about the clips it claimed, in one query a kind of thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Max

from services.domain.blindness import candidate_order
from services.domain.workflow import AssignmentState, Stage
from services.tracker.annotations.models import Annotation, Assignment, Prelabel
from services.tracker.clips.groups import DECLARED
from services.tracker.clips.models import Media, View
from services.tracker.core.roles import SeatKind
from services.tracker.drafts.models import ModelVersion
from services.tracker.drafts.selectors import models_current
from services.tracker.gold.models import Gold
from services.tracker.quality.models import Comparison, SanityCheck
from services.tracker.work.models import Lease

TO_PUSH = (AssignmentState.PLANNED, AssignmentState.RETURNED)
WITH_SEATS = (Stage.DISPATCH, Stage.ARBITRATE)
WITH_OPINIONS = (Stage.CHECK, Stage.ARBITRATE)
ORDER = ("x", "y", "arbiter")

Json = dict[str, Any]


def work_items(*, stage: Stage, leases: list[Lease]) -> list[Json]:
    """Return the wire form of claimed work."""
    clips = [lease.clip_id for lease in leases]
    if not clips:
        return []
    media = {} if stage is Stage.INGEST else _media(clips)
    views = _views(clips) if stage is Stage.INGEST else {}
    drafts = _drafts(clips) if stage is Stage.DISPATCH else {}
    rounds = {lease.clip_id: lease.clip.round for lease in leases}
    seats = _seats(rounds) if stage in (*WITH_SEATS, *WITH_OPINIONS) else {}
    comparisons = _comparisons(rounds) if stage in WITH_OPINIONS else {}
    known = _known(leases) if stage is Stage.CHECK else {}
    remarked = _remarked(clips) if stage in WITH_OPINIONS else set()
    models = _models(leases) if stage is Stage.PRELABEL else {}
    return [
        _item(
            lease,
            stage,
            media.get(lease.clip_id),
            views.get(lease.clip_id, []),
            drafts.get(lease.clip_id, []),
            seats.get(lease.clip_id, []),
            comparisons.get(lease.clip_id),
            known.get(lease.clip_id),
            remarked,
            models.get((lease.clip.project_id, lease.taxonomy_id)),
        )
        for lease in leases
    ]


def _item(
    lease: Lease,
    stage: Stage,
    media: Media | None,
    views: list[Json],
    draft: list[Json],
    seats: list[Assignment],
    comparison: Json | None,
    gold: list[Json] | None,
    remarked: set[int],
    model: ModelVersion | None,
) -> Json:
    clip = lease.clip
    return {
        "lease_uid": lease.uid,
        "expires_at": lease.expires_at,
        "stage": lease.stage,
        "clip_uid": clip.uid,
        "project": clip.project.slug,
        "name": clip.name,
        "source_uri": clip.source_uri,
        "round": clip.round,
        "attempt": lease.attempt,
        "policy": lease.policy.document,
        "taxonomy": lease.taxonomy.document,
        "timebase": media.timebase if media else None,
        "proxy_key": media.proxy_key if media else None,
        "hints": media.hints if media and stage in WITH_SEATS else None,
        "strip_key": media.strip_key if media and stage in WITH_SEATS else None,
        "views": views,
        "model": _model(model) if model else None,
        "prelabel": draft,
        "gold": gold,
        "seats": [_seat(seat) for seat in seats if stage in WITH_SEATS and _is_to_push(seat)],
        "opinions": _opinions(lease, seats, remarked) if stage in WITH_OPINIONS else [],
        "comparison": comparison,
    }


def _is_to_push(seat: Assignment) -> bool:
    return seat.state in TO_PUSH


def _seat(seat: Assignment) -> Json:
    return {
        "assignment_uid": seat.uid,
        "username": seat.user.username,
        "kind": seat.kind,
        "state": seat.state,
        "shows_prelabel": seat.shows_prelabel,
        "prelabel": seat.draft,
        "findings": seat.findings,
        "task_id": seat.task_id,
    }


def _opinions(lease: Lease, seats: list[Assignment], remarked: set[int]) -> list[Json]:
    names = opinion_names(lease.clip.uid, lease.clip.round, seats)
    answered = [(names[seat.uid], seat) for seat in seats if seat.current is not None]
    answered.sort(key=lambda pair: ORDER.index(pair[0]))
    return [
        _opinion(seat, seat.current, name) | {"came_back": seat.pk in remarked}
        for name, seat in answered
        if seat.current
    ]


def opinion_names(clip_uid: Any, round_: int, seats: Iterable[Assignment]) -> dict[Any, str]:
    """Return by which letter each seat's answer goes, by the lot of the clip and round."""
    seats = list(seats)
    drawn = candidate_order(
        clip_uid, round_, [seat.uid for seat in seats if seat.kind == SeatKind.ANNOTATION]
    )
    names = dict(zip(drawn, ("x", "y"), strict=False))
    return {seat.uid: names.get(seat.uid, "arbiter") for seat in seats}


def _opinion(seat: Assignment, annotation: Annotation, name: str) -> Json:
    return {
        "annotation_uid": annotation.uid,
        "assignment_uid": seat.uid,
        "kind": seat.kind,
        "opinion": name,
        "state": seat.state,
        "segments": annotation.segments,
        "verdict": annotation.verdict,
        "note": annotation.note,
        "task_id": seat.task_id,
    }


def _media(clips: list[int]) -> dict[int, Media]:
    rows = Media.objects.filter(clip__in=clips)
    rows = rows.only("clip_id", "timebase", "proxy_key", "hints", "strip_key")
    return {row.clip_id: row for row in rows}


def _models(leases: list[Lease]) -> dict[tuple[int, int], ModelVersion]:
    """Return what drafts now, by project and labels; a model of other labels drafts nothing."""
    return models_current(pairs={(lease.clip.project_id, lease.taxonomy_id) for lease in leases})


def _model(model: ModelVersion) -> Json:
    return {
        "version": model.version,
        "extractor": model.extractor,
        "storage_key": model.storage_key,
        "sha256": model.sha256,
    }


def _views(clips: list[int]) -> dict[int, list[Json]]:
    found: dict[int, list[Json]] = defaultdict(list)
    for row in View.objects.filter(clip__in=clips).order_by("position"):
        found[row.clip_id].append({name: getattr(row, name) for name in DECLARED})
    return found


def _drafts(clips: list[int]) -> dict[int, list[Json]]:
    newest = Prelabel.objects.filter(clip__in=clips).values("clip").annotate(newest=Max("pk"))
    rows = Prelabel.objects.filter(pk__in=newest.values("newest"))
    return dict(rows.values_list("clip", "segments"))


def _remarked(clips: list[int]) -> set[int]:
    """Return the seats whose task still says what was found in an answer."""
    rows = SanityCheck.objects.filter(annotation__assignment__clip__in=clips)
    return set(rows.exclude(findings=[]).values_list("annotation__assignment", flat=True))


def _known(leases: list[Lease]) -> dict[int, list[Json]]:
    """Return the known answers of those clips that are shadows."""
    shadows = {lease.clip_id: lease.clip.gold_id for lease in leases if lease.clip.gold_id}
    if not shadows:
        return {}
    rows = Gold.objects.filter(pk__in=set(shadows.values()))
    answers = dict(rows.values_list("pk", "decision__segments"))
    return {clip: answers[gold] for clip, gold in shadows.items()}


def _seats(rounds: dict[int, int]) -> dict[int, list[Assignment]]:
    found: dict[int, list[Assignment]] = defaultdict(list)
    rows = Assignment.objects.filter(clip__in=rounds).select_related("user", "current")
    for row in rows.order_by("uid"):
        if row.round == rounds[row.clip_id]:
            found[row.clip_id].append(row)
    return found


def _comparisons(rounds: dict[int, int]) -> dict[int, Json]:
    rows = Comparison.objects.filter(clip__in=rounds).values_list("clip", "round", "document")
    return {clip: document for clip, round_, document in rows if rounds[clip] == round_}
