"""The probes of test_blindness.py bite: without the guard they find and change ana's work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import pytest

from tests.live_ls.probes import WRITES, Probe, reads, send, writes
from tests.live_ls.routes import Route, all_routes
from tests.live_ls.rows import all_rows
from tests.live_ls.server import running_label_studio
from tests.live_ls.world import MARK, World, build_world

pytestmark = [pytest.mark.live_ls, pytest.mark.slow, pytest.mark.timeout(900)]

# Writing to these may take other things of hers along, so they come after the rest, in this order.
CONTAINERS = (
    "/api/tasks/",
    "/api/dm/views/reset",
    "/api/dm/actions",
    "/api/projects/",
    "/api/users",
    "/api/organizations/",
)
# Not called DELETE, but these delete too.
ENDINGS = ("dm-actions", "annotation-convert-to-draft")


@pytest.fixture(scope="module")
def stock() -> Iterator[World]:
    with running_label_studio(guarded=False) as running:
        yield build_world(running, guarded=False)


@pytest.fixture(scope="module")
def api(stock: World) -> list[Route]:
    """The addresses of Label Studio's own work, without the pages of Django's admin."""
    outside = ("/admin/", "/django-rq/", "/docs/", "/api/storages/")
    shut = {"logout"}
    return [
        route
        for route in all_routes(stock.label_studio)
        if not route.form.startswith(outside) and route.view_name not in shut
    ]


def test_stock_label_studio_shows_ben_her_work(stock: World, api: list[Route]) -> None:
    with stock.session(stock.ben) as ben:
        answers = send(ben, reads(stock, api, of=stock.ana, thin=True))

    shown = sorted({answer.probe.route for answer in answers if answer.leak})
    assert len(shown) >= 30
    assert {"tasks:api:task-detail", "tasks:api-annotations:annotation-detail"} <= set(shown)


def test_stock_label_studio_lets_ben_change_her_work(stock: World, api: list[Route]) -> None:
    changed = set()
    with stock.session(stock.ben) as ben:
        before = hers(stock)
        for probe in least_harmful_first(stock, api):
            send(ben, [probe])
            after = hers(stock)
            if before != after:
                changed.add(f"{probe.method} {probe.route}")
            before = after

    assert len(changed) >= 30
    assert {
        "PATCH tasks:api-annotations:annotation-detail",
        "DELETE tasks:api-annotations:annotation-detail",
        "DELETE projects:api:project-detail",
    } <= changed


def least_harmful_first(world: World, routes: Iterable[Route]) -> list[Probe]:
    def harm(probe: Probe) -> tuple[int, int]:
        starts = [place for place in CONTAINERS if probe.path.startswith(place)]
        container = CONTAINERS.index(starts[0]) + 1 if starts else 0
        hidden = probe.route.endswith(ENDINGS)
        deletes = probe.method == "DELETE" or hidden
        return (max(container, int(hidden)) if deletes else -1, WRITES.index(probe.method))

    return sorted(writes(world, routes), key=harm)


def hers(world: World) -> frozenset[str]:
    """Return the rows that name ana, her lane or something in it."""
    ana = world.ana
    ids = {ana.user, ana.project, ana.task, ana.annotation, ana.draft, ana.prediction, ana.view}
    return frozenset(
        f"{table} {row}"
        for table, rows in all_rows(world.label_studio).items()
        for row in rows
        if MARK in row or ids & {value for value in json.loads(row).values() if _is_id(value)}
    )


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
