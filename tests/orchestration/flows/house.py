"""The house that the flows work in: a real tracker, a Label Studio in memory, a folder.

Tests say what people do and which flow runs; everything else happens here.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.conf import settings
from django.utils import timezone
from prefect import Flow

from labeling_bridge.bridge import LabelStudio
from labeling_bridge.lanes import Webhook
from labeling_bridge.regions import NOTE, VERDICT, VIDEO, render
from orchestration.flows.arbitrate import arbitrate
from orchestration.flows.check import check
from orchestration.flows.collect import CollectParams, collect
from orchestration.flows.dispatch import dispatch
from orchestration.runtime import Runtime
from orchestration.settings import WorkerSettings
from services.client.api import TrackerClient
from services.client.payloads import ClipIn, ClipOut
from services.domain.segments import Segment
from services.tracker.annotations.models import Assignment
from services.tracker.clips.history import history_verify
from services.tracker.clips.models import Clip
from services.tracker.core.roles import Role
from services.tracker.work.models import Lease
from tests import factories
from tests.fakes.label_studio import TOKEN, FakeLabelStudio
from tests.orchestration.flows.counter import Counter
from tests.orchestration.flows.faults import Faults, FaultyStore, KilledError, Line
from tests.service.play import BASE_URL, MEMBERS, Play

ONCE = CollectParams(watch_s=0)
SECRET = "only-for-tools-that-never-serve"
DOMAIN = "segue.example"

Json = dict[str, Any]


def seg(label: str, onset: int, offset: int) -> Segment:
    return Segment(label=label, onset=onset, offset=offset)


POUR = seg("pour", 10, 50)
LATER_POUR = seg("pour", 20, 50)


def worker_settings(**given: str) -> WorkerSettings:
    secrets = ("TRACKER_TOKEN", "LABEL_STUDIO_TOKEN", "LINKS_KEY", "WEBHOOK_SECRET")
    values: Json = {f"SEGUE_{name}": SECRET for name in secrets} | given
    return WorkerSettings(**values)


def in_turn(inner: httpx.BaseTransport) -> httpx.BaseTransport:
    """Serve one request at a time: the Label Studio in memory is made for one thread."""
    lock = threading.Lock()

    def serve(request: httpx.Request) -> httpx.Response:
        with lock:
            return inner.handle_request(request)

    return httpx.MockTransport(serve)


@dataclass
class House:
    play: Play
    parts: Runtime
    studio: FakeLabelStudio
    faults: Faults
    nudged: list[str]
    videos: Path

    @classmethod
    def build(cls, play: Play, counter: Counter, root: Path, videos: Path) -> House:
        studio, faults, nudged = FakeLabelStudio(), Faults(), list[str]()
        bridge = LabelStudio(
            "http://label-studio.test",
            TOKEN,
            links_key=SECRET,
            email_domain=DOMAIN,
            webhook=Webhook(url=f"{BASE_URL}/api/v1/inbox/label-studio", secret=SECRET),
            httpx_client=httpx.Client(
                transport=Line("studio", in_turn(httpx.MockTransport(studio._handle)), faults)
            ),
        )
        tracker = TrackerClient(
            BASE_URL,
            play.tokens["wren"],
            transport=Line("tracker", counter, faults),
            sleep=lambda _: None,
        )
        parts = Runtime(
            settings=worker_settings(scratch=str(root.parent / "scratch")),
            tracker=tracker,
            store=FaultyStore(root, faults),
            label_studio=lambda: bridge,
            nudge=lambda stage: nudged.append(str(stage)),
            worker="box",
        )
        return cls(play, parts, studio, faults, nudged, videos)

    # --- the project -------------------------------------------------------------------------

    def apply(self, *, members: dict[str, str] = MEMBERS, **project: Any) -> None:
        """Declare the project anew."""
        self.play["lea"].project_apply("kitchen", factories.project_in(members, **project))

    def rules(self, **policy: Any) -> None:
        """Change numbers of the project's policy."""
        self.apply(policy=factories.policy_document(**policy))

    def labels(self, **label: Any) -> None:
        """Give the label "pour" other rules; before any clip is made ready."""
        document = factories.taxonomy_document(version=2)
        document["layers"][0]["labels"][0] |= label
        self.apply(taxonomy=document)

    def hire(self, *names: str) -> None:
        for name in names:
            self.play.join(name, Role.ANNOTATOR)

    # --- clips -------------------------------------------------------------------------------

    def source(self, name: str) -> ClipIn:
        """Name a video, there or not."""
        return ClipIn(name=name, source_uri=(self.videos / name).as_uri())

    def register(self, *paths: Path) -> list[UUID]:
        clips = [ClipIn(name=path.name, source_uri=path.as_uri()) for path in paths]
        return [done.uid for done in self.play["lea"].clips_register("kitchen", clips)]

    def prelabelled(self, n: int) -> list[UUID]:
        """Make clips whose seats are planned, without videos."""
        return [self.play.prelabelled() for _ in range(n)]

    def dispatched(self, n: int = 1) -> list[UUID]:
        """Make clips that wait for their annotators."""
        clips = self.prelabelled(n)
        dispatch()
        return clips

    def disputed(self) -> UUID:
        """Make a clip that waits for its arbiter."""
        (clip,) = self.dispatched()
        ana, ben = self.annotators(clip)
        self.answer(ana, clip, POUR)
        self.answer(ben, clip, LATER_POUR)
        self.take_in()
        arbitrate()
        return clip

    def accepted(self, n: int = 1) -> list[UUID]:
        """Make clips on which both agree."""
        clips = self.dispatched(n)
        for clip in clips:
            self.both_answer(clip, POUR)
        self.take_in()
        return clips

    def take_in(self) -> None:
        """Collect and check what people answered."""
        collect(ONCE)
        check()

    def clip(self, uid: UUID) -> ClipOut:
        return self.play.clip(uid)

    def state(self, uid: UUID) -> str:
        return str(self.clip(uid).state)

    def steps(self, uid: UUID) -> list[str]:
        """Return what happened to a clip, its history proved."""
        row = Clip.objects.get(uid=uid)
        events = list(row.events.order_by("seq"))
        assert history_verify(clip_uid=uid, events=events) == (row.state, row.round, row.head)
        return [event.step for event in events]

    # --- people ------------------------------------------------------------------------------

    def annotators(self, clip: UUID, round_: int = 1) -> list[str]:
        return sorted(seat.username for seat in self.seats(clip, "annotation", round_))

    def seats(self, clip: UUID, kind: str = "annotation", round_: int = 1) -> list[Any]:
        found = self.parts.tracker.assignments()
        return [
            seat for seat in found if (seat.clip_uid, seat.kind, seat.round) == (clip, kind, round_)
        ]

    def tasks(self, username: str) -> list[Json]:
        """Return what somebody sees in Label Studio, oldest first."""
        person = self._person(username)
        lanes = [lane for lane, members in self.studio.members.items() if person in members]
        return [task for lane in sorted(lanes) for task in self.studio.tasks_of(lane)]

    def task(self, username: str, clip: UUID) -> Json:
        """Return somebody's newest task on a clip."""
        name = self.clip(clip).name
        return [task for task in self.tasks(username) if task["data"]["title"] == name][-1]

    def answer(
        self, username: str, clip: UUID, *segments: Segment, verdict: str = "", note: str = ""
    ) -> None:
        """Submit somebody's answer, or correct the one that is there."""
        result = render(segments)
        for control, kind, value in (
            (VERDICT, "choices", {"choices": [verdict]}),
            (NOTE, "textarea", {"text": [note]}),
        ):
            if verdict if control == VERDICT else note:
                item = {"id": control, "type": kind, "from_name": control, "to_name": VIDEO}
                result.append({**item, "value": value})
        task, person = self.task(username, clip), self._person(username)
        own = [one["id"] for one in task["annotations"] if one["completed_by"] == person]
        if own:
            self.studio.update(own[-1], result)
        else:
            self.studio.submit(task["id"], person, result)

    def both_answer(self, clip: UUID, *segments: Segment, round_: int = 1) -> None:
        for name in self.annotators(clip, round_):
            self.answer(name, clip, *segments)

    def arbiter_says(self, clip: UUID, verdict: str, *segments: Segment) -> None:
        self.answer("sam", clip, *segments, verdict=verdict)

    def put_by_hand(self, lane: int, data: Json) -> int:
        """Make a task in a lane as somebody at Label Studio's own pages does."""
        task_id = next(self.studio._ids)
        self.studio.tasks[task_id] = {
            "id": task_id, "project": lane, "data": data, "updated_at": self.studio._tick(),
        }  # fmt: skip
        return task_id

    def _person(self, username: str) -> int:
        email = f"{username}@{DOMAIN}"
        return next(one for one, who in self.studio.people.items() if who["email"] == email)

    # --- machines ----------------------------------------------------------------------------

    def hint_at(self, username: str, action: str, *, times: int = 1) -> None:
        """Send the webhook of somebody's lane."""
        body = {"action": action, "project": {"id": self.tasks(username)[0]["project"]}}
        for _ in range(times):
            self.hint(json.dumps(body).encode())

    def hint(self, body: bytes = b"{}") -> None:
        """Send something to where Label Studio's webhooks go."""
        secret = settings.SEGUE.webhook_secret.get_secret_value()
        headers = {"X-Segue-Webhook-Secret": secret, "Content-Type": "application/json"}
        answer = self.play.http(None).post(
            "/api/v1/inbox/label-studio", content=body, headers=headers
        )
        assert answer.status_code == 204

    def hints(self) -> list[Any]:
        return list(self.play["wren"].inbox())

    def die_in(self, flow: Flow[Any, str], *arguments: Any) -> None:
        """Run a flow that is killed on its way, and let the worker's leases run out."""
        with pytest.raises(KilledError):
            flow(*arguments)
        self.new_worker()

    def new_worker(self) -> None:
        """Start on sound lines, after what the old worker held has run out."""
        self.faults.mend()
        self.leases_run_out()

    @staticmethod
    def leases_run_out() -> None:
        past = timezone.now() - timedelta(seconds=1)
        Lease.objects.filter(ended=None).update(expires_at=past)
        Clip.objects.exclude(leased_until=None).update(leased_until=past)

    @staticmethod
    def back_off_is_over() -> None:
        """Let the clips that shall be tried later be tried now."""
        Clip.objects.exclude(due=None).update(due_at=timezone.now())

    @staticmethod
    def seats_lie_open(*, hours: int) -> None:
        Assignment.objects.update(changed_at=timezone.now() - timedelta(hours=hours))

    def days_pass_in_the_studio(self) -> None:
        """Leave the sweep's overlap far behind."""
        self.studio._now += timedelta(days=2)
