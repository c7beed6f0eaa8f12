"""`segue gold`: clips whose answer is known, and to whom they went."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from orchestration.cli.screen import wide_console
from orchestration.cli.session import tracker
from services.client.payloads import GoldOut, ShowingOut

app = typer.Typer(help="Make accepted clips gold, list and withdraw it.", no_args_is_help=True)

Project = Annotated[str, typer.Argument(help="The project's slug.")]
Note = Annotated[str, typer.Option(help="Why; kept on record.")]


@app.command("promote")
def promote(
    project: Project,
    clips: Annotated[list[UUID], typer.Argument(help="Accepted clips by uid.")],
    *,
    note: Note = "",
) -> None:
    """Make clips' decisions gold: they go, unannounced, to people who never met the clip."""
    console = wide_console()
    with tracker() as client:
        for uid in clips:
            made = client.gold_promote(project, uid, note=note)
            console.print(_promoted(made, note=note.strip()), soft_wrap=True)


def _promoted(made: GoldOut, *, note: str) -> str:
    if made.note == note:
        return f"{made.clip_name} is gold: {made.uid}"
    kept = f'its note stays "{made.note}"' if made.note else "it stays without a note"
    return f"{made.clip_name} was gold already, and {kept}: {made.uid}"


@app.command("withdraw")
def withdraw(
    uids: Annotated[list[UUID], typer.Argument(help="Gold by uid, as `segue gold list` shows it.")],
    *,
    note: Note = "",
) -> None:
    """Show gold to nobody any more, and measure nobody by answers that are still to come."""
    console = wide_console()
    with tracker() as client:
        for uid in uids:
            gone = client.gold_withdraw(uid, note=note)
            console.print(f"{gone.clip_name} is gold no more.", soft_wrap=True)


@app.command("list")
def list_gold(project: Project) -> None:
    """List a project's gold, and how often each was shown and answered."""
    with tracker() as client:
        wide_console().print(gold_table(list(client.gold(project))))


@app.command("shown")
def shown(
    project: Project,
    *,
    username: Annotated[str | None, typer.Option("--user", help="Only this annotator's.")] = None,
) -> None:
    """List to whom gold went, as honeypot or in calibration, and how the answers agree."""
    with tracker() as client:
        wide_console().print(showing_table(list(client.showings(project, username=username))))


def gold_table(rows: list[GoldOut]) -> Table:
    """Draw gold, each clip over the uid by which it is withdrawn."""
    table = Table(box=None)
    for heading in ("labels", "shown", "answered", "by", "stands"):
        table.add_column(heading, no_wrap=True)
    table.add_column("clip, and the gold's uid", overflow="fold")
    for item in rows:
        stands = "withdrawn" if item.withdrawn_at else "yes" if item.is_fit else "clip reopened"
        cells = (f"v{item.taxonomy_version}", item.n_shown, item.n_scored, item.promoted_by)
        table.add_row(*map(str, cells), stands, f"{item.clip_name}\n{item.uid}")
    return table


def showing_table(rows: list[ShowingOut]) -> Table:
    """Draw showings, each clip over the uid of its shadow."""
    table = Table(box=None)
    for heading in ("annotator", "as", "seat", "agreement", "planned"):
        table.add_column(heading, no_wrap=True)
    table.add_column("clip, and its shadow's uid", overflow="fold")
    for item in rows:
        agreement = "" if item.agreement is None else f"{item.agreement:.1%}"
        if item.scored_at is not None and item.agreement is None:
            agreement = "both empty"
        table.add_row(
            item.username,
            item.purpose,
            item.seat_state,
            agreement,
            f"{item.planned_at:%Y-%m-%d %H:%M}",
            f"{item.clip_name}\n{item.clip_uid}",
        )
    return table
