"""The demo's working day: people answer, flows carry, until every clip has come to an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from rich.console import Console

from orchestration.demo.people import Person
from services.client.api import TrackerClient
from services.client.payloads import ClipOut
from services.domain.errors import TransientError
from services.domain.workflow import ClipState, Stage

ENDS = {ClipState.ACCEPTED, ClipState.REJECTED, ClipState.QUARANTINED}
PAUSE_S = 1.0
BACK_S = 180.0
"""How long a service that was killed may take to come back."""

Answer = TypeVar("Answer")


def patiently(ask: Callable[[], Answer]) -> Answer:
    """Ask again while a service is coming back, as people do who reload a page."""
    deadline = time.monotonic() + BACK_S
    while True:
        try:
            return ask()
        except TransientError:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_S)


def clips_named(client: TrackerClient, project: str, names: set[str]) -> list[ClipOut]:
    """Return the project's clips of these names as they stand now."""
    return patiently(lambda: [clip for clip in client.clips(project) if clip.name in names])


def wait_for_ingest(
    client: TrackerClient, project: str, *, names: set[str], console: Console
) -> list[ClipOut]:
    """Wait until every named clip is checked; return the readable ones."""
    with console.status("checking the videos"):
        while True:
            clips = clips_named(client, project, names)
            if not any(clip.due is Stage.INGEST and not clip.held for clip in clips):
                return [clip for clip in clips if clip.state is not ClipState.QUARANTINED]
            time.sleep(PAUSE_S)


def work_until_done(
    client: TrackerClient,
    project: str,
    people: list[Person],
    *,
    names: set[str],
    console: Console,
    timeout_s: float,
) -> list[ClipOut]:
    """Let the people work until each named clip is accepted, rejected or quarantined.

    Raises
    ------
    TransientError
        If that takes longer than the timeout; what is stuck is named.
    """
    deadline = time.monotonic() + timeout_s
    shown = ""
    with console.status("working") as line:
        while True:
            clips = clips_named(client, project, names)
            left = [clip for clip in clips if clip.state not in ENDS]
            if not left:
                return clips
            if time.monotonic() > deadline:
                stuck = ", ".join(f"{c.name} ({c.state}, due {c.due})" for c in left)
                raise TransientError(f"After {timeout_s:.0f} s these clips had no end: {stuck}.")
            for person in people:
                patiently(person.work)
            text = _counts(clips)
            if text != shown:
                console.print(f"  {text}", style="dim")
                shown = text
            line.update(text)
            time.sleep(PAUSE_S)


def _counts(clips: list[ClipOut]) -> str:
    counts = {state: sum(clip.state is state for clip in clips) for state in ClipState}
    return ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in counts.items() if n)
