"""Requests for somebody else's work: every route, every method, every way of naming it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpx

from tests.live_ls.routes import Route
from tests.live_ls.world import COUNT_OF_ANA, MARK, Person, World, region

WRITES = ("POST", "PUT", "PATCH", "DELETE")
# Words of hers in any spelling, and the number of her tasks as a number of its own.
TELLTALE = re.compile(rf"{MARK}|ana@segue|(?<![\w.\-/]){COUNT_OF_ANA}(?![\w.\-])", re.IGNORECASE)
TELLING_HEADERS = ("Location", "Content-Disposition", "Content-Type", "Link", "Allow")
N_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One request."""

    route: str
    method: str
    path: str
    content: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {sorted(self.content)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: its status and everything readable in it."""

    probe: Probe
    status: int
    text: str

    @property
    def leak(self) -> str | None:
        """Return a piece of ana's in the answer, unless the probe itself said it."""
        for found in TELLTALE.finditer(self.text):
            around = self.text[max(0, found.start() - 60) : found.end() + 60]
            return f"{self.probe} -> {self.status}: ...{around}..."
        return None


def path_values(world: World, route: Route) -> Mapping[str, Sequence[object]]:
    """Return what to put into a route's parameters.

    Where the address says what its id is, that id of ana's; elsewhere (that is, also in
    what a new version adds) every id of hers.
    """
    ana, planted = world.ana, world.planted
    rows = [ana.project, ana.task, ana.annotation, ana.draft, ana.prediction, ana.view, ana.user]
    known = {
        "/projects/": [ana.project],
        "/api/projects/": [ana.project],
        "/api/tasks/": [ana.task],
        "/api/annotations/": [ana.annotation],
        "/api/drafts/": [ana.draft],
        "/api/predictions": [ana.prediction],
        "/api/dm/views": [ana.view],
        "/api/users": [ana.user],
        "/api/organizations/": [planted["organization"]],
        "/api/webhooks/": [planted["webhook"]],
        "/api/ml/": [planted["ml"]],
        "/api/labels": [planted["label"]],
        "/api/label_links": [planted["label_link"]],
        "/api/import/file-upload/": [planted["file_upload"]],
        "/api/storages/": [planted["s3"], planted["s3_export"], planted["local"]],
        "/admin/": [ana.task],
        "/django-rq/": [0],
    }
    fits = [ids for prefix, ids in known.items() if route.form.startswith(prefix)]
    return {
        "*": fits[0] if fits else rows,
        "export_pk": [planted["export"]],
        "import_pk": [planted["import"]],
        "reimport_pk": [planted["reimport"]],
        "user_pk": [ana.user],
        "annotation_id": [ana.annotation],
        "task_id": [ana.task],
        "project_id": [ana.project],
        "entity_id": [ana.task, ana.annotation, ana.project],
        "entity_name": ["task", "annotation", "project"],
        "action_id": ["delete_tasks", "predictions_to_annotations"],
        "format": ["json"],
        "filename": [planted["file"].removeprefix("upload/")],
        "path": [planted["avatar"].removeprefix("avatars/"), planted["avatar"]],
        "sub_path": ["webhooks", str(ana.project)],
        "token": ["x"],
    }


def queries(world: World, of: Person) -> list[str]:
    """Return the ways of naming a lane beside the path, also hidden behind one's own."""
    ana, own = world.ana, world.ben.project
    return [
        "",
        f"?project={of.project}&fields=all&page_size=100",
        f"?view={of.view}&fields=all&resolve_uri=false",
        f"?project={of.project}&view={of.view}&tab={of.view}&task={of.task}",
        f"?project={own}&project={ana.project}&fields=all",
        f"?project={ana.project}&project={own}&fields=all",
        f"?project={own}&view={of.view}&fields=all",
        f"?project=%2B{of.project}&fields=all",
        f"?ids={of.project}&include=&filter=all&expand=label.links&name=x",
        f"?d={MARK}/files/x&fileuri=&filepath={world.planted['file']}&pk={of.project}",
    ]


def reads(
    world: World, routes: Iterable[Route], *, of: Person, thin: bool = False
) -> Iterator[Probe]:
    """Yield the ways to look at something of `of`; `thin` takes two a path."""
    forms = queries(world, of)
    for route in routes:
        # A path that names a row needs fewer ways of naming it again.
        chosen = forms[:2] if thin else [*forms[:1], *forms[3:7:3]] if route.parameters else forms
        for path in route.paths(path_values(world, route)):
            for query in chosen:
                yield Probe(route=route.view_name, method="GET", path=path + query)
            for method in () if thin else ("HEAD", "OPTIONS"):
                yield Probe(route=route.view_name, method=method, path=path + forms[1])
        if not (thin or route.parameters):
            for body in (_json(_names(of)), _form(_names(of))):
                path = f"{route.form}?project={world.ben.project}"
                yield Probe(route=route.view_name, method="GET", path=path, content=body)


def writes(
    world: World,
    routes: Iterable[Route],
    *,
    methods: Sequence[str] = WRITES,
    thorough: bool = False,
) -> Iterator[Probe]:
    """Yield the ways to change something of ana's; `thorough` adds forms, uploads and lists."""
    query = f"?project={world.ana.project}&view={world.ana.view}&id=delete_tasks"
    for route in routes:
        for path in route.paths(path_values(world, route)):
            for method in methods:
                for content in _bodies(world, method, thorough=thorough):
                    yield Probe(
                        route=route.view_name, method=method, path=path + query, content=content
                    )


def send(
    client: httpx.Client, probes: Iterable[Probe], *, headers: Mapping[str, str] | None = None
) -> list[Answer]:
    """Send probes as one unchanging caller: no answer may log the client in or out."""
    with httpx.Client(
        base_url=client.base_url,
        headers={**client.headers, "Cookie": _cookies(client), **(headers or {})},
        timeout=60,
    ) as caller:
        caller.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

        def one(probe: Probe) -> Answer:
            answer = caller.request(probe.method, probe.path, **probe.content)
            head = [answer.headers.get(name, "") for name in TELLING_HEADERS]
            text = "\n".join([*head, answer.content.decode("utf-8", "replace")])
            return Answer(probe=probe, status=answer.status_code, text=text)

        with ThreadPoolExecutor(N_AT_ONCE) as pool:
            return list(pool.map(one, probes))


def leaks(answers: Iterable[Answer]) -> list[str]:
    """Return every answer that holds something of ana's."""
    return [answer.leak for answer in answers if answer.leak]


def _cookies(client: httpx.Client) -> str:
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _names(of: Person) -> dict[str, Any]:
    return {"project": of.project, "view": of.view, "task": of.task, "id": of.task}


def _bodies(world: World, method: str, *, thorough: bool) -> Iterator[dict[str, Any]]:
    body = _plausible(world)
    yield _json(body)
    if not thorough or method not in ("POST", "PATCH"):
        return
    flat = {key: value for key, value in body.items() if not isinstance(value, dict | list)}
    yield _form(flat)
    yield {
        "data": {key: str(value) for key, value in flat.items()},
        "files": {"file": ("x.json", json.dumps([{"data": {"video": "x"}}]))},
    }
    yield _json([body])


def _plausible(world: World) -> dict[str, Any]:
    """Return one body with a field for every serializer: each view takes what it knows."""
    ana = world.ana
    return {
        **_names(ana),
        "tasks": [ana.task],
        "ids": [ana.view],
        "annotation": ana.annotation,
        "annotation_id": ana.annotation,
        "draft_id": ana.draft,
        "parent_prediction": ana.prediction,
        "parent_annotation": ana.annotation,
        "completed_by": ana.user,
        "user": ana.user,
        "users": [ana.user],
        "organization": world.planted["organization"],
        "active_organization": world.planted["organization"],
        "result": [region(3, 4)],
        "lead_time": 1.5,
        "ground_truth": True,
        "was_cancelled": True,
        "title": "taken over",
        "label_config": "<View></View>",
        "model_version": "taken over",
        "data": {"video": "taken over", "filters": {"conjunction": "and", "items": []}},
        "meta": {"taken": "over"},
        "selectedItems": {"all": True, "excluded": []},
        "first_name": "Taken",
        "last_name": "Over",
        "url": "http://127.0.0.1:9/taken",
        "bucket": "taken",
        "path": "/taken/over",
        "custom_hotkeys": {},
        "api_tokens_enabled": True,
        "legacy_api_tokens_enabled": True,
        "max_session_age": 20000,
        "old_label": ["pour"],
        "new_label": ["taken"],
        "value": ["taken"],
        "from_name": "phase",
        "label": world.planted["label"],
        "transition_name": "x",
        "refresh": world.planted["forged"][world.ben.email]["refresh"],
    }


def _json(body: object) -> dict[str, Any]:
    return {"json": body}


def _form(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"data": {key: str(value) for key, value in body.items()}}
