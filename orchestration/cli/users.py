"""`segue users`: the people and machines that may come in, and their secrets, shown once."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

import typer
from rich.table import Table

from orchestration.cli.screen import wide_console
from orchestration.cli.session import label_studio, tracker
from services.client.payloads import UserIn

app = typer.Typer(help="Add people, list them, issue tokens.", no_args_is_help=True)
Role = Literal["manager", "annotator", "arbiter", "client"]
LABELLING = {"annotator", "arbiter"}


@app.command("add")
def add(
    username: Annotated[str, typer.Argument(help="Short name, unique in the installation.")],
    role: Annotated[Role, typer.Option(help="What the person does.")],
    project: Annotated[
        list[str] | None, typer.Option("--project", "-p", help="Joins these.")
    ] = None,
) -> None:
    """Add a user; annotators and arbiters get a Label Studio account with the same password."""
    console = wide_console()
    password = secrets.token_urlsafe(12)
    with tracker() as client:
        user = client.user_add(
            UserIn(username=username, role=role, password=password, projects=project or [])
        )
    console.print(f"{user.username} ({user.role}), password, shown this once: {password}")
    if role in LABELLING:
        # Should this fail, `segue users password` does it again for both.
        member = label_studio().ensure_member(username, password=password, first_name=username)
        console.print(f"Logs in to Label Studio as {member.email} with the same password.")


@app.command("password")
def password(username: Annotated[str, typer.Argument(help="Whose password.")]) -> None:
    """Give a user a new password, in Label Studio too for those who label."""
    console = wide_console()
    made = secrets.token_urlsafe(12)
    with tracker() as client:
        user = client.user_update(username, password=made)
    if user.role in LABELLING:
        label_studio().ensure_member(username, password=made, first_name=username)
    console.print(f"{username}'s new password, shown this once: {made}")


@app.command("list")
def list_users() -> None:
    """List users with their roles and projects."""
    table = Table("user", "role", "active", "projects")
    with tracker() as client:
        for user in client.users():
            table.add_row(
                user.username,
                user.role,
                "yes" if user.is_active else "no",
                ", ".join(user.projects),
            )
    wide_console().print(table)


@app.command("token")
def token(
    username: Annotated[str, typer.Argument(help="Whose token.")],
    hours: Annotated[int, typer.Option(help="Hours until it expires.", min=1)] = 24 * 30,
) -> None:
    """Issue a token, for a client's scripts say; it is shown this once."""
    with tracker() as client:
        issued = client.user_token(username, ttl_h=hours)
    wide_console().print(
        f"{issued.token}  (until {issued.expires_at:%Y-%m-%d %H:%M} UTC)", soft_wrap=True
    )
