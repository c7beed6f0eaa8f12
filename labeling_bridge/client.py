"""The one place that speaks to Label Studio through its SDK.

Methods return plain values and raise only Segue's own errors. The SDK (half a gigabyte with
its dependencies) is imported when the first client is made, not when this module is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final

import httpx

from labeling_bridge.refusals import refusal
from services.domain.errors import LabelStudioError, TransientError

if TYPE_CHECKING:
    import label_studio_sdk

TIMEOUT_S: Final = 60.0
PAGE_SIZE: Final = 100
# A query travels in the address, and gunicorn reads no request line above 4,094 characters.
LOOKUP_SIZE: Final = 40

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedTask:
    """A task with answers, as the sweep sees it."""

    id: int
    data: Json
    annotations: list[Json]
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """Some of the matching tasks, and how many match in all."""

    tasks: list[ChangedTask]
    total: int


class LabelStudioClient:
    """A typed, narrow view of Label Studio's API for the service account."""

    def __init__(self, url: str, token: str, *, httpx_client: httpx.Client | None = None) -> None:
        from label_studio_sdk import LabelStudio

        self._http = httpx_client or _transport()
        with _told_plainly("connect"):
            # The SDK's own subclass is not annotated.
            self._sdk: label_studio_sdk.LabelStudio = LabelStudio(  # type: ignore[no-untyped-call]
                base_url=url,
                api_key=token,
                httpx_client=self._http,
                # A repeat of a request that may have worked is for the caller to decide.
                max_retries=0,
            )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def health(self) -> Json:
        """Return what the guard says of itself; nothing when there is no guard."""
        with _told_plainly("look for the guard"):
            answer = self._send("GET", "segue/health")
        body = _json_of(answer)
        return body if isinstance(body, dict) and "guard" in body else {}

    def members(self, project_id: int) -> list[Json]:
        """Return the people of a project who are not staff."""
        answer = self._guard("GET", "segue/members", params={"project": project_id})
        members = answer.get("members")
        if not isinstance(members, list):
            raise LabelStudioError("Label Studio's guard sent no list of members.")
        return members

    def set_member(self, body: Json) -> Json:
        """Make a person and their memberships as wanted."""
        return self._guard("POST", "segue/members", json=body)

    def projects_titled(self, title: str) -> list[Json]:
        """Return the projects whose title contains the text, oldest first."""
        with _told_plainly("list projects"):
            # Titles are all but unique; walking on would end in a 404 each time.
            pager: Any = self._sdk.projects.list(title=title, page_size=PAGE_SIZE)
        return sorted(
            (_dump(project) for project in pager.items or []), key=lambda item: int(item["id"])
        )

    def create_project(self, settings: Mapping[str, Any]) -> Json:
        """Make a project."""
        with _told_plainly("create a project"):
            return _dump(self._sdk.projects.create(**settings))

    def update_project(self, project_id: int, settings: Mapping[str, Any]) -> None:
        """Change the given settings of a project."""
        with _told_plainly(f"change project {project_id}"):
            self._sdk.projects.update(id=project_id, **settings)

    def webhooks(self, project_id: int) -> list[Json]:
        """Return the project's webhooks."""
        with _told_plainly("list webhooks"):
            found = self._sdk.webhooks.list(project=str(project_id))
        return [_dump(webhook) for webhook in found]

    def create_webhook(self, settings: Mapping[str, Any]) -> None:
        """Register a webhook."""
        with _told_plainly("register a webhook"):
            self._sdk.webhooks.create(**settings)

    def update_webhook(self, webhook_id: int, settings: Mapping[str, Any]) -> None:
        """Change a webhook."""
        with _told_plainly("change a webhook"):
            self._sdk.webhooks.update(id=webhook_id, **settings)

    def find_tasks(self, project_id: int, field: str, values: Sequence[str]) -> dict[str, int]:
        """Return the oldest task of each value that a field of task data has."""
        found: dict[str, int] = {}
        for first in range(0, len(values), LOOKUP_SIZE):
            some = list(values[first : first + LOOKUP_SIZE])
            one_of = {
                "filter": f"filter:tasks:data.{field}",
                "operator": "in_list",
                "type": "List",
                "value": some,
            }
            page = self._page(
                project_id, [one_of], ordering="tasks:id", page=1, content="task_only"
            )
            for task in page.tasks:
                found.setdefault(str(task.data.get(field)), task.id)
        return found

    def import_tasks(self, project_id: int, tasks: Sequence[Json]) -> list[int]:
        """Add tasks with their predictions in one request; ids come in the order given."""
        with _told_plainly(f"import tasks into project {project_id}"):
            answer = self._sdk.projects.import_tasks(
                id=project_id,
                request=tasks,  # type: ignore[arg-type]  # the SDK's model adds nothing to a dict
                return_task_ids=True,
            )
        ids = list(answer.task_ids or []) if hasattr(answer, "task_ids") else []
        if len(ids) != len(tasks):
            raise LabelStudioError(
                f"Label Studio took {len(ids)} of {len(tasks)} tasks for project {project_id}."
            )
        return ids

    def task_data(self, task_id: int) -> Json:
        """Return a task's data."""
        with _told_plainly(f"read task {task_id}"):
            task = self._sdk.tasks.get(id=str(task_id))
        return dict(task.data or {})

    def update_task_data(self, task_id: int, data: Json) -> None:
        """Replace a task's data; its annotations stay."""
        with _told_plainly(f"change task {task_id}"):
            self._sdk.tasks.update(id=str(task_id), data=data)

    def answered_tasks(
        self, project_id: int, *, since: datetime | None, newest_first: bool, page: int
    ) -> TaskPage:
        """Return tasks with answers that changed at a time or after it."""
        items = [
            {
                "filter": "filter:tasks:total_annotations",
                "operator": "greater",
                "type": "Number",
                "value": 0,
            }
        ]
        if since is not None:
            items.append(
                {
                    "filter": "filter:tasks:updated_at",
                    "operator": "greater_or_equal",
                    "type": "Datetime",
                    "value": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                }
            )
        ordering = "-tasks:updated_at" if newest_first else "tasks:id"
        return self._page(project_id, items, ordering=ordering, page=page, content="all")

    def _page(
        self, project_id: int, items: list[Json], *, ordering: str, page: int, content: str
    ) -> TaskPage:
        query = {"filters": {"conjunction": "and", "items": items}, "ordering": [ordering]}
        with _told_plainly(f"read tasks of project {project_id}"):
            answer = self._sdk.tasks.with_raw_response.list(
                project=project_id,
                page=page,
                page_size=PAGE_SIZE,
                fields=content,
                query=json.dumps(query, separators=(",", ":")),
            )
        body = answer.response
        if body is None or body.tasks is None:
            raise LabelStudioError(f"Label Studio sent no list of tasks for project {project_id}.")
        return TaskPage(tasks=[_changed(task) for task in body.tasks], total=body.total or 0)

    def _guard(self, method: str, path: str, **arguments: Any) -> Json:  # noqa: ANN401 - to httpx
        with _told_plainly(f"reach the guard at /{path}"):
            answer = self._send(method, path, **arguments)
        body = _json_of(answer)
        if answer.status_code >= 400 or not isinstance(body, dict):
            raise refusal(f"reach the guard at /{path}", answer.status_code, body)
        return body

    def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401
        # The SDK's own transport, so that the token goes along in whichever form it has.
        transport = self._sdk._client_wrapper.httpx_client
        answer: httpx.Response = transport.request(path, method=method, **arguments)
        return answer


def _transport() -> httpx.Client:
    # No cookies: a session beside the token would make Label Studio ask for a CSRF token.
    no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, cookies=no_cookies)


@contextmanager
def _told_plainly(what: str) -> Iterator[None]:
    """Turn the SDK's and the transport's errors into ours, without headers or tokens."""
    from label_studio_sdk.core.api_error import ApiError

    try:
        yield
    except ApiError as error:
        raise refusal(what, error.status_code, error.body) from None
    except httpx.TransportError as error:
        raise TransientError(
            f"Label Studio could not be reached to {what} ({type(error).__name__}); "
            "it may be starting or restarting.",
            code="label_studio_unreachable",
        ) from error
    except ValueError as error:  # a body that is no JSON, or not of the form the SDK expects
        raise LabelStudioError(
            f"Label Studio's answer could not be read while trying to {what}: "
            f"{type(error).__name__}."
        ) from error


def _json_of(answer: httpx.Response) -> object:
    try:
        return answer.json()
    except ValueError:
        return None


def _dump(model: Any) -> Json:  # noqa: ANN401 - one of the SDK's models
    return dict(model.model_dump())


def _changed(task: Any) -> ChangedTask:  # noqa: ANN401 - one of the SDK's task models
    # The page itself is not put through the SDK's task models: times in it are still text.
    at = task.updated_at
    return ChangedTask(
        id=task.id,
        data=dict(task.data or {}),
        annotations=list(task.annotations or []),
        updated_at=at if isinstance(at, datetime) else datetime.fromisoformat(at),
    )
