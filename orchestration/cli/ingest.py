"""`segue ingest`: register the videos of a folder or bucket and set them on their way."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from orchestration.cli.session import client_settings, point_prefect_here, tracker
from orchestration.near_duplicates import flag_near_duplicates
from orchestration.nudges import start_deployment
from orchestration.sources import list_sources
from services.client.api import TrackerClient
from services.domain.workflow import ClipState, Stage

BATCH = 1000
POLL_S = 1.0


def ingest(
    where: Annotated[str, typer.Argument(help="A folder, a file, or s3://bucket/prefix.")],
    project: Annotated[str, typer.Option("--project", "-p", help="The project's slug.")],
    *,
    wait: Annotated[bool, typer.Option(help="Stay until every clip is checked.")] = True,
) -> None:
    """Register videos and start checking them; a repeat registers nothing twice."""
    console = Console()
    point_prefect_here()
    clips = list_sources(where, s3_endpoint=client_settings().s3_endpoint)
    with tracker() as client, _progress(console) as progress:
        bar = progress.add_task("registering", total=len(clips))
        n_new = 0
        for start in range(0, len(clips), BATCH):
            batch = clips[start : start + BATCH]
            n_new += sum(item.created for item in client.clips_register(project, batch))
            progress.advance(bar, len(batch))
        start_deployment(Stage.INGEST)
        if wait:
            _wait(client, progress, project)
    console.print(f"{len(clips)} clips: {n_new} new, {len(clips) - n_new} known already.")


def _wait(client: TrackerClient, progress: Progress, project: str) -> None:
    """Follow the project's ingest until none of its clips is left to check."""
    bar = progress.add_task("checking", total=None)
    while True:
        status = client.project_status(project)
        n_all = sum(status.states.values())
        n_left = status.due.get(Stage.INGEST, 0)
        progress.update(bar, total=n_all, completed=n_all - n_left)
        if not n_left:
            break
        time.sleep(POLL_S)
    n_refused = status.states.get(ClipState.QUARANTINED, 0)
    if n_refused:
        progress.console.print(
            f"{n_refused} of the project's clips are quarantined; "
            f"`segue status {project}` names each with its reason."
        )
    flag_near_duplicates(client, project)
    if n_pairs := sum(1 for _ in client.near_duplicates(project)):
        pairs = "1 pair of clips shows" if n_pairs == 1 else f"{n_pairs} pairs of clips show"
        progress.console.print(
            f"{pairs} the same events in files that differ; `segue status {project}` names them."
        )


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
