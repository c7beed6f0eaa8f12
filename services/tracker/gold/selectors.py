"""Which answers are known, who may still be shown them, and how people did."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value
from psycopg.errors import LockNotAvailable

from services.domain.errors import NotFoundError
from services.domain.monitoring.gold import Gold as KnownAnswer
from services.domain.workflow import ClipState
from services.tracker.annotations.models import Assignment
from services.tracker.clips.models import Clip
from services.tracker.core.roles import DecisionStatus
from services.tracker.gold.models import Gold, Showing
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.projects.selectors import project_visible_to
from services.tracker.quality.models import Decision
from services.tracker.standing.selectors import annotator_get

LONGEST_WAIT = "200ms"
"""For a lock on a gold's clip; well below PostgreSQL's deadlock_timeout of 1 s."""
BATCH = 300
"""Entries that are looked at for one choice."""
# The clip stands as it was decided: one that is under way again has no known answer, and one
# that was decided otherwise since has another.
STANDS = Exists(
    Decision.objects.filter(
        clip=OuterRef("source"),
        round=OuterRef("source__round"),
        taxonomy=OuterRef("decision__taxonomy"),
        segments=OuterRef("decision__segments"),
    )
)
FIT = Q(STANDS, withdrawn_at=None, source__state=str(ClipState.ACCEPTED))


def gold_of(*, project: Project) -> QuerySet[Gold]:
    """Return a project's gold, withdrawn or not, with how often it was shown."""
    return _told().filter(project=project)


def gold_get(*, user: User, uid: UUID) -> Gold:
    """Return one entry, or raise NotFoundError; people who label never see any."""
    found = _told().filter(uid=uid, project__in=project_visible_to(user=user)).first()
    if found is None:
        raise NotFoundError(f"There is no gold {uid} that you may see.")
    return found


def gold_standing(*, clip: Clip) -> Gold | None:
    """Return the entry by which a clip is gold now."""
    return Gold.objects.filter(FIT, source=clip).order_by("id").first()


def gold_is_fit(*, gold: Gold) -> bool:
    """Tell whether people are measured by an entry now."""
    return Gold.objects.filter(FIT, pk=gold.pk).exists()


def gold_outdated(*, decision: Decision) -> QuerySet[Gold]:
    """Return the entries, not withdrawn, that say something else than their clip's decision."""
    rows = Gold.objects.filter(source=decision.clip_id, withdrawn_at=None)
    if decision.status == DecisionStatus.REJECTED:
        return rows
    return rows.exclude(
        decision__taxonomy=decision.taxonomy_id, decision__segments=decision.segments
    )


def _told() -> QuerySet[Gold]:
    rows = Gold.objects.select_related("project", "source", "decision__taxonomy")
    fit = Gold.objects.filter(FIT, pk=OuterRef("pk"))
    return rows.annotate(
        is_fit=Exists(fit),
        n_shown=Count("showings", distinct=True),
        n_scored=Count("showings__score", distinct=True),
    )


def gold_for(
    *, project_id: int, taxonomy_id: int, user_id: int, n_wanted: int
) -> list[KnownAnswer]:
    """Return gold that a person has never met, in no form: the least shown, some hundreds.

    It is fewer than wanted only where there is no more.
    """
    unmet = Gold.objects.filter(
        ~Exists(Showing.objects.filter(source=OuterRef("source"), user=user_id)),
        ~Exists(Assignment.objects.filter(clip=OuterRef("source"), user=user_id)),
        project=project_id,
        decision__taxonomy=taxonomy_id,
        withdrawn_at=None,
        source__state=str(ClipState.ACCEPTED),
    )
    # Gold that nobody has met comes first anyhow, and is found without counting.
    fresh = unmet.filter(~Exists(Showing.objects.filter(gold=OuterRef("pk"))))
    found = _standing(fresh.annotate(n=Value(0)).order_by("pk"), n_wanted)
    if len(found) >= n_wanted:
        return found
    return _standing(unmet.annotate(n=Count("showings")).order_by("n", "pk"), n_wanted)


def _standing(rows: QuerySet[Any], n_wanted: int) -> list[KnownAnswer]:
    """Return a batch of those rows that stand as decided: to compare answers costs most."""
    found: list[KnownAnswer] = []
    for first in count(0, BATCH):
        batch = list(rows.values_list("pk", "uid", "source__uid", "n")[first : first + BATCH])
        standing = Gold.objects.filter(STANDS, pk__in=[pk for pk, *_ in batch])
        as_decided = set(standing.values_list("pk", flat=True))
        found += [
            KnownAnswer(uid=str(uid), clip_uid=str(source), n_shown=n)
            for pk, uid, source, n in batch
            if pk in as_decided
        ]
        if len(found) >= n_wanted or len(batch) < BATCH:
            break
    return found


def gold_take(*, uid: UUID) -> Gold | None:
    """Return gold that is fit now, and keep its clip from being opened again meanwhile.

    None where it is not fit any more, or where somebody is at its clip for longer than a
    moment. A late or repeated answer is there for milliseconds and is waited for; a longer
    wait could be a circle, because clips are locked before gold is, so it ends before
    PostgreSQL would look for one.
    """
    rows = Gold.objects.select_related("source", "decision").filter(FIT, uid=uid)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_WAIT])
            taken = rows.select_for_update(of=("source",), no_key=True).first()
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return None
    return taken


def names_shown(*, clip_id: int) -> set[str]:
    """Return who has been shown a clip's known answer."""
    rows = Showing.objects.filter(source=clip_id)
    return set(rows.values_list("user__username", flat=True))


def showings_of(*, project: Project, query: Mapping[str, str]) -> QuerySet[Showing]:
    """Return to whom a project's gold was shown, and how they did; all or as asked.

    Raises
    ------
    NotFoundError
        If it is asked of somebody who neither labels there nor was shown any.
    """
    columns = {"username": "user__username", "purpose": "purpose"}
    wanted = {columns[name]: value for name, value in query.items()}
    seat = Assignment.objects.filter(clip=OuterRef("clip")).values("state")[:1]
    shown = Showing.objects.filter(gold__project=project)
    # Who has left the project was still shown what was shown.
    if (username := query.get("username")) and not shown.filter(user__username=username).exists():
        annotator_get(project=project, username=username)
    return (
        shown.filter(**wanted)
        .select_related("gold", "user", "clip", "score__annotation")
        .annotate(seat_state=seat)
    )
