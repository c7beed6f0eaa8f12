"""A small project in a running house, and its people: who they are, what they see and do."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import yaml

from models.synthetic import make_clip
from orchestration.demo.day import patiently
from orchestration.demo.people import PAGE, Person
from orchestration.demo.run import PROJECT_FILES
from orchestration.demo.truth import Span, Truth
from services.client.api import TrackerClient
from tests.e2e.house import House

ACTIONS = ("rest", "reach", "grasp", "move")
"""All but "place", whose tolerance is its own."""
LOOK_EVERY_S = 0.5
HIRED = re.compile(r"shown this once: (\S+) Logs in to Label Studio as (\S+) ")


class Colleague(Person):
    """A simulated person, of whom a test may ask what Label Studio shows them."""

    def tasks(self) -> list[dict[str, Any]]:
        """Return the tasks of all lanes, each as the page that opens it gets it."""
        return [
            self._get(f"/api/tasks/{task['id']}", project=lane["id"])
            for lane in self._lanes()
            for task in self._tasks(lane["id"])
        ]

    def all_that_is_told(self) -> str:
        """Return everything that lists, lanes and tasks tell, as it came."""
        lanes = self._lanes()
        single = [self._get(f"/api/projects/{lane['id']}") for lane in lanes]
        listed = [self._tasks(lane["id"]) for lane in lanes]
        return repr([lanes, single, listed, self.tasks()])

    def _lanes(self) -> list[dict[str, Any]]:
        lanes: list[dict[str, Any]] = self._get("/api/projects", page_size=PAGE)["results"]
        return lanes


@dataclass
class Office:
    """A project as its manager holds it together."""

    house: House
    manager: TrackerClient
    slug: str
    people: dict[str, Colleague]

    def command(self, *arguments: str) -> str:
        """Run a command that must go well; return what it prints, with single spaces."""
        done = self.house.run(*arguments, timeout_s=180)
        assert done.returncode == 0, done.stdout + done.stderr
        return " ".join(done.stdout.split())

    def states(self, names: Sequence[str]) -> set[str]:
        """Return where the clips of these names stand."""
        return {str(clip.state) for clip in self.manager.clips(self.slug) if clip.name in names}

    def standings(self) -> dict[str, str]:
        """Return where each annotator stands."""
        return {item.username: str(item.standing) for item in self.manager.standings(self.slug)}

    def work_until(
        self, true: Callable[[], bool], *, who: Sequence[str], timeout_s: float, what: str
    ) -> None:
        """Let people work until something has happened."""
        deadline = time.monotonic() + timeout_s
        while not patiently(true):
            assert time.monotonic() < deadline, (
                f"{what} did not happen within {timeout_s} s; {self.house.log.read_text()}"
            )
            for name in who:
                patiently(self.people[name].work)
            time.sleep(LOOK_EVERY_S)


@contextmanager
def open_office(
    house: House,
    folder: Path,
    *,
    slug: str,
    policy: Mapping[str, Any],
    sees: Mapping[str, dict[str, list[Span]]],
) -> Iterator[Office]:
    """Hire annotators, declare their project and let them log in.

    ``sees`` is what each one's eyes see, by person and video.
    """
    with house.client() as manager:
        office = Office(house, manager, slug, {})
        with ThreadPoolExecutor(2) as pool:  # a command's start costs more than its work
            hired = list(pool.map(lambda name: _hire(office, name), sees))
        office.command("apply", str(_declared(folder, slug, policy, list(sees))))
        for name, (password, email) in zip(sees, hired, strict=True):
            office.people[name] = Colleague(
                username=name,
                email=email,
                password=password,
                label_studio_url=house.address("LABEL_STUDIO"),
                truth=Truth(sees[name]),
                parts={},
            )
            office.people[name].log_in()
        yield office
        for person in office.people.values():
            person.close()


def _hire(office: Office, name: str) -> tuple[str, str]:
    found = HIRED.search(office.command("users", "add", name, "--role", "annotator"))
    assert found is not None
    return found[1], found[2]


def _declared(folder: Path, slug: str, policy: Mapping[str, Any], annotators: list[str]) -> Path:
    document = {
        "slug": slug,
        "title": "Quality on the bench",
        "taxonomy": str(PROJECT_FILES / "taxonomy.yaml"),
        "policy": dict(policy),
        "members": dict.fromkeys(annotators, "annotator"),
    }
    path = folder / "project.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def make_videos(folders: Mapping[Path, Sequence[str]]) -> dict[str, list[Span]]:
    """Draw short videos of some actions each, no two alike; return what is in them."""
    seen: dict[str, list[Span]] = {}
    for folder, names in folders.items():
        folder.mkdir(parents=True)
        for name in names:
            index = len(seen)
            n_frames = [20 + (3 * index + 5 * place) % 11 for place in range(len(ACTIONS))]
            turn = index % len(ACTIONS)
            labels = [*ACTIONS[turn:], *ACTIONS[:turn]]
            timeline = list(zip(labels, n_frames, strict=True))
            make_clip(folder / name, rate=Fraction(25), timeline=timeline)
            cuts = pairwise([0, *accumulate(n_frames)])
            seen[name] = [(label, *cut) for label, cut in zip(labels, cuts, strict=True)]
    return seen


def seen_late(sees: Mapping[str, list[Span]], n_frames: int) -> dict[str, list[Span]]:
    """Return what somebody sees to whom every change comes late."""

    def late(spans: list[Span]) -> list[Span]:
        ends = {spans[0][1], spans[-1][2]}
        return [
            (label, *(frame if frame in ends else frame + n_frames for frame in (onset, offset)))
            for label, onset, offset in spans
        ]

    return {name: late(spans) for name, spans in sees.items()}
