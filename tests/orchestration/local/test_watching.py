from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.local import watch as watch_module
from orchestration.local.environments import MARKER
from orchestration.local.errors import StackError
from orchestration.local.jobs import JobRunner
from orchestration.local.leftovers import end_leftovers
from orchestration.local.programs import PROGRAMS, Job
from orchestration.local.watch import GRACE_S, Watch
from orchestration.settings import StackSettings

TRACKER = next(program for program in PROGRAMS if program.name == "tracker")


class FakeManager:
    """A process manager whose one service was started long ago."""

    def __init__(self) -> None:
        self.restarted: list[str] = []
        self.running = True
        self.began = time.time() - 10 * GRACE_S

    def is_running(self) -> bool:
        return self.running

    def started_at(self, _: str) -> int:
        return int(self.began)

    def restart(self, name: str) -> None:
        self.restarted.append(name)


@pytest.fixture
def manager() -> FakeManager:
    return FakeManager()


@pytest.fixture
def health(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    answers: list[bool] = []
    monkeypatch.setattr(watch_module, "is_healthy", lambda *_: answers.pop(0))
    return answers


def make_watch(settings: StackSettings, manager: FakeManager, relaunched: list[str]) -> Watch:
    return Watch(settings, (TRACKER,), manager, lambda: relaunched.append("all"))


def test_a_service_that_does_not_answer_is_restarted_after_some_patience(
    settings: StackSettings, manager: FakeManager, health: list[bool]
) -> None:
    watch = make_watch(settings, manager, [])
    health.extend([False] * settings.unhealthy_after)
    for _ in range(settings.unhealthy_after - 1):
        watch.look_once()
    assert manager.restarted == []
    watch.look_once()
    assert manager.restarted == ["tracker"]


def test_one_good_answer_forgives_the_bad_ones(
    settings: StackSettings, manager: FakeManager, health: list[bool]
) -> None:
    watch = make_watch(settings, manager, [])
    rounds = [False] * (settings.unhealthy_after - 1) + [True, False]
    health.extend(rounds)
    for _ in rounds:
        watch.look_once()
    assert manager.restarted == []


def test_a_service_that_has_just_begun_is_given_time(
    settings: StackSettings, manager: FakeManager, health: list[bool]
) -> None:
    manager.began = time.time()
    watch = make_watch(settings, manager, [])
    health.extend([False] * 20)
    for _ in range(20):
        watch.look_once()
    assert manager.restarted == []


def test_a_lost_manager_is_launched_again(settings: StackSettings, manager: FakeManager) -> None:
    relaunched: list[str] = []
    manager.running = False
    make_watch(settings, manager, relaunched).look_once()
    assert relaunched == ["all"]


@pytest.fixture
def sleepers() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def sleeper(home: Path, *, deaf: bool = False) -> subprocess.Popen[bytes]:
    code = "import signal, time\n"
    code += "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if deaf else ""
    code += "print(flush=True)\ntime.sleep(300)"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, MARKER: str(home)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process


def test_only_our_own_leftovers_are_ended(
    settings: StackSettings,
    sleepers: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orchestration.local.leftovers.PATIENCE_S", 1.0)
    sleepers.extend(
        [
            sleeper(settings.home),
            sleeper(settings.home, deaf=True),
            sleeper(settings.home / "another"),
        ]
    )
    assert end_leftovers(settings) == 2
    assert [process.poll() is None for process in sleepers] == [False, False, True]


def job(*command: str, timeout_s: float = 60) -> Job:
    return Job(
        name="probe",
        commands=lambda _: [[sys.executable, "-c", *command]],
        environment=lambda _: dict(os.environ),
        timeout_s=timeout_s,
    )


def test_a_job_that_fails_says_its_last_words_and_its_log(settings: StackSettings) -> None:
    with pytest.raises(StackError, match=r"(?s)probe failed with status 3; .*probe\.log ends:.*oh"):
        JobRunner(settings).run(job("print('oh'); raise SystemExit(3)"))


def test_a_job_that_hangs_is_ended(settings: StackSettings) -> None:
    with pytest.raises(StackError, match=r"probe took more than 0\.5 s"):
        JobRunner(settings).run(job("import time; time.sleep(99)", timeout_s=0.5))


def test_a_stopped_runner_runs_nothing(settings: StackSettings) -> None:
    runner = JobRunner(settings)
    runner.stop()
    with pytest.raises(StackError, match="being stopped"):
        runner.run(job("pass"))
