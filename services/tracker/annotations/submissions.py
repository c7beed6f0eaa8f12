"""People's answers are taken here: each once, none lost, none changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from services.domain.canonical import content_hash
from services.domain.errors import ConflictError, DuplicateError, InputError
from services.domain.segments import SubmittedSegment
from services.domain.workflow import AssignmentState, ClipPurpose, Step
from services.tracker.annotations.models import Annotation, Assignment
from services.tracker.annotations.seats import clip_facts
from services.tracker.annotations.selectors import assignment_get
from services.tracker.clips.models import Clip
from services.tracker.clips.services import clip_advance
from services.tracker.core.roles import SeatKind
from services.tracker.gold.planting import honeypot_plant
from services.tracker.people.models import User
from services.tracker.projects.versions import rules_of

_S = AssignmentState
RECORDED, REPEATED, LATE = "recorded", "repeated", "late"


@transaction.atomic
def submission_record(
    *, actor: User, assignment_uid: UUID, answer: dict[str, Any]
) -> tuple[Annotation, str]:
    """Keep an answer and say how it was taken.

    Raises
    ------
    NotFoundError
        If there is no such seat.
    InputError
        If a segment is not in its form, or an annotator's answer carries a verdict.
    DuplicateError
        If other content came under the same id and time before.
    ConflictError
        If the seat's task has not been reported as pushed; sweep again later.
    """
    seen = assignment_get(user=actor, uid=assignment_uid)
    clip = (
        Clip.objects.select_for_update(of=("self",), no_key=True)
        .select_related("project")
        .get(pk=seen.clip_id)
    )
    seat = Assignment.objects.select_related("current", "user").get(pk=seen.pk)
    segments = [SubmittedSegment.from_json(item).as_json() for item in answer["segments"]]
    if answer["verdict"] is not None and seat.kind != SeatKind.ARBITRATION:
        raise InputError(
            "Only an arbiter's answer carries a verdict.",
            errors=[{"pointer": "/verdict", "detail": "this is an annotator's seat"}],
        )
    content = [segments, answer["verdict"], answer["note"]]
    known = _known(seat, answer)
    if known is not None:
        if known.sha256 != content_hash(content):
            raise DuplicateError(
                "Another answer came under the same Label Studio id and time before."
            )
        return known, REPEATED
    if seat.state == _S.PLANNED:
        raise ConflictError(
            "The seat's task has not been reported as pushed yet; hand the answer in again "
            "after the next dispatch.",
            code="not_dispatched",
        )
    is_late = seat.state == _S.CLOSED or _is_older(seat, answer)
    annotation = Annotation.objects.create(
        assignment=seat,
        label_studio_annotation=answer["label_studio_annotation"],
        label_studio_updated_at=answer["label_studio_updated_at"],
        segments=segments,
        sha256=content_hash(content),
        verdict=answer["verdict"],
        note=answer["note"],
        lead_time_s=answer["lead_time_s"],
        is_late=is_late,
    )
    if is_late:
        return annotation, LATE
    _seat_answer(clip, seat, annotation, actor)
    return annotation, RECORDED


def _seat_answer(clip: Clip, seat: Assignment, annotation: Annotation, actor: User) -> None:
    is_first = seat.current is None
    Assignment.objects.filter(pk=seat.pk).update(
        state=str(_S.SUBMITTED), current=annotation, findings=[], changed_at=timezone.now()
    )
    clip_advance(
        clip=clip,
        step=Step.SUBMITTED,
        actor=actor.username,
        facts=clip_facts(clip=clip, policy=rules_of(clip.project)),
        payload={
            "assignment": str(seat.uid),
            "annotation": str(annotation.uid),
            "sha256": annotation.sha256,
        },
        # A stage that is under way goes on; its report sees that newer answers came.
        ends_lease=False,
    )
    if is_first and seat.kind == SeatKind.ANNOTATION and clip.purpose == ClipPurpose.WORK:
        honeypot_plant(clip=clip, seat=seat)


def _known(seat: Assignment, answer: dict[str, Any]) -> Annotation | None:
    return Annotation.objects.filter(
        assignment=seat,
        label_studio_annotation=answer["label_studio_annotation"],
        label_studio_updated_at=answer["label_studio_updated_at"],
    ).first()


def _is_older(seat: Assignment, answer: dict[str, Any]) -> bool:
    """Tell whether a newer answer of this seat is known already."""
    current = seat.current
    return (
        current is not None and answer["label_studio_updated_at"] < current.label_studio_updated_at
    )
