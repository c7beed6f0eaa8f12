"""Simulated annotators and an arbiter: they log in to Label Studio as a person's browser does.

They hold a name and a password, nothing else. What they read and write goes over the same
routes as the page's own calls, through the guard, with a session cookie and a CSRF token.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from orchestration.demo.opinions import Part, careless, opinion
from orchestration.demo.truth import Span, Truth
from services.domain.errors import LabelStudioError, TransientError

_CSRF_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_TOOL = re.compile(r'<TimelineLabels name="([^"]+)"')
PAGE = 100
LEAD_TIME_S = 42.0


@dataclass
class Person:
    """Somebody at a desk, with one Label Studio session.

    Parameters
    ----------
    username, email, password : str
        How the person logs in.
    label_studio_url : str
        Where Label Studio answers.
    truth : Truth
        What the person's eyes see in a video.
    parts : dict
        What happens on which clip.
    faulty : bool
        Whether it is this person who disagrees or is careless where somebody is.
    """

    username: str
    email: str
    password: str
    label_studio_url: str
    truth: Truth
    parts: dict[str, Part]
    faulty: bool = False
    answered: dict[int, str] = field(default_factory=dict)
    """Task id -> the brief that was last answered."""
    n_watched: int = 0
    """Videos whose bytes arrived as a player would ask for them."""

    def __post_init__(self) -> None:
        self._http = httpx.Client(base_url=self.label_studio_url, timeout=30)

    def log_in(self) -> None:
        """Log in with the page's form.

        Raises
        ------
        LabelStudioError
            If Label Studio does not take the name and password.
        """
        page = self._ask("GET", "/user/login/")
        token = _CSRF_FIELD.search(page.text)
        if token is None:
            raise LabelStudioError("Label Studio's log-in page has no form.")
        answer = self._ask(
            "POST",
            "/user/login/",
            data={
                "csrfmiddlewaretoken": token.group(1),
                "email": self.email,
                "password": self.password,
            },
            headers={"Referer": f"{self.label_studio_url}/user/login/"},
        )
        if answer.status_code != httpx.codes.FOUND:
            raise LabelStudioError(f"Label Studio did not let {self.username} in.")

    def close(self) -> None:
        """End the session's connections."""
        self._http.close()

    def work(self) -> int:
        """Answer every task that is new or came back; return how many."""
        n_answered = 0
        for project in self._get("/api/projects", page_size=PAGE)["results"]:
            tool = labelling_tool(project["label_config"])
            for task in self._tasks(project["id"]):
                if task["data"]["status"] == "passed":
                    continue
                brief = f"{task['data']['status']}:{task['data']['brief']}"
                if self.answered.get(task["id"]) != brief:
                    self._answer(project["id"], task, tool)
                    self.answered[task["id"]] = brief
                    n_answered += 1
        return n_answered

    def _tasks(self, project: int) -> list[dict[str, Any]]:
        tasks: list[dict[str, Any]] = []
        page = 1
        while True:
            answer = self._get(
                "/api/tasks", project=project, page=page, page_size=PAGE, fields="all"
            )
            tasks += answer["tasks"]
            if page * PAGE >= answer["total"]:
                return tasks
            page += 1

    def _answer(self, project: int, task: dict[str, Any], tool: str) -> None:
        """Open a task, watch the video, mark it, submit or update."""
        opened = self._get(f"/api/tasks/{task['id']}", project=project)
        self._watch(opened["data"]["video"])
        body: dict[str, Any] = {"result": self._result(opened, tool), "lead_time": LEAD_TIME_S}
        mine = [item for item in opened["annotations"] if not item["was_cancelled"]]
        if mine:
            self._send("PATCH", f"/api/annotations/{mine[-1]['id']}", project, body)
            return
        predictions = opened.get("predictions") or []
        if predictions:
            body["parent_prediction"] = predictions[-1]["id"]
        self._send("POST", f"/api/tasks/{task['id']}/annotations", project, body)

    def _watch(self, url: str) -> None:
        """Ask for the first bytes as a video element does."""
        answer = self._ask("GET", url, headers={"Range": "bytes=0-4095"}, follow_redirects=True)
        if answer.status_code != httpx.codes.PARTIAL_CONTENT:
            raise LabelStudioError(
                f"{self.username} asked for a part of the video and got {answer.status_code}."
            )
        self.n_watched += 1

    def _result(self, task: dict[str, Any], tool: str) -> list[dict[str, Any]]:
        data = task["data"]
        name, n_frames = data["title"], int(data["n_frames"])
        truth = self.truth.timeline(name, n_frames)
        part = self.parts.get(name, Part.AGREE)
        spans = opinion(self.username, name, truth, part=part, late=self.faulty)
        if part is Part.CARELESS and self.faulty and data["status"] == "new":
            spans = careless(spans)
        return [_region(span, tool) for span in spans]

    def _get(self, path: str, **query: Any) -> Any:
        answer = self._ask("GET", path, params=query)
        self._expect_success(answer)
        return answer.json()

    def _send(self, method: str, path: str, project: int, body: dict[str, Any]) -> None:
        answer = self._ask(
            method,
            path,
            params={"project": project},
            json=body,
            headers={
                "X-CSRFToken": self._http.cookies["csrftoken"],
                "Referer": self.label_studio_url,
            },
        )
        self._expect_success(answer)

    def _ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send one request; a server that is down or stumbles is worth another try."""
        try:
            answer = self._http.request(method, url, **options)
        except httpx.TransportError as error:
            raise TransientError(f"{self.username} cannot reach Label Studio.") from error
        if answer.is_server_error:
            raise TransientError(f"{self.username} got {answer.status_code} for {method} {url}.")
        return answer

    def _expect_success(self, answer: httpx.Response) -> None:
        if not answer.is_success:
            request = answer.request
            raise LabelStudioError(
                f"{self.username}: {request.method} {request.url.path} answered "
                f"{answer.status_code}: {answer.text[:200]}"
            )


class Arbiter(Person):
    """The senior: sees opinions X and Y, marks what is right, and says so."""

    def _result(self, task: dict[str, Any], tool: str) -> list[dict[str, Any]]:
        data = task["data"]
        truth = self.truth.timeline(data["title"], int(data["n_frames"]))
        verdict = {
            "id": uuid.uuid4().hex[:10],
            "type": "choices",
            "from_name": "verdict",
            "to_name": "video",
            "value": {"choices": ["accept"]},
        }
        return [*(_region(span, tool) for span in truth), verdict]


def labelling_tool(label_config: str) -> str:
    """Find the control that a person draws with: the page's first timeline control.

    Raises
    ------
    LabelStudioError
        If the page has none.
    """
    found = _TOOL.search(label_config)
    if found is None:
        raise LabelStudioError("The page has no timeline labels to draw with.")
    return found.group(1)


def _region(span: Span, tool: str) -> dict[str, Any]:
    """Write a span as Label Studio's page does: frames from 1, both ends included."""
    label, onset, offset = span
    return {
        "id": uuid.uuid4().hex[:10],
        "type": "timelinelabels",
        "from_name": tool,
        "to_name": "video",
        "origin": "manual",
        "value": {
            "ranges": [{"start": onset + 1, "end": offset}],
            "timelinelabels": [label],
        },
    }
