"""Answers that are measured, for the tests of what they add up to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from services.client.payloads import CheckDone
from services.domain.comparison.compare import compare
from services.domain.comparison.disputes import Comparison
from services.domain.monitoring.signals import Question, Signal, SignalKind
from services.domain.policy import Policy
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy
from services.domain.workflow import Stage
from services.tracker.annotations.models import Annotation, Assignment
from services.tracker.clips.models import Clip
from services.tracker.monitoring.models import Alarm, Consequence, Inspection, Measurement
from services.tracker.monitoring.services import measurement_record
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from tests import factories
from tests.service.play import MEMBERS, Play


def gold_measured(play: Play, name: str, gold: list[Any], answer: list[Any]) -> Measurement:
    """Measure somebody's answer on a new clip against gold."""
    clip = play.in_annotation()
    taken = play.answer(clip, name)
    return measurement_record(
        clip=Clip.objects.get(uid=clip),
        annotation=Annotation.objects.get(uid=taken.annotation_uid),
        comparison=Comparison.from_json(factories.comparison(gold, answer)),
        reference="gold",
    )


def round_ended(play: Play, a: list[Any], b: list[Any], *, taxonomy: Any = None) -> UUID:
    """Let a round end with these two opinions, ana's and ben's."""
    clip = play.in_annotation()
    of_ana = play.answer(clip, "ana", lead_time_s=60)
    play.answer(clip, "ben", lead_time_s=240)
    item = play.claim_one(Stage.CHECK)
    x, y = play.answers(item)
    opinions = (a, b) if x == of_ana.annotation_uid else (b, a)
    compared = compare(
        *(Segmentation.from_json(own, n_frames=factories.N_FRAMES) for own in opinions),
        taxonomy=Taxonomy.parse(taxonomy or factories.taxonomy_document()),
        policy=Policy(),
    ).as_json()
    accepted = None if compared["disputes"] else [item["segment"] for item in compared["agreed"]]
    report = CheckDone(
        verdicts=[factories.verdict(x), factories.verdict(y)],
        comparison=compared,
        accepted=accepted,
    )
    play.report(item, report)
    again = play.report(item, report)
    assert again.repeated
    return clip


def two_layers(play: Play) -> Any:
    """Let lea's project label tools, too, which may overlap; return the taxonomy."""
    layers = [
        {"name": "main", "labels": [{"name": "pour"}, {"name": "stir"}]},
        {"name": "tools", "exclusive": False, "labels": [{"name": "knife"}, {"name": "bowl"}]},
    ]
    document = {"name": "kitchen", "version": 2, "layers": layers}
    taxonomy = Taxonomy.parse(document).model_dump(mode="json")
    play["lea"].project_apply("kitchen", factories.project_in(MEMBERS, taxonomy=taxonomy))
    for name in ("ana", "ben"):
        lane = factories.lane_in(name, taxonomy_version=2)
        play.lanes[name, "annotation"] = play["wren"].lane_put(lane)
    return taxonomy


def tool(onset: int, offset: int, label: str = "knife") -> dict[str, Any]:
    """Return a segment of the second layer."""
    return Segment(label=label, onset=onset, offset=offset, layer="tools").as_json()


def answer_gold(name: str, gold: list[Any], answer: list[Any]) -> Measurement:
    """Let somebody answer a clip whose answer is known, without the way there."""
    (annotation,) = answers_given([name])
    compared = Comparison.from_json(factories.comparison(gold, answer))
    clip = annotation.assignment.clip
    return measurement_record(
        clip=clip, annotation=annotation, comparison=compared, reference="gold"
    )


def answers_to_gold(answers: list[tuple[str, list[Any], list[Any]]]) -> None:
    """Measure many answers to gold, for those who read the rows and not the sums."""
    measured_later(answers_given([name for name, _, _ in answers]), answers)


def measured_later(made: list[Annotation], answers: list[tuple[str, list[Any], list[Any]]]) -> None:
    """Measure answers that were given before."""
    Measurement.objects.bulk_create(
        [
            Measurement(
                project=annotation.assignment.clip.project,
                taxonomy=annotation.assignment.clip.taxonomy,
                user=annotation.assignment.user,
                clip=annotation.assignment.clip,
                annotation=annotation,
                reference="gold",
                document=factories.comparison(gold, answer),
                policy=annotation.assignment.clip.project.policy,
            )
            for annotation, (_, gold, answer) in zip(made, answers, strict=True)
        ]
    )


def answers_given(names: list[str]) -> list[Annotation]:
    """Make a clip, a seat and an answer for each name."""
    project = Project.objects.select_related("policy", "taxonomy").get(slug="kitchen")
    people = {user.username: user for user in User.objects.filter(username__in=names)}
    numbers = [factories.serial() for _ in names]
    clips = Clip.objects.bulk_create(
        [
            Clip(
                project=project,
                name=f"gold-{number}.mp4",
                source_uri=f"file:///gold-{number}.mp4",
                taxonomy=project.taxonomy,
                n_frames=factories.N_FRAMES,
                state="registered",
                version=1,
                head="0" * 64,
            )
            for number in numbers
        ]
    )
    seats = Assignment.objects.bulk_create(
        [
            Assignment(
                clip=clip,
                round=1,
                user=people[name],
                kind="annotation",
                state="closed",
                shows_prelabel=False,
            )
            for clip, name in zip(clips, names, strict=True)
        ]
    )
    return Annotation.objects.bulk_create(
        [
            Annotation(
                assignment=seat,
                label_studio_annotation=number,
                label_studio_updated_at=timezone.now(),
                segments=[],
                sha256="0" * 64,
                is_late=False,
            )
            for seat, number in zip(seats, numbers, strict=True)
        ]
    )


def rules(play: Play, *, members: dict[str, str] | None = None, **changes: Any) -> None:
    """Apply other rules to lea's project."""
    policy = factories.policy_document(**changes)
    declared = factories.project_in(members or MEMBERS, policy=policy)
    play["lea"].project_apply("kitchen", declared)


def alarm_over(name: str, reason: str) -> UUID:
    """Raise an alarm over somebody without looking at anything."""
    project = Project.objects.get(slug="kitchen")
    inspection = Inspection.objects.create(
        project=project,
        policy=project.policy,
        n_people=1,
        n_clips=1,
        reliability={name: 0.5},
        actor="lea",
    )
    signal = Signal(
        person=name,
        question=Question(kind=SignalKind.MISSES),
        p_value=0.001,
        adjusted=0.01,
        value=0.5,
        expected=0.1,
        n_cases=20,
        n_clips=10,
        since_clip=reason,
        since_index=0,
        last_sound_clip=None,
    )
    names = {"since_clip_name": reason, "last_sound_clip_name": None}
    alarm = Alarm.objects.create(
        inspection=inspection,
        project=project,
        user=User.objects.get(username=name),
        signals=[signal.as_json() | names],
    )
    Consequence.objects.create(alarm=alarm, kind="notify", reason=reason)
    return alarm.uid
