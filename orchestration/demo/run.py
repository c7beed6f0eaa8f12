"""The demo: one project, real videos, real parts, simulated people, a release at the end."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from orchestration.cli import session
from orchestration.demo import cast
from orchestration.demo.clips import make_clips
from orchestration.demo.day import wait_for_ingest, work_until_done
from orchestration.demo.opinions import deal_parts
from orchestration.demo.people import Arbiter, Person
from orchestration.demo.story import missing_from_release, story_table
from orchestration.demo.truth import Truth
from orchestration.fetch import fetch_release
from orchestration.nudges import run_deployment_and_wait, start_deployment
from orchestration.project_file import read_project
from orchestration.settings import StackSettings
from orchestration.sources import list_sources
from services.client.api import TrackerClient
from services.client.payloads import ClipIn, ClipOut, ReleaseOut
from services.domain.errors import InputError
from services.domain.workflow import Stage

PROJECT_FILES = Path(__file__).parent / "project"
PASSWORDS = "demo_people.json"
MINUTES_A_CLIP = 3


def run_demo(settings: StackSettings, clips: Path | None, console: Console) -> list[str]:
    """Play the whole path against a running stack and tell what happened.

    Parameters
    ----------
    settings : StackSettings
        Of the running stack.
    clips : Path, optional
        A folder of videos; without it the demo makes its own.
    console : Console
        Where the story is told.

    Returns
    -------
    list of str
        The readable clips that are not in the release; empty when all went well.
    """
    session.point_prefect_here()
    home = settings.home / "demo"
    folder, truth = _videos(clips, home)
    sources = list_sources(str(folder))
    known = cast.passwords(settings.secrets / PASSWORDS)
    with session.tracker() as client:
        studio = session.label_studio()
        emails = cast.hire(client, studio, known)
        slug, declared = read_project(PROJECT_FILES)
        client.project_apply(slug, declared)
        names = {source.name for source in sources}
        _register(client, slug, sources, console)
        readable = wait_for_ingest(client, slug, names=names, console=console)
        people = _people(settings, emails, known, truth, readable)
        done = work_until_done(
            client,
            slug,
            people,
            names=names,
            console=console,
            timeout_s=60 * (5 + MINUTES_A_CLIP * len(names)),
        )
        release = _release(client, slug, console)
        token = client.user_token("cleo", ttl_h=24).token
        rows = [(clip, list(client.clip_events(clip.uid))) for clip in done]
    in_release = _fetch(settings, token, release, home / "fetched")
    console.print(story_table(rows, in_release))
    _closing(settings, release, emails, known, home, console)
    return missing_from_release(rows, in_release)


def _videos(clips: Path | None, home: Path) -> tuple[Path, Truth]:
    if clips is None:
        folder = home / "clips"
        return folder, make_clips(folder)
    if not clips.is_dir():
        raise InputError(f"CLIPS={clips} is not a folder.")
    return clips, Truth({})


def _register(client: TrackerClient, slug: str, sources: list[ClipIn], console: Console) -> None:
    registered = client.clips_register(slug, sources)
    n_new = sum(clip.created for clip in registered)
    console.print(f"{len(sources)} files registered, {n_new} of them new.")
    start_deployment(Stage.INGEST)


def _people(
    settings: StackSettings,
    emails: dict[str, str],
    known: dict[str, str],
    truth: Truth,
    readable: list[ClipOut],
) -> list[Person]:
    parts = deal_parts([clip.name for clip in readable])
    people = [
        (Arbiter if name == "sam" else Person)(
            username=name,
            email=emails[name],
            password=known[name],
            label_studio_url=settings.label_studio_url,
            truth=truth,
            parts=parts,
            faulty=name == "ben",
        )
        for name in cast.LABELLING
    ]
    for person in people:
        person.log_in()
    return people


def _release(client: TrackerClient, slug: str, console: Console) -> ReleaseOut:
    versions = [release.version for release in client.releases(slug)]
    version = f"1.{len(versions)}.0"
    with console.status(f"building release {version}"):
        run_deployment_and_wait("release", params={"project": slug, "version": version})
    (release,) = [item for item in client.releases(slug) if item.version == version]
    return release


def _fetch(settings: StackSettings, token: str, release: ReleaseOut, out: Path) -> dict[str, int]:
    """Fetch the release as the client would; return the number of segments by clip uid."""
    with TrackerClient(settings.tracker_url, token) as client:
        folder = fetch_release(client, release.uid, out)
    counts: dict[str, int] = {}
    for path in folder.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            clip = json.loads(line)
            counts[clip["clip_uid"]] = len(clip["segments"])
    return counts


def _closing(
    settings: StackSettings,
    release: ReleaseOut,
    emails: dict[str, str],
    known: dict[str, str],
    home: Path,
    console: Console,
) -> None:
    console.print(
        f"\nRelease {release.version}: {release.n_clips} clips at "
        f"{settings.tracker_url}/api/v1/releases/{release.uid}, "
        f"fetched to {home / 'fetched'}.",
        soft_wrap=True,
    )
    console.print(
        f"Its quality in figures: segue quality {release.project}. Known answers to try people "
        f"on: segue gold promote {release.project} CLIP...",
        soft_wrap=True,
    )
    secrets = settings.secrets
    api = f"{settings.tracker_url}/api/v1/docs/"
    # Passwords go to a person's screen; what is piped into a log gets the file's name.
    shown = known if console.is_terminal else dict.fromkeys(known, f"in {secrets / PASSWORDS}")
    table = Table("where", "address", "log in as", "password", box=None)
    for name in cast.LABELLING:
        table.add_row("Label Studio", settings.label_studio_url, emails[name], shown[name])
    table.add_row("Prefect", settings.prefect_url, "segue", f"in {secrets / 'prefect_auth'}")
    table.add_row("Tracker", api, "manager", f"in {secrets / 'manager_password'}")
    for name in ("lea", "cleo"):
        table.add_row("Tracker", api, name, shown[name])
    console.print(table)
