"""What the pages send on an ordinary day passes: the guard is no wall around one's own work."""

from __future__ import annotations

import pytest

from tests.live_ls.world import World, region

pytestmark = [pytest.mark.live_ls, pytest.mark.timeout(300)]


def test_sam_opens_drafts_submits_and_corrects(world: World) -> None:
    sam = world.sam
    with world.session(sam) as client:
        for path in (
            "/",
            "/projects/",
            f"/projects/{sam.project}/data?task={sam.task}",
            "/api/current-user/whoami",
            "/api/current-user/hotkeys/",
            "/api/users",
            "/api/projects?page=1&page_size=30",
            "/api/projects/counts?include=id",
            f"/api/projects/{sam.project}",
            f"/api/dm/project?project={sam.project}",
            f"/api/dm/columns?project={sam.project}",
            f"/api/dm/actions?project={sam.project}",
            f"/api/dm/views?project={sam.project}",
            f"/api/tasks?project={sam.project}&view={sam.view}&page=1&page_size=30",
            f"/api/tasks/{sam.task}?project={sam.project}",
            f"/api/ml?project={sam.project}",
            f"/api/label_links?project={sam.project}&expand=label",
            f"/api/projects/{sam.project}/label-stream-history",
        ):
            answer = client.get(path, follow_redirects=True)
            assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:200]}"

        draft = client.post(
            f"/api/tasks/{sam.task}/drafts?project={sam.project}",
            json={"result": [region(3, 9)], "lead_time": 3, "parent_prediction": sam.prediction},
        )
        assert draft.status_code == 201
        kept = client.patch(
            f"/api/drafts/{draft.json()['id']}?project={sam.project}",
            json={"result": [region(3, 10)], "lead_time": 4},
        )
        assert kept.status_code == 200

        annotation = client.post(
            f"/api/tasks/{sam.task}/annotations?project={sam.project}",
            json={
                "result": [region(3, 10)],
                "lead_time": 5,
                "draft_id": draft.json()["id"],
                "parent_prediction": sam.prediction,
                "parent_annotation": None,
                "project": sam.project,
            },
        )
        assert annotation.status_code == 201
        assert annotation.json()["completed_by"] == sam.user

        corrected = client.patch(
            f"/api/annotations/{annotation.json()['id']}?project={sam.project}",
            json={"id": annotation.json()["id"], "result": [region(3, 11)], "lead_time": 6},
        )
        assert corrected.status_code == 200
        assert corrected.json()["result"][0]["value"]["ranges"] == [{"start": 3, "end": 11}]

        again = client.post(
            f"/api/tasks/{sam.task}/annotations/{annotation.json()['id']}/drafts",
            json={"result": [region(3, 12)], "lead_time": 7},
        )
        assert again.status_code == 201
        assert client.delete(f"/api/drafts/{again.json()['id']}/").status_code == 204


def test_a_skipped_task_is_taken_up_again_and_a_submitted_one_is_not(world: World) -> None:
    sam = world.sam
    with world.session(sam) as client:
        skipped = client.post(
            f"/api/tasks/{sam.task}/annotations?project={sam.project}&was_cancelled=1",
            json={"result": [], "was_cancelled": True},
        )
        assert skipped.status_code == 201
        taken_up = client.post(f"/api/annotations/{skipped.json()['id']}/convert-to-draft")
        assert taken_up.status_code == 201
        assert client.delete(f"/api/drafts/{taken_up.json()['id']}").status_code == 204

        assert client.post(f"/api/annotations/{sam.annotation}/convert-to-draft").status_code == 403


def test_the_stream_of_tasks_gives_the_own_next_one(world: World) -> None:
    with world.session(world.ana) as client:
        answer = client.post(f"/api/dm/actions?id=next_task&project={world.ana.project}", json={})
        assert answer.status_code == 200
        assert answer.json()["project"] == world.ana.project
        assert client.get(f"/api/projects/{world.ana.project}/next").status_code == 200


def test_nobody_is_sent_to_the_log_in_page_and_back(world: World) -> None:
    with world.label_studio.anonymous() as nobody:
        answer = nobody.get(f"/projects/{world.sam.project}/data?task={world.sam.task}")

        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/user/login/?next=/projects/")


def test_a_browser_without_a_csrf_token_logs_nobody_in(world: World) -> None:
    with world.label_studio.anonymous() as nobody:
        answer = nobody.post("/user/login/", data={"email": world.ben.email, "password": "x"})

        assert answer.status_code == 403


def test_the_service_does_what_the_bridge_needs(world: World) -> None:
    lane = world.sam.project
    with world.label_studio.admin() as admin:
        assert admin.get(f"/api/tasks?project={lane}&fields=all").json()["total"] == 1
        assert admin.get(f"/api/projects/{lane}/export?exportType=JSON").status_code == 200
        data = {"data": {"video": "/x", "fps": 25, "brief": "findings"}}
        assert admin.patch(f"/api/tasks/{world.sam.task}/", json=data).status_code == 200
        hook = {"url": "http://127.0.0.1:9/", "project": lane, "is_active": False}
        assert admin.post("/api/webhooks/", json=hook).status_code == 201
