"""What the bridge promises, said once: run against the fake and against a real Label Studio."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

import pytest

from labeling_bridge.bridge import LabelStudio
from labeling_bridge.lanes import Lane
from labeling_bridge.regions import render
from labeling_bridge.sweep import Submission, Sweep
from labeling_bridge.tasks import SeatTask, annotation_task, arbitration_task
from services.domain.errors import LabelStudioError
from services.domain.links import MEDIA_PREFIX, read_media_token
from services.domain.sanity.findings import make_finding
from tests.bridge.samples import AWKWARD, CLIP, COFFEE, comparison, seg

JsonDict = dict[str, Any]
DRAFT = (seg("pour", 0, 55), seg("stir", 80, 150))


class Person(Protocol):
    """Somebody at Label Studio's own pages."""

    @property
    def id(self) -> int: ...
    def tasks(self, project_id: int) -> list[JsonDict]: ...
    def draft(self, task_id: int, project_id: int, result: list[Any]) -> None: ...
    def submit(self, task_id: int, project_id: int, result: list[Any]) -> int: ...
    def update(self, annotation_id: int, result: list[Any]) -> None: ...


class World(Protocol):
    """A Label Studio with the bridge to it."""

    bridge: LabelStudio
    links_key: str

    def log_in(self, username: str) -> Person: ...
    def project(self, project_id: int) -> JsonDict: ...
    def task(self, task_id: int) -> JsonDict: ...
    def webhooks(self, project_id: int) -> list[JsonDict]: ...
    def strangers_answer(self, task_id: int, result: list[Any]) -> None: ...


def _hooks_listed(
    webhooks: Callable[[int], list[JsonDict]], *, reverse: bool
) -> Callable[[int], list[JsonDict]]:
    """List a project's webhooks with their actions in one of the orders they may come in."""
    return lambda project_id: [
        {**hook, "actions": sorted(hook["actions"], reverse=reverse)}
        for hook in webhooks(project_id)
    ]


class Desk:
    """One person's fresh lane, with what a test does to it."""

    def __init__(self, world: World, *, kind: str = "annotation", taxonomy: Any = COFFEE) -> None:
        self.world, self.taxonomy = world, taxonomy
        self.username = f"ana{uuid4().hex[:8]}"
        self.lane = Lane(
            project=f"coffee-{uuid4().hex[:6]}",
            taxonomy_version=taxonomy.version,
            username=self.username,
            kind="arbitration" if kind == "arbitration" else "annotation",
        )
        self.project_id = world.bridge.ensure_lane(self.lane, taxonomy, tolerance=3)
        world.bridge.ensure_member(self.username, password="blue-kettle-7", lanes=[self.project_id])
        self.person = world.log_in(self.username)

    def seat(self, prelabel: Any = DRAFT) -> SeatTask:
        return annotation_task(assignment=str(uuid4()), clip=CLIP, round_=1, prelabel=prelabel)

    def push(self, seat: SeatTask) -> int:
        return self.world.bridge.push_task(self.project_id, seat)

    def sweep(self, since: datetime | None = None) -> Sweep:
        return self.world.bridge.sweep(
            self.project_id, lane=self.lane, taxonomy=self.taxonomy, since=since
        )

    def only(self, since: datetime | None = None) -> Submission:
        (found,) = self.sweep(since).submissions
        return found


@pytest.fixture
def desk(world: World) -> Callable[..., Desk]:
    return lambda **wanted: Desk(world, **wanted)


def frames(submission: Submission) -> list[tuple[str | None, int | None, int | None]]:
    return [(one.label, one.onset, one.offset) for one in submission.segments]


class BridgeContract:
    """Inherit, and give a fixture ``world``."""

    def test_it_finds_the_guard(self, world: World) -> None:
        world.bridge.check_guard()

    def test_a_lane_is_made_once_and_kept_up_to_date(self, world: World, desk: Any) -> None:
        one = desk()
        before = world.project(one.project_id)
        assert before["show_skip_button"] is False
        assert before["show_collab_predictions"] is True
        assert "Liquid leaves the spout." in before["expert_instruction"]
        again = world.bridge.ensure_lane(one.lane, COFFEE, tolerance=3)
        assert again == one.project_id
        assert world.bridge.ensure_lane(one.lane, COFFEE, tolerance=9) == one.project_id
        assert "tolerance 9 frames" in world.project(one.project_id)["label_config"]

    def test_a_lane_names_nobody(self, world: World, desk: Any) -> None:
        one = desk()
        project = world.project(one.project_id)
        for field in ("title", "description", "label_config", "expert_instruction"):
            assert one.username not in project[field]

    def test_an_unchanged_lane_is_left_alone(
        self, world: World, desk: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for taxonomy, kind in ((COFFEE, "annotation"), (AWKWARD, "arbitration")):
            one = desk(kind=kind, taxonomy=taxonomy)
            with monkeypatch.context() as patched:
                client = world.bridge._client
                listed = client.webhooks
                patched.setattr(client, "update_project", lambda *_: pytest.fail("changed"))
                patched.setattr(client, "update_webhook", lambda *_: pytest.fail("changed"))
                patched.setattr(client, "create_webhook", lambda *_: pytest.fail("made"))
                for reverse in (False, True):  # Label Studio lists actions in no promised order
                    patched.setattr(client, "webhooks", _hooks_listed(listed, reverse=reverse))
                    world.bridge.ensure_lane(one.lane, taxonomy, tolerance=3)

    def test_a_lane_hints_at_the_tracker_with_the_secret(self, world: World, desk: Any) -> None:
        one = desk()
        (hook,) = world.webhooks(one.project_id)
        assert hook["url"].endswith("/api/v1/inbox/label-studio")
        assert hook["headers"] == {"X-Segue-Webhook-Secret": "hint-secret"}
        assert sorted(hook["actions"]) == ["ANNOTATION_CREATED", "ANNOTATION_UPDATED"]

    def test_a_second_person_cannot_join_a_lane(self, world: World, desk: Any) -> None:
        one = desk()
        with pytest.raises(LabelStudioError, match="person"):
            world.bridge.ensure_member("ben", password="green-kettle-7", lanes=[one.project_id])

    def test_a_person_sees_the_task_with_its_draft(self, world: World, desk: Any) -> None:
        one = desk()
        seat = one.seat()
        task_id = one.push(seat)
        (task,) = one.person.tasks(one.project_id)
        assert task["id"] == task_id
        data = task["data"]
        assert data["fps"] == pytest.approx(25, rel=1e-9)
        assert data["assignment"] == seat.assignment
        assert (data["status"], data["round"], data["n_frames"]) == ("new", 1, 300)
        grant = read_media_token(data["video"].removeprefix(MEDIA_PREFIX), world.links_key)
        assert (grant.key, grant.lane) == (CLIP.proxy_key, str(one.project_id))
        (token,) = re.findall(rf"\({MEDIA_PREFIX}(.+)\)$", data["strip"])
        strip = read_media_token(token, world.links_key)
        assert (strip.key, strip.lane) == (CLIP.strip_key, str(one.project_id))
        (prediction,) = task["predictions"]
        assert [region["value"]["ranges"] for region in prediction["result"]] == [
            [{"start": 1, "end": 55}],
            [{"start": 81, "end": 150}],
        ]

    def test_a_control_seat_gets_no_draft(self, world: World, desk: Any) -> None:
        one = desk()
        one.push(one.seat(prelabel=None))
        (task,) = one.person.tasks(one.project_id)
        assert task["predictions"] == []
        assert "no draft" in task["data"]["brief"]

    def test_a_repeated_push_makes_no_second_task(self, world: World, desk: Any) -> None:
        one = desk()
        seats = [one.seat() for _ in range(3)]
        first = world.bridge.push_tasks(one.project_id, seats[:2])
        again = world.bridge.push_tasks(one.project_id, seats)
        assert {uid: again[uid] for uid in first} == first
        assert len(one.person.tasks(one.project_id)) == 3
        for seat in seats:
            assert world.task(again[seat.assignment])["data"]["assignment"] == seat.assignment

    def test_an_answer_is_found_with_its_exact_frames(self, world: World, desk: Any) -> None:
        one = desk()
        seat = one.seat()
        task_id = one.push(seat)
        assert one.sweep().submissions == ()
        answer = render([seg("pour", 0, 57), seg("stir", 57, 300), seg("pour", 299, 300)])
        one.person.draft(task_id, one.project_id, answer)
        assert one.sweep().submissions == ()
        annotation_id = one.person.submit(task_id, one.project_id, answer)
        found = one.only()
        assert (found.assignment, found.task_id) == (seat.assignment, task_id)
        assert found.label_studio_annotation == annotation_id
        assert frames(found) == [("pour", 0, 57), ("stir", 57, 300), ("pour", 299, 300)]
        assert found.lead_time_s == 4.5
        assert not any(one.problem for one in found.segments)

    def test_an_update_is_found_with_a_watermark(self, world: World, desk: Any) -> None:
        one = desk()
        task_id = one.push(one.seat())
        annotation_id = one.person.submit(task_id, one.project_id, render([seg("pour", 0, 9)]))
        swept = one.sweep()
        one.person.update(annotation_id, render([seg("pour", 3, 12)]))
        again = one.sweep(swept.watermark)
        (late,) = again.submissions
        (early,) = swept.submissions
        assert late.label_studio_annotation == early.label_studio_annotation
        assert late.label_studio_updated_at > early.label_studio_updated_at
        assert frames(late) == [("pour", 3, 12)]
        assert swept.watermark
        assert again.watermark
        assert again.watermark > swept.watermark

    def test_findings_are_shown_and_the_answer_stays(self, world: World, desk: Any) -> None:
        one = desk()
        task_id = one.push(one.seat())
        opening = world.task(task_id)["data"]["brief"]
        annotation_id = one.person.submit(task_id, one.project_id, render([seg("pour", 0, 3)]))
        finding = make_finding("too_short", '"pour" is 3 frames long.', frames=(0, 3))
        for _ in range(2):
            world.bridge.show_findings(task_id, [finding])
        (task,) = one.person.tasks(one.project_id)
        assert task["data"]["status"] == "returned"
        assert '1. "pour" is 3 frames long.' in task["data"]["brief"]
        assert task["data"]["brief"].count(opening) == 1
        one.person.update(annotation_id, render([seg("pour", 0, 30)]))
        assert frames(one.only()) == [("pour", 0, 30)]
        remark = make_finding("flicker", '"pour" is short.', frames=(0, 30))
        for _ in range(2):
            world.bridge.show_passed(task_id, [remark])
        (task,) = one.person.tasks(one.project_id)
        assert task["data"]["status"] == "passed"
        assert "came back" not in task["data"]["brief"]
        assert task["data"]["brief"].count('Remark: "pour" is short.') == 1
        assert task["data"]["brief"].count(opening) == 1
        assert frames(one.only()) == [("pour", 0, 30)]

    def test_what_label_studio_lets_through_is_read_as_it_is(self, world: World, desk: Any) -> None:
        one = desk()
        task_id = one.push(one.seat())
        region = render([seg("pour", 0, 9)])[0]
        odd: list[JsonDict] = [
            {**region, "id": "a", "value": {**region["value"], "ranges": [span]}}
            for span in (
                {"start": 9, "end": 2},
                {"start": -4, "end": 4000},
                {"start": 1.0, "end": 5},
                {"start": "1", "end": 5},
            )
        ]
        for number, item in enumerate(odd):
            item["id"] = f"r{number}"
        odd.append({**region, "id": "r4", "value": {**region["value"], "timelinelabels": ["?"]}})
        one.person.submit(task_id, one.project_id, odd)
        found = one.only().segments
        assert [(s.onset, s.offset, s.problem is None) for s in found] == [
            (8, 2, True),
            (-5, 4000, True),
            (None, None, False),
            (None, None, False),
            (0, 9, True),
        ]
        assert found[4].label == "?"

    def test_only_the_lanes_own_person_counts(self, world: World, desk: Any) -> None:
        one = desk()
        task_id = one.push(one.seat())
        one.person.submit(task_id, one.project_id, render([seg("pour", 0, 9)]))
        world.strangers_answer(task_id, render([seg("stir", 100, 200)]))
        assert frames(one.only()) == [("pour", 0, 9)]

    def test_the_latest_of_several_answers_counts(self, world: World, desk: Any) -> None:
        one = desk()
        task_id = one.push(one.seat())
        first = one.person.submit(task_id, one.project_id, render([seg("pour", 0, 9)]))
        one.person.submit(task_id, one.project_id, render([seg("pour", 0, 19)]))
        assert frames(one.only()) == [("pour", 0, 19)]
        one.person.update(first, render([seg("pour", 0, 29)]))
        assert frames(one.only()) == [("pour", 0, 29)]

    def test_a_lane_of_more_than_a_page_is_swept_whole(
        self, world: World, desk: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("labeling_bridge.client.PAGE_SIZE", 4)
        one = desk()
        seats = [one.seat(prelabel=None) for _ in range(9)]
        ids = world.bridge.push_tasks(one.project_id, seats)
        for offset, seat in enumerate(seats, start=1):
            answer = render([seg("pour", 0, offset)])
            one.person.submit(ids[seat.assignment], one.project_id, answer)
        swept = one.sweep()
        found = {one.assignment: frames(one)[0][2] for one in swept.submissions}
        assert found == {seat.assignment: n for n, seat in enumerate(seats, start=1)}
        assert len(swept.submissions) == len(seats)

    def test_many_tasks_are_found_again_in_short_requests(
        self, world: World, desk: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("labeling_bridge.bridge.IMPORT_SIZE", 50)
        one = desk()
        seats = [one.seat() for _ in range(120)]
        first = world.bridge.push_tasks(one.project_id, seats)
        assert len(set(first.values())) == 120
        assert world.bridge.push_tasks(one.project_id, seats) == first

    def test_an_arbiter_decides_with_both_opinions(self, world: World, desk: Any) -> None:
        one = desk(kind="arbitration")
        x = [seg("pour", 0, 55), seg("stir", 80, 150)]
        y = [seg("pour", 1, 56), seg("stir", 100, 150)]
        compared = comparison(x, y)
        (agreed,) = (item.segment for item in compared.agreed)
        seat = arbitration_task(assignment=str(uuid4()), clip=CLIP, round_=1, comparison=compared)
        task_id = one.push(seat)
        (task,) = one.person.tasks(one.project_id)
        (prediction,) = task["predictions"]
        assert [region["from_name"] for region in prediction["result"]] == [
            "segments", "opinion_x", "opinion_y", "opinion_x", "opinion_y",
        ]  # fmt: skip
        answer = [
            *prediction["result"],
            *render([seg("stir", 90, 150)], prefix="mine"),
            {"id": "v", "type": "choices", "from_name": "verdict", "to_name": "video",
             "value": {"choices": ["accept"]}},
            {"id": "n", "type": "textarea", "from_name": "note", "to_name": "video",
             "value": {"text": ["X is early"]}},
        ]  # fmt: skip
        one.person.submit(task_id, one.project_id, answer)
        found = one.only()
        assert (found.verdict, found.note) == ("accept", "X is early")
        assert frames(found) == [("pour", agreed.onset, agreed.offset), ("stir", 90, 150)]
