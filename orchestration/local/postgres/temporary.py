"""A real PostgreSQL for a test run: seconds to have, nothing left behind."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.local.errors import PostgresError
from orchestration.local.postgres.address import LOOPBACK, PostgresAddress
from orchestration.local.postgres.admin import provision, wait_ready
from orchestration.local.postgres.cluster import PostgresCluster

DATABASES = ("segue", "prefect", "labelstudio")
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
ATTEMPTS = 3


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _start(cluster: PostgresCluster, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own argv
            cluster.command(die_with=os.getpid()),
            cwd=cluster.home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for the test run, which then stops us
        )
    try:
        wait_ready(
            cluster.binaries,
            cluster.address,
            timeout_s=START_TIMEOUT_S,
            still_alive=lambda: process.poll() is None,
        )
    except PostgresError as error:
        _stop(process)
        tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise PostgresError(f"{error.detail} Its log ends: {tail}") from error
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop at once: nobody will read this data again."""
    if process.poll() is None:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


@contextmanager
def temporary_postgres(databases: tuple[str, ...] = DATABASES) -> Iterator[PostgresAddress]:
    """Serve empty databases on a free port until the block ends, or this process does.

    The address belongs to a superuser, so that test frameworks may create further databases.
    Enter it from the main thread: the kernel ends the server with the thread that started it.

    Raises
    ------
    PostgresError
        When no server can be found or started.
    """
    with tempfile.TemporaryDirectory(prefix="segue-postgres-") as folder:
        home = Path(folder)
        home.chmod(0o711)  # the user nobody must be able to pass
        password = secrets.token_urlsafe(24)
        process: subprocess.Popen[bytes] | None = None
        for attempt in range(1, ATTEMPTS + 1):
            port = _free_port()
            cluster = PostgresCluster(home=home, port=port, password=password, throw_away=True)
            cluster.initialise()
            try:
                process = _start(cluster, home / "postgres.log")
                break
            except PostgresError:  # somebody may have taken the port in between
                if attempt == ATTEMPTS:
                    raise
        assert process is not None  # noqa: S101 - the loop either breaks or raises
        try:
            provision(cluster.binaries, cluster.address, databases=databases)
            yield cluster.address
        finally:
            _stop(process)
