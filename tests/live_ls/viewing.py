"""The stack's own tracker and Label Studio, and one person's lane whose clips can be watched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import httpx

from labeling_bridge.bridge import LabelStudio
from labeling_bridge.lanes import Lane
from labeling_bridge.sweep import Submission
from labeling_bridge.tasks import Clip, annotation_task
from orchestration.local.secrets import read_secret
from orchestration.storage import FolderStore
from services.domain.segments import Segment
from services.domain.taxonomy import Taxonomy
from tests.benchmarks.services import Services

PASSWORD = "blue-kettle-7"
VIEWING = Taxonomy.parse(
    {
        "name": "viewing",
        "version": 1,
        "layers": [
            {"exclusive": False, "labels": [{"name": "reach"}, {"name": "pour"}, {"name": "stir"}]}
        ],
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewingRoom:
    """A lane, the bridge to it, and the storage that the tracker serves."""

    services: Services
    bridge: LabelStudio
    lane: Lane
    project_id: int

    @property
    def email(self) -> str:
        return self.bridge.email_of(self.lane.username)

    def address(self, task_id: int) -> str:
        url = self.services.settings.label_studio_url
        return f"{url}/projects/{self.project_id}/data?task={task_id}"

    def cookies(self) -> httpx.Cookies:
        """Log eve in as the browser does, and return what it would keep."""
        with httpx.Client(base_url=self.services.settings.label_studio_url) as door:
            door.get("/user/login/").raise_for_status()
            form = {"email": self.email, "password": PASSWORD}
            form["csrfmiddlewaretoken"] = door.cookies["csrftoken"]
            assert door.post("/user/login/", data=form).status_code == 302
            return door.cookies

    def store(self, path: Path) -> str:
        """Put a file where the tracker serves files from, and return its key."""
        key = f"proxies/{path.name[:2]}/{uuid4().hex}-{path.name}"
        FolderStore(self.services.settings.storage).put(path, key)
        return key

    def push(
        self,
        path: Path,
        *,
        rate: Fraction,
        n_frames: int,
        draft: Sequence[Segment] | None = None,
    ) -> int:
        """Make a task of a file as it is; return the task's id."""
        clip = Clip(name=path.stem, proxy_key=self.store(path), rate=rate, n_frames=n_frames)
        seat = annotation_task(assignment=str(uuid4()), clip=clip, round_=1, prelabel=draft)
        return self.bridge.push_task(self.project_id, seat)

    def answer(self, task_id: int) -> Submission:
        """Return what the bridge collects for a task."""
        sweep = self.bridge.sweep(self.project_id, lane=self.lane, taxonomy=VIEWING, since=None)
        (found,) = [one for one in sweep.submissions if one.task_id == task_id]
        return found


@contextmanager
def viewing_room(services: Services) -> Iterator[ViewingRoom]:
    """Make eve's lane in a running stack."""
    secrets, settings = services.settings.secrets, services.settings
    bridge = LabelStudio(
        settings.label_studio_url,
        read_secret(secrets, "label_studio_token"),
        links_key=read_secret(secrets, "links_key"),
        email_domain=settings.label_studio_domain,
    )
    try:
        lane = Lane(project="viewing", taxonomy_version=1, username="eve", kind="annotation")
        project_id = bridge.ensure_lane(lane, VIEWING, tolerance=3)
        bridge.ensure_member("eve", password=PASSWORD, lanes=[project_id])
        yield ViewingRoom(services=services, bridge=bridge, lane=lane, project_id=project_id)
    finally:
        bridge.close()
