"""A Label Studio in memory: the routes the bridge uses, answering as version 1.23.2 does.

Faithful where it matters: it checks nothing that the real one does not check, moves a task's
update time when an answer changes, filters and pages as the data manager does, and stands
behind the guard. ``tests/bridge/contract.py`` holds it against the real one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import httpx

Json = dict[str, Any]
TOKEN = "f" * 40

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "greater": lambda one, other: one > other,
    "greater_or_equal": lambda one, other: one >= other,
    "in_list": lambda one, other: one in other,
}


class FakeLabelStudio:
    """Use ``client()`` as the bridge's transport; ``submit`` and ``update`` are a person's."""

    def __init__(self) -> None:
        self.projects: dict[int, Json] = {}
        self.tasks: dict[int, Json] = {}
        self.annotations: dict[int, Json] = {}
        self.predictions: dict[int, Json] = {}
        self.webhooks: dict[int, Json] = {}
        self.people: dict[int, Json] = {1: {"email": "service@segue.example", "staff": True}}
        self.members: dict[int, set[int]] = {}
        self.health: tuple[int, Json] = (200, {"guard": "active", "missing": []})
        self.fail: list[httpx.Response | Exception] = []
        """What the next requests get instead of an answer."""
        self.instead: dict[str, httpx.Response] = {}
        """What a path answers instead of doing anything."""
        self.requests: list[tuple[str, str]] = []
        self._ids = count(1)
        self._now = datetime(2026, 1, 1, tzinfo=UTC)

    def client(self) -> httpx.Client:
        """Return a client whose requests this object answers."""
        return httpx.Client(transport=httpx.MockTransport(self._handle))

    # --- what people do ----------------------------------------------------------------------

    def submit(self, task_id: int, person: int, result: Any, **fields: Any) -> int:
        """Take an answer as the editor sends it; nothing in it is checked."""
        now = self._tick()
        annotation_id = next(self._ids)
        self.annotations[annotation_id] = {
            "id": annotation_id,
            "task": task_id,
            "project": self.tasks[task_id]["project"],
            "completed_by": person,
            "was_cancelled": False,
            "result": result,
            "created_at": now,
            "updated_at": now,
            "lead_time": 4.5,
            **fields,
        }
        self.tasks[task_id]["updated_at"] = self._tick()
        return annotation_id

    def update(self, annotation_id: int, result: Any) -> None:
        """Take a changed answer."""
        annotation = self.annotations[annotation_id]
        annotation |= {"result": result, "updated_at": self._tick()}
        self.tasks[annotation["task"]]["updated_at"] = self._tick()

    def tasks_of(self, project_id: int) -> list[Json]:
        """Return a project's tasks with their drafts and answers."""
        own = [task for task in self.tasks.values() if task["project"] == project_id]
        return [self._shown(task, everything=True) for task in own]

    # --- the server --------------------------------------------------------------------------

    def _handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.rstrip("/")
        self.requests.append((request.method, path))
        assert len(str(request.url)) < 4094, "gunicorn would refuse this request line"
        if self.fail:
            failure = self.fail.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        if path in self.instead:
            return self.instead[path]
        if path == "/segue/health":
            return httpx.Response(self.health[0], json=self.health[1])
        if request.headers.get("Authorization") != f"Token {TOKEN}":
            return httpx.Response(401, json={"detail": "Invalid token."})
        for method, pattern, route in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == request.method:
                body = json.loads(request.content) if request.content else {}
                query = {name: values[0] for name, values in _query(request).items()}
                ids = [int(part) for part in match.groups()]
                return route(self, *ids, body=body, query=query)
        return httpx.Response(404, json={"detail": "Not found."})

    def _list_members(self, *, body: Any, query: Json) -> httpx.Response:
        members = self.members.get(int(query["project"]), set())
        return _json({"members": [self._person(one) for one in sorted(members)]})

    def _set_member(self, *, body: Json, query: Json) -> httpx.Response:
        known = [one for one, who in self.people.items() if who["email"] == body["email"]]
        person = known[0] if known else next(self._ids) + 100
        for project in body["projects"]:
            if self.members.get(project, set()) - {person}:
                return _json({"detail": f"Lane {project} is another person's."}, 409)
        self.people.setdefault(person, {"email": body["email"], "staff": False})
        for project in body["projects"]:
            self.members.setdefault(project, set()).add(person)
        return _json(self._person(person), 200 if known else 201)

    def _list_projects(self, *, body: Any, query: Json) -> httpx.Response:
        wanted = query.get("title", "").lower()
        found = [one for one in self.projects.values() if wanted in one["title"].lower()]
        found.reverse()  # newest first, as the real one lists them
        return _json({"count": len(found), "next": None, "previous": None, "results": found})

    def _make_project(self, *, body: Json, query: Json) -> httpx.Response:
        if not 3 <= len(body["title"]) <= 50:
            faults = {"title": ["Ensure this field has no more than 50 characters."]}
            return _json({"detail": "Validation error", "validation_errors": faults}, 400)
        project = {**body, "id": next(self._ids), "model_version": ""}
        self.projects[project["id"]] = project
        return _json(project, 201)

    def _change_project(self, project_id: int, *, body: Json, query: Json) -> httpx.Response:
        self.projects[project_id] |= body
        return _json(self.projects[project_id])

    def _list_webhooks(self, *, body: Any, query: Json) -> httpx.Response:
        return _json([h for h in self.webhooks.values() if h["project"] == int(query["project"])])

    def _make_webhook(self, *, body: Json, query: Json) -> httpx.Response:
        hook = {**body, "id": next(self._ids)}
        self.webhooks[hook["id"]] = hook
        return _json(hook, 201)

    def _change_webhook(self, hook_id: int, *, body: Json, query: Json) -> httpx.Response:
        self.webhooks[hook_id] |= body
        return _json(self.webhooks[hook_id])

    def _import(self, project_id: int, *, body: list[Json], query: Json) -> httpx.Response:
        ids = []
        for item in body:
            task_id, now = next(self._ids), self._tick()
            self.tasks[task_id] = {
                "id": task_id, "project": project_id, "data": item["data"], "updated_at": now,
            }  # fmt: skip
            for prediction in item["predictions"]:
                number = next(self._ids)
                self.predictions[number] = {**prediction, "id": number, "task": task_id}
            ids.append(task_id)
        return _json({"task_count": len(ids), "task_ids": ids}, 201)

    def _list_tasks(self, *, body: Any, query: Json) -> httpx.Response:
        asked = json.loads(query["query"])
        found = [one for one in self.tasks.values() if one["project"] == int(query["project"])]
        for item in asked["filters"]["items"]:
            found = [task for task in found if self._matches(task, item)]
        (ordering,) = asked["ordering"]
        field = ordering.removeprefix("-").removeprefix("tasks:")
        found.sort(key=lambda task: task[field], reverse=ordering.startswith("-"))
        size, page = int(query["page_size"]), int(query["page"])
        some = found[(page - 1) * size : page * size]
        if not some and page > 1:
            return _json({"detail": "Invalid page."}, 404)
        shown = [self._shown(task, everything=query["fields"] == "all") for task in some]
        return _json({"total": len(found), "tasks": shown})

    def _read_task(self, task_id: int, *, body: Any, query: Json) -> httpx.Response:
        return _json(self._shown(self.tasks[task_id], everything=True))

    def _change_task(self, task_id: int, *, body: Json, query: Json) -> httpx.Response:
        self.tasks[task_id] |= {**body, "updated_at": self._tick()}
        return self._read_task(task_id, body=None, query={})

    def _matches(self, task: Json, item: Json) -> bool:
        name = item["filter"].removeprefix("filter:tasks:")
        if name == "total_annotations":
            value: Any = len([a for a in self._answers(task) if not a["was_cancelled"]])
        elif name.startswith("data."):
            value = task["data"].get(name.removeprefix("data."))
        else:
            value = task[name]
        return _OPERATORS[item["operator"]](value, item["value"])

    def _answers(self, task: Json) -> list[Json]:
        return [one for one in self.annotations.values() if one["task"] == task["id"]]

    def _shown(self, task: Json, *, everything: bool) -> Json:
        if not everything:
            return dict(task)
        drafts = [one for one in self.predictions.values() if one["task"] == task["id"]]
        return {**task, "annotations": self._answers(task), "predictions": drafts}

    def _person(self, person: int) -> Json:
        return {"id": person, "email": self.people[person]["email"], "projects": []}

    def _tick(self) -> str:
        self._now += timedelta(milliseconds=7)
        return self._now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _json(content: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=content)


def _query(request: httpx.Request) -> dict[str, list[str]]:
    return parse_qs(request.url.query.decode())


_F = FakeLabelStudio
_ROUTES: list[tuple[str, str, Callable[..., httpx.Response]]] = [
    ("GET", "/segue/members", _F._list_members),
    ("POST", "/segue/members", _F._set_member),
    ("GET", "/api/projects", _F._list_projects),
    ("POST", "/api/projects", _F._make_project),
    ("PATCH", r"/api/projects/(\d+)", _F._change_project),
    ("POST", r"/api/projects/(\d+)/import", _F._import),
    ("GET", "/api/webhooks", _F._list_webhooks),
    ("POST", "/api/webhooks", _F._make_webhook),
    ("PATCH", r"/api/webhooks/(\d+)", _F._change_webhook),
    ("GET", "/api/tasks", _F._list_tasks),
    ("GET", r"/api/tasks/(\d+)", _F._read_task),
    ("PATCH", r"/api/tasks/(\d+)", _F._change_task),
]
