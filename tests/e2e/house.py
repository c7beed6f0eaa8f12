"""The whole system as a person starts it: `segue up` in a folder and on ports of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import psycopg

from orchestration.local.postgres import PostgresAddress, role_password
from services.client.api import TrackerClient

ROOT = Path(__file__).parents[2]
PORTS = ("POSTGRES", "PREFECT", "PREFECT_WORKER", "TRACKER", "LABEL_STUDIO")
MARKER = "SEGUE_STACK_HOME"
START_S = 400
STOP_S = 90
FLOW_S = 180
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass
class House:
    home: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    log: Path

    def segue(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "orchestration.cli.main", *arguments]

    def run(self, *arguments: str, timeout_s: float = 900) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.segue(*arguments),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def begin(self, *arguments: str, output: Path) -> subprocess.Popen[bytes]:
        with output.open("wb") as stream:
            return subprocess.Popen(
                self.segue(*arguments),
                cwd=ROOT,
                env=self.environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    @contextmanager
    def client(
        self, username: str = "manager", password: str | None = None
    ) -> Iterator[TrackerClient]:
        url = self.address("TRACKER")
        password = password or self.secret("manager_password")
        with TrackerClient(url, token=None) as nobody:
            token = nobody.token_create(username, password).token
        with TrackerClient(url, token) as client:
            yield client

    def address(self, part: str) -> str:
        """Where one of ``PORTS`` answers."""
        return f"http://127.0.0.1:{self.environment[f'SEGUE_{part}_PORT']}"

    def secret(self, name: str) -> str:
        return (self.home / "secrets" / name).read_text().strip()

    def run_flow(self, name: str) -> None:
        """Press "Run" on a flow's page in Prefect, and wait until it has ended well."""
        user, _, password = self.secret("prefect_auth").partition(":")
        api = f"{self.address('PREFECT')}/api"
        with httpx.Client(auth=(user, password), timeout=60) as prefect:
            found = prefect.get(f"{api}/deployments/name/{name}/{name}").raise_for_status()
            deployment = f"{api}/deployments/{found.json()['id']}"
            begun = prefect.post(f"{deployment}/create_flow_run", json={}).raise_for_status()
            run = f"{api}/flow_runs/{begun.json()['id']}"
            wait_until(
                lambda: prefect.get(run).raise_for_status().json()["state_type"] in FINAL,
                timeout_s=FLOW_S,
                what=f"the end of {name}",
            )
            state = prefect.get(run).json()["state"]
            assert state["type"] == "COMPLETED", state["message"]

    def half_an_hour_passes(self) -> None:
        """Let the time pass that known clips keep away from the work they follow.

        Nothing else can make it pass: the system has no way to hurry them.
        """
        database = PostgresAddress(
            host="127.0.0.1",
            port=int(self.environment["SEGUE_POSTGRES_PORT"]),
            user="segue",
            password=role_password(self.secret("postgres_password"), "segue"),
        )
        with psycopg.connect(database.url("segue")) as connection:
            connection.execute(
                "UPDATE clips_clip SET due_at = due_at - interval '30 minutes' "
                "WHERE due = 'dispatch' AND due_at > now()"
            )

    def processes(self) -> list[psutil.Process]:
        """Every live process of this stack, by the marker in its environment."""
        ours = []
        for process in psutil.process_iter():
            try:
                is_ours = process.environ().get(MARKER) == str(self.home)
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                    ours.append(process)
            except psutil.Error:
                continue  # it has just ended, or is not ours to look into
        return ours

    def find(self, *words: str) -> list[psutil.Process]:
        """Descendants whose command line holds all the words, oldest first.

        By descent and not by the marker: the decoder's process has a bare environment.
        """
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                line = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if all(word in line for word in words):
                found.append(process)
        return sorted(found, key=lambda process: process.create_time())

    def stop(self) -> int:
        """Press Ctrl-C and wait for the end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_S)


def wait_until(true: Callable[[], object], *, timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen within {timeout_s} s"
        time.sleep(0.2)


@contextmanager
def running_house(home: Path) -> Iterator[House]:
    log = home.with_suffix(".log")
    environment = os.environ | {
        "SEGUE_HOME": str(home),
        "SEGUE_LABEL_STUDIO_VENV": os.environ.get(
            "SEGUE_LABEL_STUDIO_VENV", str(ROOT / ".segue" / "label-studio-venv")
        ),
        **{f"SEGUE_{name}_PORT": str(port) for name, port in zip(PORTS, free_ports(), strict=True)},
    }
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration.cli.main", "up"],
            cwd=ROOT,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    house = House(home, environment, process, log)
    try:
        wait_until(
            lambda: "Ready after" in log.read_text() or process.poll() is not None,
            timeout_s=START_S,
            what="the start of the stack",
        )
        assert process.poll() is None, log.read_text()
        yield house
    finally:
        house.stop()


def free_ports() -> list[int]:
    sockets = [socket.socket() for _ in PORTS]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
