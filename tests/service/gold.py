"""What the tests of known clips share: gold, people to show it to, and their answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from services.client.payloads import CheckDone, GoldOut, ShowingOut, WorkItem
from services.domain.comparison.compare import compare
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from services.domain.taxonomy import Taxonomy
from services.domain.workflow import Stage
from services.tracker.annotations.models import Assignment
from services.tracker.clips.models import Clip
from services.tracker.core.roles import Role
from services.tracker.people.models import User
from tests import factories
from tests.service.play import Play


def rules(play: Play, *joining: str, **policy: Any) -> None:
    """Give the project other numbers, and some more annotators under them."""
    members = {k: v for k, v in play["lea"].project("kitchen").members.items() if k != "lea"}
    for name in joining:
        play.enter(name, Role.ANNOTATOR)
        members[name] = "annotator"
    lea = User.objects.get(username="lea")
    User.objects.filter(username__in=joining).update(created_by=lea)
    document = factories.policy_document(**policy)
    play["lea"].project_apply("kitchen", factories.project_in(members, policy=document))


def leave(play: Play, *names: str) -> None:
    """Let people go, under the same rules."""
    project = play["lea"].project("kitchen")
    members = {k: v for k, v in project.members.items() if k not in {"lea", *names}}
    document = factories.project_in(members, policy=project.policy)
    play["lea"].project_apply("kitchen", document)


def golden(play: Play, n: int = 1) -> list[GoldOut]:
    """Make gold of clips that ana and ben agree on."""
    return [play["lea"].gold_promote("kitchen", play.accepted()) for _ in range(n)]


def showings(play: Play, **wanted: Any) -> list[ShowingOut]:
    return list(play["lea"].showings("kitchen", **wanted))


def waits_end() -> None:
    """Let the time pass that honeypots keep away from the work they follow."""
    Clip.objects.filter(due=str(Stage.DISPATCH)).update(due_at=timezone.now())


def seats_open(play: Play) -> None:
    """Put every planned seat, and what came back, before its person."""
    waits_end()
    for item in play.claim(Stage.DISPATCH):
        play.push(item)


def followed(play: Play) -> UUID:
    """Bring a new clip to where both its people have answered, which known clips may follow."""
    clip = play.prelabelled()
    for item in play.claim(Stage.DISPATCH):
        play.push(item)
    for seat in Assignment.objects.filter(clip__uid=clip):
        play["wren"].annotation_submit(seat.uid, factories.submission())
    return clip


def open_seat(clip: UUID) -> UUID:
    """Return the one seat of a shadow clip."""
    return Assignment.objects.get(clip__uid=clip).uid


def answer_known(play: Play, clip: UUID, *segments: Any, **more: Any) -> UUID:
    """Hand in the answer to a shadow clip; the annotation's UID."""
    answer = factories.submission(*segments, **more)
    return play["wren"].annotation_submit(open_seat(clip), answer).annotation_uid


def checked(item: WorkItem) -> CheckDone:
    """Judge a shadow clip's sound answer as the check stage does."""
    assert item.gold is not None
    (opinion,) = item.opinions
    sides = [
        Segmentation.from_json(
            [{k: s[k] for k in ("layer", "label", "onset", "offset")} for s in side],
            n_frames=factories.N_FRAMES,
        )
        for side in (item.gold, opinion.segments)
    ]
    document = compare(*sides, taxonomy=Taxonomy.parse(item.taxonomy), policy=Policy())
    return CheckDone(
        verdicts=[factories.verdict(opinion.annotation_uid)], comparison=document.as_json()
    )


def score(play: Play, clip: UUID, *segments: Any) -> None:
    """Bring a shadow clip from its open seat to its score."""
    answer_known(play, clip, *segments)
    (item,) = (item for item in play.claim(Stage.CHECK) if item.clip_uid == clip)
    assert play.report(item, checked(item)).state == "scored"


def shadow(clip: UUID) -> Clip:
    return Clip.objects.get(uid=clip)
