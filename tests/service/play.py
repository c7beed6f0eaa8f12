"""The stage for tests of the tracker: its cast, its project, and a clip's way through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from django.http import HttpResponse
from django.test import Client as DjangoClient

from services.client.api import TrackerClient
from services.client.payloads import (
    ClipOut,
    LaneOut,
    PushedTask,
    SubmissionOut,
    TasksPushed,
    WorkItem,
    WorkReport,
    WorkReported,
)
from services.domain.workflow import Stage
from services.tracker.core.roles import Role
from services.tracker.people.models import User
from services.tracker.people.services import token_issue
from tests import factories

CAST: dict[str, Role] = {
    "ana": Role.ANNOTATOR,
    "ben": Role.ANNOTATOR,
    "sam": Role.ARBITER,
    "lea": Role.MANAGER,
    "cleo": Role.CLIENT,
    "wren": Role.WORKER,
    "kim": Role.MANAGER,
}
MEMBERS = {"ana": "annotator", "ben": "annotator", "sam": "arbiter", "cleo": "client"}
BASE_URL = "http://testserver"


@dataclass
class Play:
    """Who is there and what they hold."""

    app: Callable
    clients: dict[str, TrackerClient] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    lanes: dict[tuple[str, str], LaneOut] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    @contextmanager
    def begin(cls, app: Callable) -> Iterator[Play]:
        play = cls(app=app)
        with play.stack:
            for name, role in CAST.items():
                play.enter(name, role)
            User.objects.exclude(username__in=["lea", "kim", "wren"]).update(
                created_by=User.objects.get(username="lea")
            )
            play["lea"].project_apply("kitchen", factories.project_in(MEMBERS))
            play["kim"].project_apply("garage", factories.project_in({}))
            yield play

    def __getitem__(self, name: str) -> TrackerClient:
        return self.clients[name]

    def enter(self, name: str, role: Role) -> TrackerClient:
        """Make an account with a token and a client."""
        user = User.objects.create(username=name, role=role, password="!")
        token, _ = token_issue(user=user, ttl=timedelta(days=1))
        self.tokens[name] = token
        self.clients[name] = self.stack.enter_context(self.client(token))
        return self.clients[name]

    def join(self, name: str, role: Role) -> TrackerClient:
        """Let one more person into lea's project."""
        client = self.enter(name, role)
        user = User.objects.get(username=name)
        user.created_by = User.objects.get(username="lea")
        user.save()
        members = self["lea"].project("kitchen").members | {name: str(role)}
        members.pop("lea")
        self["lea"].project_apply("kitchen", factories.project_in(members))
        return client

    def client(self, token: str | None) -> TrackerClient:
        """Return a client in process that never repeats a call by itself."""
        transport = httpx.WSGITransport(app=self.app)
        return TrackerClient(BASE_URL, token, transport=transport, attempts=1)

    def http(self, name: str | None) -> httpx.Client:
        """Return plain HTTP in somebody's name."""
        headers = {} if name is None else {"Authorization": f"Bearer {self.tokens[name]}"}
        return self.stack.enter_context(
            httpx.Client(
                base_url=BASE_URL, transport=httpx.WSGITransport(app=self.app), headers=headers
            )
        )

    @staticmethod
    def app_get(path: str, **environ: str) -> HttpResponse:
        """Send what no sound HTTP client would, straight into the WSGI environment."""
        return DjangoClient(raise_request_exception=False).get(path, **environ)

    # --- a clip's way ------------------------------------------------------------------------

    def register(self, *names: str) -> list[UUID]:
        """Register clips; return their UIDs."""
        clips = [factories.clip_in(name) for name in names] or [factories.clip_in()]
        return [done.uid for done in self["wren"].clips_register("kitchen", clips)]

    def claim(self, stage: Stage, *, limit: int = 50, **more: Any) -> list[WorkItem]:
        return self["wren"].work_claim(stage=stage, worker="box", limit=limit, **more)

    def claim_one(self, stage: Stage) -> WorkItem:
        (item,) = self.claim(stage)
        return item

    def report(self, item: WorkItem, report: WorkReport) -> WorkReported:
        return self["wren"].work_report(item.lease_uid, report)

    def prelabelled(self) -> UUID:
        """Bring a new clip to where its seats are planned."""
        (uid,) = self.register()
        self.report(self.claim_one(Stage.INGEST), factories.ingest_done())
        self.report(self.claim_one(Stage.PRELABEL), factories.prelabel_done())
        return uid

    def in_annotation(self) -> UUID:
        """Bring a new clip to where both seats are open."""
        uid = self.prelabelled()
        self.push(self.claim_one(Stage.DISPATCH))
        return uid

    def in_arbitration(self) -> UUID:
        """Bring a new clip to where the arbiter's seat is open."""
        uid = self.in_annotation()
        self.answer_all(uid)
        item = self.claim_one(Stage.CHECK)
        self.report(item, factories.disputed(*self.answers(item)))
        self.push(self.claim_one(Stage.ARBITRATE))
        return uid

    def accepted(self) -> UUID:
        """Bring a new clip to agreement."""
        uid = self.in_annotation()
        self.answer_all(uid)
        item = self.claim_one(Stage.CHECK)
        self.report(item, factories.agreed(*self.answers(item)))
        return uid

    def lane(self, username: str, kind: Any = "annotation") -> LaneOut:
        """Return a person's lane, made on first use."""
        if (username, kind) not in self.lanes:
            lane = self["wren"].lane_put(factories.lane_in(username, kind))
            self.lanes[username, kind] = lane
        return self.lanes[username, kind]

    def pushed(self, item: WorkItem) -> TasksPushed:
        """Return the report that all of an item's seats have tasks."""
        tasks = [
            PushedTask(
                assignment_uid=seat.assignment_uid,
                lane_uid=self.lane(seat.username, seat.kind).uid,
                task_id=seat.task_id or factories.serial(),
            )
            for seat in item.seats
        ]
        return TasksPushed(tasks=tasks)

    def push(self, item: WorkItem) -> WorkReported:
        return self.report(item, self.pushed(item))

    def seat(self, clip: UUID, username: str) -> UUID:
        """Return the UID of somebody's newest seat on a clip."""
        seats = [
            seat
            for seat in self["wren"].assignments()
            if seat.clip_uid == clip and seat.username == username
        ]
        return max(seats, key=lambda seat: seat.round).uid

    def answer(self, clip: UUID, username: str, *segments: Any, **more: Any) -> SubmissionOut:
        """Hand in somebody's answer."""
        answer = factories.submission(*segments, **more)
        return self["wren"].annotation_submit(self.seat(clip, username), answer)

    def answer_all(self, clip: UUID) -> None:
        for name in ("ana", "ben"):
            self.answer(clip, name)

    @staticmethod
    def answers(item: WorkItem) -> tuple[UUID, ...]:
        """Return the UIDs of an item's opinions, x first."""
        return tuple(opinion.annotation_uid for opinion in item.opinions)

    def clip(self, uid: UUID) -> ClipOut:
        return self["wren"].clip(uid)
