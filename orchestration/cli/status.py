"""`segue status` and `segue retry`: where every clip stands, and another try for what is stuck."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from orchestration.cli.session import tracker
from services.client.api import TrackerClient
from services.client.payloads import ClipOut, ProjectStatus
from services.domain.workflow import ClipState


def status(
    project: Annotated[str | None, typer.Argument(help="The project's slug.")] = None,
    *,
    clips: Annotated[bool, typer.Option(help="List every clip, not only the stuck ones.")] = False,
) -> None:
    """Show how far the clips are, and what holds the stuck ones."""
    console = Console()
    with tracker() as client:
        slugs = [project] if project else [item.slug for item in client.projects()]
        if not slugs:
            console.print("There is no project yet; make one with `segue apply FOLDER`.")
        for slug in slugs:
            console.print(_counts(slug, client.project_status(slug)))
            rows = list(client.clips(slug)) if clips else _stuck(client, slug)
            if rows:
                console.print(clip_table(rows))


def retry(
    uids: Annotated[list[UUID], typer.Argument(help="Clips by uid, as `segue status` shows them.")],
) -> None:
    """Try again: a quarantined clip's ingest, or the stage that holds a clip."""
    console = Console()
    with tracker() as client:
        for uid in uids:
            clip = client.clip_retry(uid)
            console.print(f"{clip.name}: {clip.state}, next {clip.due or 'people'}")


def clip_table(rows: list[ClipOut]) -> Table:
    """Draw clips with their state and the reason of a refusal."""
    table = Table("clip", "frames", "rate", "state", "next", "round", "reason", "uid")
    for clip in rows:
        reason = f"{clip.reason['code']}: {clip.reason['detail']}" if clip.reason else ""
        table.add_row(
            clip.name,
            str(clip.n_frames or ""),
            clip.rate or "",
            clip.state,
            clip.due or "",
            str(clip.round),
            reason,
            str(clip.uid),
        )
    return table


def _stuck(client: TrackerClient, slug: str) -> list[ClipOut]:
    refused = list(client.clips(slug, state=ClipState.QUARANTINED))
    return refused + list(client.clips(slug, held=True))


def _counts(slug: str, status: ProjectStatus) -> Table:
    table = Table("clips", "", "seats", "", title=slug, title_justify="left")
    states = [(name, str(n)) for name, n in status.states.items() if n]
    if status.held:
        states.append(("held", str(status.held)))
    seats = [(name, str(n)) for name, n in status.seats.items() if n]
    for index in range(max(len(states), len(seats))):
        left = states[index] if index < len(states) else ("", "")
        right = seats[index] if index < len(seats) else ("", "")
        table.add_row(*left, *right)
    return table
