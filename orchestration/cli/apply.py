"""`segue apply`: make a project what its files say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from orchestration.cli.screen import wide_console
from orchestration.cli.session import tracker
from orchestration.project_file import changes, read_project
from services.domain.errors import NotFoundError


def apply(
    path: Annotated[Path, typer.Argument(help="project.yaml, or the folder that holds it.")],
    *,
    dry_run: Annotated[bool, typer.Option(help="Show the difference and change nothing.")] = False,
) -> None:
    """Create a project or bring it to what project.yaml and taxonomy.yaml say."""
    console = wide_console()
    slug, declared = read_project(path)
    with tracker() as client:
        try:
            before = client.project(slug)
        except NotFoundError:
            before = None
        difference = changes(before, declared, applicant=client.me().username)
        if not difference:
            console.print(f"{slug} is already as {path} says.")
            return
        console.print(_table(slug, difference, is_new=before is None))
        if dry_run:
            console.print("Nothing was changed (--dry-run).")
            return
        after = client.project_apply(slug, declared)
    console.print(
        f"{slug} now has taxonomy version {after.taxonomy_version} "
        f"and policy version {after.policy_version}."
    )


def _table(slug: str, difference: list[tuple[str, str, str]], *, is_new: bool) -> Table:
    table = Table(title=f"{slug} (new)" if is_new else slug, title_justify="left", box=None)
    table.add_column("field", overflow="fold")
    if not is_new:
        table.add_column("before", style="red", overflow="fold")
    table.add_column("after", style="green", overflow="fold")
    for name, old, new in difference:
        table.add_row(name, new) if is_new else table.add_row(name, old, new)
    return table
