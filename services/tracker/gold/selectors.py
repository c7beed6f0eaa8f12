"""Which answers are known, who may still be shown them, and how people did."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from services.domain.errors import NotFoundError
from services.domain.monitoring.gold import Gold as KnownAnswer
from services.domain.workflow import ClipState
from services.tracker.annotations.models import Assignment
from services.tracker.clips.models import Clip
from services.tracker.core.roles import Role
from services.tracker.gold.models import Gold, Showing
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.quality.models import Decision

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
    rows = _told().filter(uid=uid)
    if user.role == Role.MANAGER:
        rows = rows.filter(project__members=user)
    elif user.role != Role.WORKER:
        rows = rows.none()
    found = rows.first()
    if found is None:
        raise NotFoundError(f"There is no gold {uid} that you may see.")
    return found


def gold_standing(*, clip: Clip) -> Gold | None:
    """Return the entry by which a clip is gold now."""
    return Gold.objects.filter(FIT, source=clip).order_by("id").first()


def _told() -> QuerySet[Gold]:
    rows = Gold.objects.select_related("project", "source", "decision__taxonomy")
    fit = Gold.objects.filter(FIT, pk=OuterRef("pk"))
    return rows.annotate(
        is_fit=Exists(fit),
        n_shown=Count("showings", distinct=True),
        n_scored=Count("showings__score", distinct=True),
    )


def gold_for(*, project_id: int, taxonomy_id: int, user_id: int) -> list[KnownAnswer]:
    """Return the gold that a person has never met, in no form."""
    met = Q(source__showings__user=user_id) | Q(source__assignments__user=user_id)
    rows = (
        Gold.objects.filter(FIT, project=project_id, decision__taxonomy=taxonomy_id)
        .exclude(pk__in=Gold.objects.filter(met, project=project_id).values("pk"))
        .annotate(n=Count("showings"))
        .values_list("uid", "source__uid", "n")
    )
    return [KnownAnswer(uid=str(uid), clip_uid=str(source), n_shown=n) for uid, source, n in rows]


def names_shown(*, clip_id: int) -> set[str]:
    """Return who has been shown a clip's known answer."""
    rows = Showing.objects.filter(source=clip_id)
    return set(rows.values_list("user__username", flat=True))


def showings_of(*, project: Project, query: Mapping[str, str]) -> QuerySet[Showing]:
    """Return to whom a project's gold was shown, and how they did; all or as asked."""
    columns = {"username": "user__username", "purpose": "purpose"}
    wanted = {columns[name]: value for name, value in query.items()}
    seat = Assignment.objects.filter(clip=OuterRef("clip")).values("state")[:1]
    return (
        Showing.objects.filter(gold__project=project, **wanted)
        .select_related("gold", "user", "clip", "score__annotation")
        .annotate(seat_state=seat)
    )
