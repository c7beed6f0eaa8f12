"""Everybody's answers to gold as the judge reads them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db.models import F, Max, QuerySet, Window
from django.db.models.functions import RowNumber

from services.domain.comparison.disputes import Comparison
from services.domain.monitoring.records import ClipRecord
from services.domain.standing import AnnotatorStanding
from services.tracker.monitoring.answers import Answer, Truth, answer_columns, prelabel_of, side
from services.tracker.monitoring.models import Measurement, Reversal
from services.tracker.monitoring.vocabulary import ReferenceKind
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.standing.models import StandingEvent
from services.tracker.standing.selectors import annotators_standing

LONGEST = 300
"""Gold clips of a person that are looked at, the newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """What the judge reads, and how to find the rows behind it again.

    ``records`` name each clip by its measurement's UID, in the order in which the answers came,
    and ``received`` says when; that is not the order of measurement, because known clips close
    after waits of their own. ``before`` has the measurement right before the first record of
    those whose history since the fresh start is longer than that.
    """

    people: dict[str, User]
    starts: dict[int, datetime]
    records: dict[str, list[ClipRecord]]
    received: dict[str, list[datetime]]
    before: dict[str, str]

    @property
    def n_clips(self) -> int:
        """All clips that are looked at."""
        return sum(len(records) for records in self.records.values())

    def n_later(self, person: str, *, than: datetime) -> int:
        """Count a person's records of answers that came after a time."""
        received = self.received.get(person, [])
        return len(received) - bisect_right(received, than)


def gold_measured(*, project: Project) -> QuerySet[Measurement]:
    """Return what was measured against gold that still stands."""
    return Measurement.objects.filter(
        project=project, reference=ReferenceKind.GOLD, clip__gold__withdrawn_at=None
    )


def histories_read(*, project: Project) -> Histories:
    """Read the active annotators' answers to gold since each one's fresh start.

    Who is on trial or paused is not judged, nor are others judged by them.
    """
    active = annotators_standing(project_id=project.pk, standing=AnnotatorStanding.ACTIVE)
    people = {user.pk: user for user in active}
    starts = fresh_starts(project=project)
    newest = gold_measured(project=project).filter(user__in=people)
    newest = newest.annotate(
        place=Window(RowNumber(), partition_by="user", order_by="-id"), prelabel=prelabel_of("clip")
    ).filter(place__lte=LONGEST + 1)
    rows = newest.order_by("id").values(
        "uid",
        "place",
        "user_id",
        "taxonomy_id",
        "policy_id",
        "document",
        "prelabel",
        received_at=F("annotation__received_at"),
        **answer_columns("own_", "annotation"),
    )
    records: dict[str, list[ClipRecord]] = defaultdict(list)
    received: dict[str, list[datetime]] = defaultdict(list)
    before: dict[str, str] = {}
    # Some hundreds of each person, so that they fit where they are put in order.
    for row in sorted(rows, key=itemgetter("received_at")):
        name, start = people[row["user_id"]].username, starts.get(row["user_id"])
        if start is not None and row["received_at"] <= start:
            continue
        if row["place"] > LONGEST:
            before[name] = str(row["uid"])
        else:
            records[name].append(_record(dict(row)))
            received[name].append(row["received_at"])
    return Histories(
        people={user.username: user for user in people.values()},
        starts=starts,
        records=records,
        received=received,
        before=before,
    )


def fresh_starts(*, project: Project) -> dict[int, datetime]:
    """Return since when each person is judged anew, by id.

    That is since the person last became active, and since a manager last took an alarm back:
    what lies before was dealt with.
    """
    became_active = StandingEvent.objects.filter(
        project=project, after=str(AnnotatorStanding.ACTIVE)
    )
    pardoned = Reversal.objects.filter(alarm__project=project)
    starts: dict[int, datetime] = {}
    for user, at in (
        *became_active.values_list("user").annotate(at=Max("at")).order_by(),
        *pardoned.values_list("alarm__user").annotate(at=Max("reversed_at")).order_by(),
    ):
        starts[user] = max(at, starts.get(user, at))
    return starts


def _record(row: dict[str, Any]) -> ClipRecord:
    comparison = Comparison.from_json(row["document"])
    answer = Answer.of(row, "own_", side(comparison, "b"))
    truth = Truth(
        segments=side(comparison, "a"),
        taxonomy_id=row["taxonomy_id"],
        policy_id=row["policy_id"],
    )
    return ClipRecord.of(str(row["uid"]), comparison, draft=answer.draft_tally(truth))
