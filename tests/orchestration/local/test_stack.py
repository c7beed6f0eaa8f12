"""The process manager on a real PostgreSQL: what is killed comes back, what is stopped is gone."""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from orchestration.local.databases import server_address
from orchestration.local.errors import AlreadyRunningError, StackError
from orchestration.local.leftovers import find_leftovers
from orchestration.local.postgres import find_binaries, run_sql
from orchestration.local.programs import POSTGRES
from orchestration.local.stack import Stack
from orchestration.local.up import run_up, status_table
from orchestration.settings import StackSettings

pytestmark = [pytest.mark.db, pytest.mark.slow, pytest.mark.enable_socket]


@pytest.fixture
def small(settings: StackSettings) -> StackSettings:
    return settings.model_copy(
        update={"prefect_file": settings.home / "none.yaml", "health_interval_s": 0.2}
    )


@pytest.fixture
def stack(small: StackSettings) -> Iterator[Stack]:
    small.home.parent.chmod(0o711)
    running = Stack(small, (POSTGRES,))
    running.start()
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()


def wait_until(condition: Callable[[], bool], timeout_s: float = 90) -> None:
    limit = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.1)


def server_pid(settings: StackSettings) -> int:
    return int((settings.home / "postgres" / "data" / "postmaster.pid").read_text().split("\n")[0])


def answers(settings: StackSettings) -> bool:
    try:
        return run_sql(find_binaries(), server_address(settings), "SELECT 1;") == "1\n"
    except StackError:
        return False


def test_a_killed_service_comes_back_with_its_data(stack: Stack) -> None:
    address = server_address(stack.settings)
    run_sql(find_binaries(), address, "CREATE TABLE kept (id int);")
    before = server_pid(stack.settings)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: answers(stack.settings) and server_pid(stack.settings) != before)
    assert run_sql(find_binaries(), address, "SELECT count(*) FROM kept;") == "0\n"


def test_a_killed_manager_comes_back_with_its_services(stack: Stack) -> None:
    before = server_pid(stack.settings)
    manager = int((stack.settings.run / "supervisord.pid").read_text())
    os.kill(manager, signal.SIGKILL)
    wait_until(lambda: answers(stack.settings) and server_pid(stack.settings) != before)
    assert [service.healthy for service in stack.status()] == [True]


def test_a_second_start_is_refused_and_disturbs_nothing(stack: Stack) -> None:
    second = Stack(stack.settings, (POSTGRES,))
    with pytest.raises(AlreadyRunningError, match=r"Segue is already running for .*Ctrl-C"):
        second.start()
    second.stop()
    assert answers(stack.settings)


def test_stopping_leaves_no_process(small: StackSettings) -> None:
    small.home.parent.chmod(0o711)
    stack = Stack(small, (POSTGRES,))
    stack.start()
    stack.wait_ready()
    ours = find_leftovers(small)
    assert {process.name() for process in ours} >= {"postgres"}
    stack.stop()
    _, alive = psutil.wait_procs(ours, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def test_a_start_that_fails_is_one_sentence_and_stops_what_it_began(
    small: StackSettings,
) -> None:
    data = small.home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    said = io.StringIO()
    assert run_up(small, Console(file=said, width=400)) == 1
    assert "was made by PostgreSQL 9" in said.getvalue()
    assert find_leftovers(small) == []


def test_the_table_shows_every_service(stack: Stack, tmp_path: Path) -> None:
    said = io.StringIO()
    Console(file=said, width=200).print(status_table(stack.status(), tmp_path))
    assert "PostgreSQL" in said.getvalue()
    assert "healthy" in said.getvalue()
    assert f"127.0.0.1:{stack.settings.postgres_port}" in said.getvalue()
