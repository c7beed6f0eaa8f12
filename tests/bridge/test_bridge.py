"""The bridge's contract against the fake, and what only a fake can be made to do."""

from __future__ import annotations

import httpx
import pytest

from labeling_bridge.bridge import LabelStudio
from labeling_bridge.regions import render
from services.domain.errors import LabelStudioError, TransientError
from tests.bridge.conftest import LINKS_KEY, FakeWorld
from tests.bridge.contract import BridgeContract, Desk, desk, frames
from tests.bridge.samples import COFFEE, seg
from tests.fakes.label_studio import FakeLabelStudio

__all__ = ["desk"]


class TestFake(BridgeContract):
    """Everything the bridge promises."""


def test_a_label_studio_without_the_guard_is_refused(world: FakeWorld) -> None:
    world.fake.health = (404, {"detail": "Not found."})
    with pytest.raises(LabelStudioError) as refused:
        world.bridge.check_guard()
    assert refused.value.code == "guard_missing"


def test_a_broken_guard_is_refused_by_its_parts(world: FakeWorld) -> None:
    world.fake.health = (503, {"guard": "broken", "missing": ["middleware", "lists"]})
    with pytest.raises(LabelStudioError, match="middleware, lists"):
        world.bridge.check_guard()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_failing_label_studio_is_tried_again_later(world: FakeWorld, status: int) -> None:
    world.fake.fail = [httpx.Response(status, text="<html>bad gateway</html>")]
    with pytest.raises(TransientError, match="it gave no reason"):
        Desk(world)


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.ReadError("cut")]
)
def test_an_unreachable_label_studio_is_tried_again_later(
    world: FakeWorld, error: Exception
) -> None:
    world.fake.fail = [error]
    with pytest.raises(TransientError) as failed:
        Desk(world)
    assert failed.value.code == "label_studio_unreachable"


def test_a_request_is_not_repeated_behind_the_callers_back(world: FakeWorld) -> None:
    world.fake.fail = [httpx.Response(503)]
    with pytest.raises(TransientError):
        Desk(world)
    assert len(world.fake.requests) == 1


def test_a_refusal_says_what_label_studio_said(world: FakeWorld) -> None:
    world.fake.fail = [httpx.Response(400, json={"validation_errors": {"title": ["Too long."]}})]
    with pytest.raises(LabelStudioError, match=r'HTTP 400.*"title": \["Too long."\]'):
        Desk(world)


def test_an_answer_that_is_no_json_is_told_plainly(world: FakeWorld) -> None:
    world.fake.fail = [httpx.Response(200, text="<html>")]
    with pytest.raises(LabelStudioError):
        Desk(world)


def test_a_guard_that_answers_with_a_page_is_told_plainly(world: FakeWorld) -> None:
    world.fake.fail = [httpx.Response(200, text="<html>")]
    with pytest.raises(LabelStudioError, match="guard"):
        world.bridge.ensure_member("ana")


def test_a_wrong_token_is_not_repeated_in_the_error() -> None:
    fake = FakeLabelStudio()
    bridge = LabelStudio(
        "http://ls.test", "0123456789" * 4, links_key=LINKS_KEY, email_domain="segue.example",
        httpx_client=fake.client(),
    )  # fmt: skip
    with pytest.raises(LabelStudioError) as refused:
        bridge.ensure_member("ana")
    assert refused.value.code == "label_studio_token"
    assert "0123456789" not in str(refused.value)


def test_without_a_webhook_none_is_registered() -> None:
    world = FakeWorld()
    world.bridge._webhook = None
    assert world.webhooks(Desk(world).project_id) == []


def test_a_webhook_with_an_old_secret_is_put_right(world: FakeWorld) -> None:
    one = Desk(world)
    (hook,) = world.webhooks(one.project_id)
    hook["headers"] = {"X-Segue-Webhook-Secret": "old"}
    world.bridge.ensure_lane(one.lane, COFFEE, tolerance=3)
    (hook,) = world.webhooks(one.project_id)
    assert hook["headers"] == {"X-Segue-Webhook-Secret": "hint-secret"}


def test_two_runs_that_made_one_lane_agree_on_the_older(world: FakeWorld) -> None:
    one = Desk(world)
    twin = {**world.project(one.project_id), "id": 9_999}
    world.fake.projects[9_999] = twin
    assert world.bridge.ensure_lane(one.lane, COFFEE, tolerance=3) == one.project_id


def test_a_killed_push_leaves_task_and_draft_or_neither(world: FakeWorld) -> None:
    one = Desk(world)
    seat = one.seat()
    world.fake.requests.clear()
    task_id = one.push(seat)
    writes = [request for request in world.fake.requests if request[0] == "POST"]
    assert writes == [("POST", f"/api/projects/{one.project_id}/import")]
    assert one.push(seat) == task_id


def test_a_short_import_is_an_error(world: FakeWorld) -> None:
    one = Desk(world)
    half = httpx.Response(201, json={"task_count": 0, "task_ids": []})
    world.fake.instead[f"/api/projects/{one.project_id}/import"] = half
    with pytest.raises(LabelStudioError, match="0 of 1 tasks"):
        one.push(one.seat())


def test_a_project_that_does_not_stay_is_an_error(world: FakeWorld) -> None:
    world.fake.instead["/api/projects"] = httpx.Response(200, json={"results": []})
    with pytest.raises(LabelStudioError, match="did not keep"):
        Desk(world)


def test_a_page_without_tasks_is_an_error(world: FakeWorld) -> None:
    one = Desk(world)
    world.fake.instead["/api/tasks"] = httpx.Response(200, json={"total": 3})
    with pytest.raises(LabelStudioError, match="no list of tasks"):
        one.sweep()


def test_a_guard_without_members_is_an_error(world: FakeWorld) -> None:
    one = Desk(world)
    world.fake.instead["/segue/members"] = httpx.Response(200, json={})
    with pytest.raises(LabelStudioError, match="no list of members"):
        one.sweep()


def test_a_lane_that_lost_its_person_is_not_read(world: FakeWorld) -> None:
    one = Desk(world)
    world.fake.members[one.project_id].clear()
    with pytest.raises(LabelStudioError) as refused:
        one.sweep()
    assert refused.value.code == "lane_members"


def test_a_skipped_task_is_no_answer(world: FakeWorld) -> None:
    one = Desk(world)
    task_id = one.push(one.seat())
    world.fake.submit(task_id, one.person.id, [], was_cancelled=True)
    assert one.sweep().submissions == ()
    world.fake.submit(task_id, one.person.id, render([seg("pour", 0, 9)]))
    world.fake.submit(task_id, one.person.id, [], was_cancelled=True)
    assert frames(one.only()) == [("pour", 0, 9)]


def test_a_task_of_somebody_elses_making_is_passed_over(world: FakeWorld) -> None:
    one = Desk(world)
    task_id = one.push(one.seat())
    del world.fake.tasks[task_id]["data"]["assignment"]
    world.fake.submit(task_id, one.person.id, [])
    assert one.sweep().submissions == ()


def test_an_answer_stamped_before_the_watermark_is_still_found(world: FakeWorld) -> None:
    # Stamped early, committed late: it was not there when the sweep before looked.
    one = Desk(world)
    first, second = one.push(one.seat()), one.push(one.seat())
    late = world.fake.submit(first, one.person.id, render([seg("pour", 0, 9)]))
    hidden = world.fake.annotations.pop(late)
    world.fake.submit(second, one.person.id, render([seg("pour", 0, 19)]))
    swept = one.sweep()
    world.fake.annotations[late] = hidden
    again = one.sweep(swept.watermark)
    assert late in {found.label_studio_annotation for found in again.submissions}
    assert again.watermark == swept.watermark


def test_an_idle_lane_costs_one_look(world: FakeWorld) -> None:
    one = Desk(world)
    one.push(one.seat())
    world.fake.requests.clear()
    swept = one.sweep()
    assert (swept.submissions, swept.watermark) == ((), None)
    assert world.fake.requests == [("GET", "/segue/members"), ("GET", "/api/tasks")]


def test_an_answer_without_a_time_is_an_error(world: FakeWorld) -> None:
    one = Desk(world)
    task_id = one.push(one.seat())
    annotation = world.fake.submit(task_id, one.person.id, [])
    world.fake.annotations[annotation]["updated_at"] = None
    with pytest.raises(LabelStudioError, match="update time"):
        one.sweep()


def test_logging_in_ignores_case() -> None:
    assert FakeWorld().bridge.email_of("Ana") == "ana@segue.example"


def test_a_body_that_is_no_object_or_a_list_still_gives_a_reason(world: FakeWorld) -> None:
    world.fake.fail = [httpx.Response(400, json=["Too many tasks."])]
    with pytest.raises(LabelStudioError, match="Too many tasks"):
        Desk(world)


def test_something_gone_is_told_by_its_code(world: FakeWorld) -> None:
    world.fake.instead["/api/tasks/77"] = httpx.Response(404, json={"detail": "Not found."})
    with pytest.raises(LabelStudioError) as missing:
        world.bridge.show_findings(77, [])
    assert missing.value.code == "label_studio_missing"


def test_a_person_may_have_a_name(world: FakeWorld) -> None:
    member = world.bridge.ensure_member("ana", first_name="Ana")
    assert member.email == "ana@segue.example"
    world.bridge.close()
