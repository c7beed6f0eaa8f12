"""A seat's way into Label Studio: its lane, and its task in it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from labeling_bridge.lanes import Kind, Lane
from labeling_bridge.tasks import SeatTask
from orchestration.runtime import Runtime
from services.client.payloads import (
    LaneIn,
    PushedTask,
    SeatWork,
    TasksPushed,
    WorkItem,
    WorkReport,
)
from services.domain.errors import SegueError
from services.domain.policy import Policy
from services.domain.sanity.findings import Finding
from services.domain.taxonomy import Taxonomy
from services.domain.workflow import AssignmentState

log = structlog.get_logger(__name__)

MakeTask = Callable[[WorkItem, SeatWork], SeatTask]


@dataclass(frozen=True, slots=True)
class OpenLane:
    """A lane that exists on both sides."""

    uid: UUID
    project_id: int


class SeatPusher:
    """Puts seats into people's lanes; one object a flow run.

    Lanes are made sure of once a run, however many clips go through them.
    """

    def __init__(self, make_task: MakeTask) -> None:
        self._make_task = make_task
        self._lanes: dict[str, OpenLane] = {}
        self._lock = threading.Lock()

    def prepare(self, items: list[WorkItem], parts: Runtime) -> None:
        """Import a whole batch's new tasks lane by lane: one request instead of hundreds."""
        by_lane: dict[int, list[SeatTask]] = defaultdict(list)
        try:
            for item in items:
                for seat in _new(item):
                    lane = self._lane(item, seat, parts)
                    by_lane[lane.project_id].append(self._make_task(item, seat))
            for project_id, tasks in by_lane.items():
                parts.label_studio().push_tasks(project_id, tasks)
        except SegueError as error:
            # Only the clips that are at fault must fail, and each says why by itself.
            log.warning("batch_push_failed", code=error.code, detail=error.detail)

    def push(self, item: WorkItem, parts: Runtime) -> WorkReport:
        """Put one clip's seats where they belong, finding what is there already."""
        studio = parts.label_studio()
        tasks = []
        for seat in item.seats:
            lane = self._lane(item, seat, parts)
            task_id = studio.push_task(lane.project_id, self._make_task(item, seat))
            if seat.state is AssignmentState.RETURNED:
                studio.show_findings(task_id, [Finding.from_json(f) for f in seat.findings])
            tasks.append(
                PushedTask(assignment_uid=seat.assignment_uid, lane_uid=lane.uid, task_id=task_id)
            )
        return TasksPushed(tasks=tasks)

    def _lane(self, item: WorkItem, seat: SeatWork, parts: Runtime) -> OpenLane:
        taxonomy = Taxonomy.parse(item.taxonomy)
        lane = lane_of(item.project, taxonomy, seat.username, seat.kind)
        with self._lock:
            if lane.key not in self._lanes:
                tolerance = Policy.parse(item.policy).tolerance_frames
                self._lanes[lane.key] = open_lane(parts, lane, taxonomy, tolerance=tolerance)
            return self._lanes[lane.key]


def lane_of(project: str, taxonomy: Taxonomy, username: str, kind: Kind) -> Lane:
    """Return whose lane it is."""
    return Lane(project=project, taxonomy_version=taxonomy.version, username=username, kind=kind)


def open_lane(parts: Runtime, lane: Lane, taxonomy: Taxonomy, *, tolerance: int) -> OpenLane:
    """Make sure of a lane in Label Studio, its one member, and its record in the tracker."""
    studio = parts.label_studio()
    studio.check_guard()
    project_id = studio.ensure_lane(lane, taxonomy, tolerance=tolerance)
    studio.ensure_member(lane.username, lanes=[project_id])
    recorded = parts.tracker.lane_put(
        LaneIn(
            project=lane.project,
            taxonomy_version=lane.taxonomy_version,
            username=lane.username,
            kind=lane.kind,
            label_studio_project=project_id,
        )
    )
    return OpenLane(uid=recorded.uid, project_id=project_id)


def _new(item: WorkItem) -> list[SeatWork]:
    return [seat for seat in item.seats if seat.state is AssignmentState.PLANNED]
