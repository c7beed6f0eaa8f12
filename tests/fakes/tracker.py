"""A tracker for tests of the flows' loop: a queue of claimed clips and a list of reports.

Only what the loop itself calls; whatever depends on the tracker's rules is tested against
the real one.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from services.client.payloads import WorkItem, WorkReport, WorkReported
from services.domain.errors import LeaseLostError
from services.domain.policy import Policy
from services.domain.workflow import ClipState, Stage


def work_item(stage: Stage = Stage.CHECK, **given) -> WorkItem:
    return WorkItem(
        **{
            "lease_uid": uuid4(),
            "expires_at": datetime.now(UTC) + timedelta(minutes=5),
            "stage": stage,
            "clip_uid": uuid4(),
            "project": "workbench",
            "name": "clip.mp4",
            "source_uri": "file:///clip.mp4",
            "round": 1,
            "attempt": 1,
            "policy": Policy(lease_s=10).model_dump(mode="json"),
            "taxonomy": {},
            **given,
        }
    )


@dataclass
class FakeTracker:
    items: deque[WorkItem] = field(default_factory=deque)
    lost: set[UUID] = field(default_factory=set)
    due: Stage | None = Stage.DISPATCH
    reports: dict[UUID, WorkReport] = field(default_factory=dict)
    beats: list[UUID] = field(default_factory=list)
    n_claims: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work_claim(self, *, stage, project, limit, worker):
        assert worker
        self.n_claims += 1
        mine = [item for item in self.items if item.stage is stage][:limit]
        self.items = deque(item for item in self.items if item not in mine)
        return mine

    def work_heartbeat(self, lease_uid):
        with self._lock:
            self.beats.append(lease_uid)
        if lease_uid in self.lost:
            raise LeaseLostError("gone")

    def work_report(self, lease_uid, report):
        if lease_uid in self.lost:
            raise LeaseLostError("gone")
        with self._lock:
            self.reports[lease_uid] = report
        return WorkReported(
            clip_uid=uuid4(),
            state=ClipState.IN_ANNOTATION,
            due=self.due,
            round=1,
            repeated=False,
        )
