"""A real Label Studio with the guard, and people who use it as the browser does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from labeling_bridge.bridge import LabelStudio
from labeling_bridge.lanes import Webhook
from tests.live_ls import server

PASSWORD = "blue-kettle-7"


class LivePerson:
    """Logs in with the form and sends what the editor sends, CSRF token and all."""

    def __init__(self, session: httpx.Client) -> None:
        self._session = session
        self.id: int = self._json("GET", "/api/current-user/whoami")["id"]

    def tasks(self, project_id: int) -> list[dict[str, Any]]:
        answer = self._json("GET", "/api/tasks", params={"project": project_id, "fields": "all"})
        return [self._json("GET", f"/api/tasks/{task['id']}") for task in answer["tasks"]]

    def draft(self, task_id: int, project_id: int, result: list[Any]) -> None:
        path = f"/api/tasks/{task_id}/drafts"
        self._json("POST", path, params={"project": project_id}, json={"result": result})

    def submit(self, task_id: int, project_id: int, result: list[Any]) -> int:
        body = {"result": result, "lead_time": 4.5}
        path = f"/api/tasks/{task_id}/annotations"
        made = self._json("POST", path, params={"project": project_id}, json=body)
        assert made["completed_by"] == self.id
        return int(made["id"])

    def update(self, annotation_id: int, result: list[Any]) -> None:
        self._json("PATCH", f"/api/annotations/{annotation_id}", json={"result": result})

    def _json(self, method: str, path: str, **arguments: Any) -> Any:
        answer = self._session.request(method, path, follow_redirects=True, **arguments)
        assert answer.status_code < 300, (
            f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        )
        return answer.json()


class LiveWorld:
    def __init__(self, running: server.LabelStudio) -> None:
        self._running = running
        self.links_key = running.links_key
        self.bridge = LabelStudio(
            running.url,
            running.admin_token,
            links_key=running.links_key,
            email_domain="segue.example",
            webhook=Webhook(
                url="http://127.0.0.1:9/api/v1/inbox/label-studio", secret="hint-secret"
            ),
        )

    def log_in(self, username: str) -> LivePerson:
        return LivePerson(self._running.login(f"{username}@segue.example", PASSWORD))

    def project(self, project_id: int) -> dict[str, Any]:
        return dict(self._admin("GET", f"/api/projects/{project_id}/"))

    def task(self, task_id: int) -> dict[str, Any]:
        return dict(self._admin("GET", f"/api/tasks/{task_id}/"))

    def webhooks(self, project_id: int) -> list[dict[str, Any]]:
        return list(self._admin("GET", "/api/webhooks/", params={"project": project_id}))

    def strangers_answer(self, task_id: int, result: list[Any]) -> None:
        self._admin("POST", f"/api/tasks/{task_id}/annotations/", json={"result": result})

    def _admin(self, method: str, path: str, **arguments: Any) -> Any:
        with self._running.admin() as admin:
            answer = admin.request(method, path, **arguments)
        assert answer.status_code < 300, answer.text[:500]
        return answer.json()


@pytest.fixture(scope="session")
def world() -> Iterator[LiveWorld]:
    with server.running_label_studio() as running:
        live = LiveWorld(running)
        yield live
        live.bridge.close()
