"""Many clips at once, in a handful of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from services.tracker.clips.bulk_insert import clips_insert
from services.tracker.clips.groups import views_correct, views_insert
from services.tracker.clips.selectors import clip_identities
from services.tracker.projects.models import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What became of one clip of a registration."""

    uid: UUID
    name: str
    created: bool


@transaction.atomic
def clips_register(
    *, project: Project, actor: str, clips: list[dict[str, Any]]
) -> list[Registered]:
    """Register clips by their source; those that are known already stay as they are.

    But for the views of a group that was refused: those may be said anew, for another try.
    """
    wanted: dict[str, dict[str, Any]] = {}
    for item in clips:
        wanted.setdefault(item["source_uri"], item)
    known = clip_identities(project=project, source_uris=list(wanted))
    fresh = {uri: item for uri, item in wanted.items() if uri not in known}
    made = clips_insert(project=project, actor=actor, clips=list(fresh.values()))
    groups = {uri: item["views"] for uri, item in wanted.items() if item["views"]}
    views_insert({made[uri][0]: views for uri, views in groups.items() if uri in made})
    # A racing registration may have won some of them; those are known only now.
    if lost := [uri for uri in fresh if uri not in made]:
        known |= clip_identities(project=project, source_uris=lost)
    for uri in sorted(groups.keys() - made.keys()):
        views_correct(uid=known[uri][0], views=groups[uri], actor=actor)
    return _answer(clips, known | made, created=set(made))


def _answer(
    clips: list[dict[str, Any]], known: dict[str, tuple[UUID, str]], *, created: set[str]
) -> list[Registered]:
    """Answer in the order asked; a source named twice is created once."""
    answer = []
    for item in clips:
        uri = item["source_uri"]
        uid, name = known[uri]
        answer.append(Registered(uid=uid, name=name, created=uri in created))
        created.discard(uri)
    return answer
