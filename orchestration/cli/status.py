"""`segue status` and `segue retry`: where every clip stands, and another try for what is stuck."""

from __future__ import annotations

from itertools import islice
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from orchestration.cli.screen import wide_console
from orchestration.cli.session import tracker
from orchestration.groups import view_line
from orchestration.near_duplicates import near_duplicate_lines
from services.client.api import TrackerClient
from services.client.payloads import ClipOut, ProjectStatus
from services.domain.workflow import ClipState

MOST_ALIKE = 20


def status(
    project: Annotated[str | None, typer.Argument(help="The project's slug.")] = None,
    *,
    clips: Annotated[bool, typer.Option(help="List every clip, not only the stuck ones.")] = False,
) -> None:
    """Show how far the clips are, and what holds the stuck ones."""
    console = wide_console()
    with tracker() as client:
        slugs = [project] if project else [item.slug for item in client.projects()]
        if not slugs:
            console.print("There is no project yet; make one with `segue apply FOLDER`.")
        for slug in slugs:
            console.print(_counts(slug, client.project_status(slug)))
            rows = list(client.clips(slug)) if clips else _stuck(client, slug)
            if rows:
                console.print(clip_table(rows))
            alike = alike_lines(client, slug, every=clips)
            for line in [*reasons(rows), *view_lines(rows), *alike]:
                console.print(line, highlight=False, markup=False, soft_wrap=True)


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
    """Draw clips one a line; the uid is whole, because `segue retry` asks for it."""
    table = Table(box=None)
    for heading in ("uid", "state", "next", "round", "frames", "rate"):
        table.add_column(heading, no_wrap=True)
    table.add_column("clip", overflow="fold")
    for clip in rows:
        state = f"{clip.state}, held" if clip.held else clip.state
        cells = (clip.due or "people", clip.round, clip.n_frames or "", clip.rate or "")
        table.add_row(str(clip.uid), state, *map(str, cells), clip.name)
    return table


def reasons(rows: list[ClipOut]) -> list[str]:
    """Say why each stuck clip is stuck, one line each."""
    return [
        f"{clip.name}: {clip.reason['code']}: {clip.reason['detail']}"
        for clip in rows
        if clip.reason
    ]


def alike_lines(client: TrackerClient, slug: str, *, every: bool) -> list[str]:
    """Say which clips show the same events, one line a pair."""
    pairs = client.near_duplicates(slug)
    if every:
        return near_duplicate_lines(pairs)
    lines = near_duplicate_lines(islice(pairs, MOST_ALIKE))
    if next(pairs, None) is not None:
        lines.append("More clips show the same events; `segue status --clips` names them all.")
    return lines


def view_lines(rows: list[ClipOut]) -> list[str]:
    """Say how the views of groups lie in time, one line each."""
    return [
        f"{clip.name}: {view_line(view.name, view.alignment, view.frame_map)}"
        for clip in rows
        for view in clip.views
        if view.alignment
    ]


def _stuck(client: TrackerClient, slug: str) -> list[ClipOut]:
    refused = list(client.clips(slug, state=ClipState.QUARANTINED))
    # Shadow clips too: people wait for nothing there, but somebody must free them.
    return refused + list(client.clips(slug, held=True, purpose="any"))


def _counts(slug: str, status: ProjectStatus) -> Table:
    table = Table("clips", "", "seats", "", title=slug, title_justify="left", box=None)
    states = [(name, str(n)) for name, n in status.states.items() if n]
    if status.held:
        states.append(("held", str(status.held)))
    seats = [(name, str(n)) for name, n in status.seats.items() if n]
    for index in range(max(len(states), len(seats))):
        left = states[index] if index < len(states) else ("", "")
        right = seats[index] if index < len(seats) else ("", "")
        table.add_row(*left, *right)
    return table
