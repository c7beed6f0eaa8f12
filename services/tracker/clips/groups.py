"""The views of clips that are groups: declared, corrected, and found to be sound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.domain.errors import InputError
from services.domain.multiview.alignment import Alignment
from services.domain.timebase import Timebase
from services.domain.workflow import ClipState, Facts, Step
from services.tracker.clips.models import Clip, View
from services.tracker.clips.services import clip_advance

DECLARED = ("name", "source_uri", "sync", "offset_s", "drift_ppm")
FOUND = ("sha256", "timebase", "probe", "alignment", "frame_map")

Json = dict[str, Any]


def views_insert(groups: Mapping[UUID, list[Json]]) -> None:
    """Give new clips the views they were declared with."""
    if not groups:
        return
    clips = dict(Clip.objects.filter(uid__in=groups).values_list("uid", "pk"))
    View.objects.bulk_create(
        [
            View(clip_id=clips[uid], position=position, **view)
            for uid, views in groups.items()
            for position, view in enumerate(views)
        ]
    )


def views_correct(*, uid: UUID, views: list[Json], actor: str) -> None:
    """Take what a group's manifest says now and try again, if the group was refused.

    A clip that is on its way stays as it is; so does one that nothing new is said of.
    """
    clip = Clip.objects.select_for_update(no_key=True).get(uid=uid)
    if clip.state != ClipState.QUARANTINED or declared(clip.pk) == views:
        return
    View.objects.filter(clip=clip).delete()
    views_insert({uid: views})
    clip_advance(
        clip=clip,
        step=Step.REQUEUED,
        actor=actor,
        facts=Facts(round=clip.round),
        payload={"views": views},
    )


def declared(clip_id: int) -> list[Json]:
    """Return a clip's views as they were declared, the reference first."""
    return list(View.objects.filter(clip=clip_id).order_by("position").values(*DECLARED))


def views_found(*, clip: Clip, views: list[Json]) -> list[Json]:
    """Keep what ingest found out about each view; return what the history says of it.

    Raises
    ------
    InputError
        If they are not the clip's views, or one but the reference has no place in time.
    """
    rows = list(View.objects.filter(clip=clip).order_by("position"))
    if [row.name for row in rows] != [view["name"] for view in views]:
        names = ", ".join(row.name for row in rows) or "none"
        raise InputError(
            f"The clip's views are {names}, in this order.",
            errors=[{"pointer": "/views", "detail": "not the views of the clip"}],
        )
    for row, view in zip(rows, views, strict=True):
        Timebase.from_json(view["timebase"])
        if (view["alignment"] is None) != (row.position == 0):
            raise InputError(f"View {row.name!r}: all views but the first have an alignment.")
        if view["alignment"] is not None:
            Alignment.from_json(view["alignment"])
        for name in FOUND:
            setattr(row, name, view[name])
    if rows:
        View.objects.bulk_update(rows, FOUND)
    told = ("name", "sha256", "alignment", "frame_map")
    return [{name: view[name] for name in told} for view in views]
