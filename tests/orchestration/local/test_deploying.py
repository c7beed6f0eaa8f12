"""Flows are deployed only once the pool they go to is there."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import httpx
import pytest

from orchestration.local import health, startup
from orchestration.local.environments import prefect_client
from orchestration.local.errors import StackError
from orchestration.local.programs import DEPLOY, Job
from orchestration.local.startup import Startup
from orchestration.settings import StackSettings


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What Prefect is asked; it knows only the pool "cpu"."""
    questions: list[tuple[str, Any]] = []

    def get(url: str, *, auth: Any, **_: Any) -> httpx.Response:
        questions.append((url, auth))
        return httpx.Response(200 if url.endswith("/api/work_pools/cpu") else 404)

    monkeypatch.setattr(health.httpx, "get", get)
    return questions


def test_prefect_is_asked_for_the_pool_under_our_name(
    settings: StackSettings, asked: list[tuple[str, Any]]
) -> None:
    assert health.has_work_pool(settings)
    assert not health.has_work_pool(settings.model_copy(update={"work_pool": "gpu"}))
    (url, auth), _ = asked
    assert url == f"{settings.prefect_url}/api/work_pools/cpu"
    assert ":".join(auth) == prefect_client(settings)["PREFECT_API_AUTH_STRING"]


def test_a_prefect_that_is_not_there_has_no_pool(settings: StackSettings) -> None:
    assert not health.has_work_pool(settings)


class Jobs:
    def __init__(self) -> None:
        self.run_: list[Job] = []

    def run(self, job: Job) -> None:
        self.run_.append(job)

    def stop(self) -> None:
        pass


@pytest.fixture
def starting(settings: StackSettings, monkeypatch: pytest.MonkeyPatch) -> Startup:
    """A start whose worker is healthy already."""
    made = Startup(settings, (), None)  # type: ignore[arg-type] - nothing is started here
    healthy: Future[None] = Future()
    healthy.set_result(None)
    made._futures["prefect-worker"] = healthy
    monkeypatch.setattr(made, "_jobs", Jobs())
    return made


def test_a_healthy_worker_without_its_pool_is_waited_for(
    starting: Startup, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = [False, False, True]
    monkeypatch.setattr(startup, "has_work_pool", lambda _: looks.pop(0))
    starting._deploy()
    assert looks == []
    assert starting._jobs.run_ == [DEPLOY]  # type: ignore[attr-defined]


def test_a_stack_that_is_stopped_waits_for_no_pool(
    starting: Startup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startup, "has_work_pool", lambda _: False)
    starting.stop()
    with pytest.raises(StackError, match="being stopped"):
        starting._deploy()
    assert starting._jobs.run_ == []  # type: ignore[attr-defined]
