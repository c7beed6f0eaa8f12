"""`segue standing`: who is on trial, at work or paused, why, and who says otherwise."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from orchestration.cli.screen import wide_console
from orchestration.cli.session import tracker
from services.client.payloads import Json, StandingEventOut, StandingOut
from services.domain.standing import AnnotatorStanding

app = typer.Typer(help="Who gets work: list, pause, activate, try anew.", no_args_is_help=True)

Project = Annotated[str, typer.Argument(help="The project's slug.")]
Username = Annotated[str, typer.Argument(help="The annotator.")]
Note = Annotated[str, typer.Option(help="Why; kept on record.")]
JOINED = "joined"
"""The cause of an annotator's first standing where newcomers are tried."""


@app.command("list")
def list_standings(project: Project) -> None:
    """List where each annotator of a project stands, since when and why."""
    with tracker() as client:
        rows = sorted(client.standings(project), key=lambda item: item.username)
    wide_console().print(standing_table(rows))


@app.command("history")
def history(project: Project, username: Username) -> None:
    """List each change of an annotator's standing."""
    with tracker() as client:
        wide_console().print(history_table(list(client.standing_events(project, username))))


@app.command("pause")
def pause(project: Project, username: Username, *, note: Note = "") -> None:
    """Give an annotator no new seats; those he holds stay his."""
    _change(project, username, AnnotatorStanding.PAUSED, note)


@app.command("activate")
def activate(project: Project, username: Username, *, note: Note = "") -> None:
    """Give an annotator work, whatever a trial or a filter said."""
    _change(project, username, AnnotatorStanding.ACTIVE, note)


@app.command("calibrate")
def calibrate(project: Project, username: Username, *, note: Note = "") -> None:
    """Try an annotator on known clips, others than before, until he passes."""
    _change(project, username, AnnotatorStanding.CALIBRATING, note)


@app.command("reverse")
def reverse(
    event: Annotated[UUID, typer.Argument(help="The change, as `segue standing history` has it.")],
    *,
    note: Note = "",
) -> None:
    """Take an annotator's newest change back."""
    with tracker() as client:
        made = client.standing_reverse(event, note=note)
    wide_console().print(f"{made.username} is {made.after} again.")


def _change(project: str, username: str, to: AnnotatorStanding, note: str) -> None:
    with tracker() as client:
        item = client.standing_change(project, username, to, note=note)
    wide_console().print(f"{item.username} is {item.standing} in {project}.")


def standing_table(rows: list[StandingOut]) -> Table:
    """Draw annotators one a line."""
    table = Table(box=None)
    for heading in ("annotator", "stands", "since", "by"):
        table.add_column(heading, no_wrap=True)
    table.add_column("why", overflow="fold")
    for item in rows:
        since = f"{item.since:%Y-%m-%d %H:%M}" if item.since else ""
        table.add_row(item.username, item.standing, since, item.actor or "", _why(item.cause))
    return table


def history_table(rows: list[StandingEventOut]) -> Table:
    """Draw changes, the oldest first, each with the uid by which it is reversed."""
    table = Table(box=None)
    for heading in ("at", "from", "to", "by"):
        table.add_column(heading, no_wrap=True)
    table.add_column("why, and the change's uid", overflow="fold")
    for event in rows:
        at = f"{event.at:%Y-%m-%d %H:%M}"
        # Who joins has stood nowhere before, though nobody's absence is told apart from work.
        before = "(new)" if event.cause["code"] == JOINED else event.before
        why = f"{_why(event.cause)}\n{event.uid}"
        table.add_row(at, before, event.after, event.actor, why)
    return table


def _why(cause: Json | None) -> str:
    if cause is None:
        return ""
    said = cause.get("detail") or cause.get("note")
    return f"{cause['code']}: {said}" if said else str(cause["code"])
