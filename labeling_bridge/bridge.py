"""What the flows use of Label Studio: lanes, people, tasks, findings, answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import httpx

from labeling_bridge.client import LabelStudioClient
from labeling_bridge.lanes import WEBHOOK_ACTIONS, Lane, Webhook, lane_settings
from labeling_bridge.sweep import Sweep, sweep_lane
from labeling_bridge.tasks import ASSIGNMENT, SeatTask, passed_data, returned_data
from services.domain.errors import LabelStudioError
from services.domain.links import MEDIA_PREFIX, media_token
from services.domain.sanity.findings import Finding
from services.domain.taxonomy import Taxonomy

IMPORT_SIZE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person inside Label Studio."""

    id: int
    email: str


class LabelStudio:
    """The bridge, bound to one Label Studio and its service account.

    Every method can be repeated after a run was killed in the middle: what is there already
    is found, not made again.

    Parameters
    ----------
    url, token : str
        Where Label Studio is, and the service account's token.
    links_key : str
        The installation's links key; task data carries addresses signed with it.
    email_domain : str
        Label Studio knows people by e-mail address: ``username@email_domain``.
    webhook : Webhook, optional
        Where hints go; without it answers are found by polling alone.
    httpx_client : httpx.Client, optional
        Another transport, for tests.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        links_key: str,
        email_domain: str,
        webhook: Webhook | None = None,
        httpx_client: httpx.Client | None = None,
    ) -> None:
        self._client = LabelStudioClient(url, token, httpx_client=httpx_client)
        self._links_key = links_key
        self._email_domain = email_domain
        self._webhook = webhook

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def check_guard(self) -> None:
        """Refuse a Label Studio in which people would see each other's work.

        Raises
        ------
        LabelStudioError
            ``guard_missing`` when there is no guard or a part of it is not in force.
        """
        health = self._client.health()
        if health.get("guard") == "active":
            return
        missing = health.get("missing")
        parts = f" without its parts {', '.join(map(str, missing))}" if missing else " without it"
        raise LabelStudioError(
            f"Label Studio runs{parts}: annotators could see each other's work. Start it with "
            "the settings module labeling_bridge.guard.settings.",
            code="guard_missing",
        )

    def email_of(self, username: str) -> str:
        """Return the address a person logs in to Label Studio with."""
        return f"{username}@{self._email_domain}".lower()

    def ensure_lane(self, lane: Lane, taxonomy: Taxonomy, *, tolerance: int) -> int:
        """Return the lane's project id, made and brought up to date when need be."""
        wanted = lane_settings(lane, taxonomy, tolerance=tolerance)
        found = self._projects_of(lane)
        if not found:
            self._client.create_project(wanted)
            found = self._projects_of(lane)
        if not found:
            raise LabelStudioError(f"Label Studio did not keep the project {lane.title!r}.")
        # Two runs may have made it at once; both see both and agree on the older one. The
        # other stays empty for ever, as nobody becomes its member.
        project = found[0]
        changed = {name: value for name, value in wanted.items() if project.get(name) != value}
        if changed:
            self._client.update_project(int(project["id"]), changed)
        self._ensure_webhook(int(project["id"]))
        return int(project["id"])

    def ensure_member(
        self,
        username: str,
        *,
        password: str | None = None,
        lanes: Sequence[int] = (),
        first_name: str | None = None,
    ) -> Member:
        """Make a person and give them their lanes; None leaves a password as it is.

        Raises
        ------
        LabelStudioError
            A lane is somebody else's.
        """
        body: dict[str, Any] = {
            "email": self.email_of(username),
            "password": password,
            "projects": list(lanes),
        }
        if first_name is not None:
            body["first_name"] = first_name
        member = self._client.set_member(body)
        return Member(id=int(member["id"]), email=str(member["email"]))

    def push_task(self, project_id: int, seat: SeatTask) -> int:
        """Put one seat's task into its lane and return the task's id."""
        return self.push_tasks(project_id, [seat])[seat.assignment]

    def push_tasks(self, project_id: int, seats: Sequence[SeatTask]) -> dict[str, int]:
        """Put tasks into a lane, each once, and return their ids by assignment."""
        wanted = {seat.assignment: seat for seat in seats}
        task_ids = self._client.find_tasks(project_id, ASSIGNMENT, list(wanted))
        absent = [seat for uid, seat in wanted.items() if uid not in task_ids]
        for chunk in _chunks(absent, IMPORT_SIZE):
            # Task and draft come in one request: a killed run leaves both or neither.
            ids = self._client.import_tasks(
                project_id, [self._document(project_id, seat) for seat in chunk]
            )
            task_ids |= zip((seat.assignment for seat in chunk), ids, strict=True)
        return task_ids

    def show_findings(self, task_id: int, findings: Sequence[Finding]) -> None:
        """Write on a task why its answer came back; the answer stays, to be corrected."""
        self._rewrite(task_id, partial(returned_data, findings=findings))

    def show_passed(self, task_id: int, remarks: Sequence[Finding]) -> None:
        """Write on a task that its answer was taken, and what was remarked on it."""
        self._rewrite(task_id, partial(passed_data, findings=remarks))

    def sweep(
        self, project_id: int, *, lane: Lane, taxonomy: Taxonomy, since: datetime | None
    ) -> Sweep:
        """Return the answers of the lane's person that changed since the watermark."""
        return sweep_lane(
            partial(self._client.answered_tasks, project_id),
            person_id=self._person_of(project_id, lane).id,
            since=since,
            taxonomy=taxonomy,
            kind=lane.kind,
        )

    def _rewrite(self, task_id: int, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        data = self._client.task_data(task_id)
        changed = change(data)
        if changed != data:
            self._client.update_task_data(task_id, changed)

    def _projects_of(self, lane: Lane) -> list[dict[str, Any]]:
        titled = self._client.projects_titled(lane.title)
        return [project for project in titled if project.get("description") == lane.key]

    def _person_of(self, project_id: int, lane: Lane) -> Member:
        email = self.email_of(lane.username)
        members = self._client.members(project_id)
        if [member.get("email") for member in members] != [email]:
            raise LabelStudioError(
                f"Lane {project_id} has {len(members)} members instead of {lane.username!r} "
                "alone; nothing is read from it until that is put right in Label Studio.",
                code="lane_members",
            )
        return Member(id=int(members[0]["id"]), email=email)

    def _ensure_webhook(self, project_id: int) -> None:
        if self._webhook is None:
            return
        wanted = {
            "url": self._webhook.url,
            "headers": self._webhook.headers,
            "actions": sorted(WEBHOOK_ACTIONS),
            "send_payload": True,
            "send_for_all_actions": False,
            "is_active": True,
        }
        for hook in self._client.webhooks(project_id):
            if hook.get("url") == self._webhook.url:
                if any(_as_stored(hook, name) != value for name, value in wanted.items()):
                    self._client.update_webhook(int(hook["id"]), wanted)
                return
        self._client.create_webhook({**wanted, "project": project_id})

    def _document(self, project_id: int, seat: SeatTask) -> dict[str, Any]:
        clip = seat.clip
        video = self._address(clip.proxy_key, project_id)
        strip = None if clip.strip_key is None else self._address(clip.strip_key, project_id)
        return {
            "data": seat.data(video=video, strip=strip),
            "predictions": seat.predictions(),
        }

    def _address(self, key: str, project_id: int) -> str:
        """Return where the person of a lane, and nobody else, gets a stored file."""
        token = media_token(key, lane=str(project_id), secret=self._links_key)
        return f"{MEDIA_PREFIX}{token}"


def _as_stored(hook: Mapping[str, Any], name: str) -> object:
    """Return a webhook's value; Label Studio lists its actions in no promised order."""
    value = hook.get(name)
    return sorted(value) if name == "actions" and value else value


def _chunks(items: Sequence[SeatTask], size: int) -> Iterator[Sequence[SeatTask]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]
