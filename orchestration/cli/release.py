"""`segue release`: freeze what is accepted, list releases, fetch one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from orchestration.cli.screen import wide_console
from orchestration.cli.session import point_prefect_here, tracker
from orchestration.fetch import fetch_release
from orchestration.nudges import run_deployment_and_wait
from services.client.payloads import ReleaseOut
from services.domain.errors import ConflictError

app = typer.Typer(help="Build, list and fetch releases.", no_args_is_help=True)


@app.command("build")
def build(
    project: Annotated[str, typer.Argument(help="The project's slug.")],
    version: Annotated[str, typer.Argument(help="A semantic version such as 1.0.0.")],
) -> None:
    """Freeze the accepted clips into a release, and wait until it is published."""
    console = wide_console()
    point_prefect_here()
    with tracker() as client:
        if any(_is_out(made, version) for made in client.releases(project)):
            raise ConflictError(
                f"{project} {version} is published already, and a release never changes; "
                "choose a higher version."
            )
    with console.status(f"building {project} {version}"):
        run_deployment_and_wait("release", params={"project": project, "version": version})
    with tracker() as client:
        found = [made for made in client.releases(project) if _is_out(made, version)]
    if not found:
        raise ConflictError(
            f"{project} {version} was not published; the release flow's run in Prefect says why."
        )
    console.print(f"{project} {version}: {found[0].n_clips} clips, {len(found[0].files)} files.")


def _is_out(made: ReleaseOut, version: str) -> bool:
    return made.version == version and made.state == "published"


@app.command("list")
def list_releases(project: Annotated[str, typer.Argument(help="The project's slug.")]) -> None:
    """List a project's releases."""
    table = Table("version", "state", "clips", "taxonomy", "published", "uid")
    with tracker() as client:
        for item in client.releases(project):
            published = f"{item.published_at:%Y-%m-%d %H:%M}" if item.published_at else ""
            table.add_row(
                item.version,
                item.state,
                str(item.n_clips),
                str(item.taxonomy_version),
                published,
                str(item.uid),
            )
    wide_console().print(table)


@app.command("fetch")
def fetch(
    uid: Annotated[str, typer.Argument(help="The release's uid.")],
    out: Annotated[Path, typer.Option(help="Folder to put it into.")] = Path(),
) -> None:
    """Download a release, resuming what is half there, and check every sum."""
    with tracker() as client, Progress() as progress:
        folder = fetch_release(client, uid, out, progress=progress)
    wide_console().print(f"{folder}: every file matches its SHA-256.")
