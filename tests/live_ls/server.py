"""A real Label Studio for tests: own database, own data folder, gunicorn, the guard inside.

`running_label_studio()` is a plain context manager, so any suite may use it; the session
fixture in this folder's conftest starts it once. A first boot costs about 20 s of migrations.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from orchestration.local.postgres import exec_shim, temporary_postgres

ROOT = Path(__file__).parents[2]
VENV_VARIABLE = "SEGUE_LABEL_STUDIO_VENV"
DEFAULT_VENV = ROOT / ".segue" / "label-studio-venv"
GUARDED = "labeling_bridge.guard.settings"
STOCK = "label_studio.core.settings.label_studio"
BOOT_S = 120.0


class LabelStudioMissingError(Exception):
    """There is no Label Studio to test against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelStudio:
    """A running Label Studio and what is needed to speak to it."""

    url: str
    admin_email: str
    admin_password: str = field(repr=False)
    admin_token: str = field(repr=False)
    links_key: str = field(repr=False)
    database_url: str = field(repr=False)
    environment: dict[str, str] = field(repr=False)
    python: Path
    log: Path

    def admin(self) -> httpx.Client:
        """Return a client that speaks as the service account, by token."""
        headers = {"Authorization": f"Token {self.admin_token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def anonymous(self) -> httpx.Client:
        """Return a client that is nobody."""
        return httpx.Client(base_url=self.url, timeout=60)

    def login(self, email: str, password: str) -> httpx.Client:
        """Log in as the browser does: the form, its CSRF token, a session cookie."""
        with self.anonymous() as door:
            door.get("/user/login/").raise_for_status()
            form = {
                "email": email,
                "password": password,
                "csrfmiddlewaretoken": door.cookies["csrftoken"],
                "persist_session": "on",
            }
            answer = door.post("/user/login/", data=form)
            assert answer.status_code == 302, answer.text[:500]
            client = self.anonymous()
            client.cookies.update(door.cookies)
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        return client

    def make_member(
        self, email: str, password: str, projects: list[int], **fields: Any
    ) -> dict[str, Any]:
        """Make a person and their lanes through the guard's own endpoint."""
        body = {"email": email, "password": password, "projects": projects, **fields}
        with self.admin() as admin:
            answer = admin.post("/segue/members", json=body)
        assert answer.status_code in (200, 201), answer.text
        described: dict[str, Any] = answer.json()
        return described

    def run_inside(self, script: str, *arguments: str) -> Any:
        """Run Python inside Label Studio's own Django; return what it prints last, as JSON."""
        prelude = "import django, json, sys; django.setup()\n"
        done = subprocess.run(
            [self.python, "-c", prelude + script, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.strip().splitlines()[-1])


@contextmanager
def running_label_studio(
    *, tracker_url: str = "http://127.0.0.1:9", guarded: bool = True, debug: bool = False
) -> Iterator[LabelStudio]:
    """Serve a fresh Label Studio on a free loopback port until the block ends.

    `guarded=False` gives the stock program, against which the probes prove that they bite.
    `debug=True` asks for Django's talkative errors, which the guard must not allow.
    """
    python = _python_of_label_studio()
    with (
        temporary_postgres(("labelstudio",)) as postgres,
        tempfile.TemporaryDirectory(prefix="segue-label-studio-") as folder,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        port = listener.getsockname()[1]
        people = {
            "LABEL_STUDIO_USERNAME": "service@segue.example",
            "LABEL_STUDIO_PASSWORD": secrets.token_urlsafe(18),
            "LABEL_STUDIO_USER_TOKEN": secrets.token_hex(20),
        }
        links_key = secrets.token_hex(32)
        environment = _environment(
            python=python,
            folder=Path(folder),
            database_url=postgres.url("labelstudio"),
            segue={"SEGUE_LINKS_KEY": links_key, "SEGUE_TRACKER_PUBLIC_URL": tracker_url},
            debug=debug,
        )
        label_studio = LabelStudio(
            url=f"http://127.0.0.1:{port}",
            admin_email=people["LABEL_STUDIO_USERNAME"],
            admin_password=people["LABEL_STUDIO_PASSWORD"],
            admin_token=people["LABEL_STUDIO_USER_TOKEN"],
            links_key=links_key,
            database_url=postgres.url("labelstudio"),
            environment={**environment, "DJANGO_SETTINGS_MODULE": GUARDED if guarded else STOCK},
            python=python,
            log=Path(folder) / "gunicorn.log",
        )
        _prepare(python, {**environment, **people, "DJANGO_SETTINGS_MODULE": GUARDED})
        with _gunicorn(label_studio, listener):
            yield label_studio


def _python_of_label_studio() -> Path:
    venv = Path(os.environ.get(VENV_VARIABLE, DEFAULT_VENV))
    python = venv / "bin" / "python"
    if not python.exists():
        raise LabelStudioMissingError(
            f"There is no Label Studio in {venv}: `make test` builds it, or set {VENV_VARIABLE}."
        )
    return python


def _environment(
    *, python: Path, folder: Path, database_url: str, segue: dict[str, str], debug: bool
) -> dict[str, str]:
    database = urlsplit(database_url)
    (packages,) = python.parent.parent.glob("lib/python3*/site-packages/label_studio")
    # Not os.environ: Label Studio also reads bare names such as HOST, PORT and PASSWORD.
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": f"{packages}:{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data"),
        "DJANGO_DB": "default",
        "POSTGRE_USER": database.username or "",
        "POSTGRE_PASSWORD": database.password or "",
        "POSTGRE_NAME": database.path.strip("/"),
        "POSTGRE_HOST": database.hostname or "",
        "POSTGRE_PORT": str(database.port),
        "DEBUG": str(debug).lower(),
        "DEBUG_MODAL_EXCEPTIONS": str(debug).lower(),
        "LOG_LEVEL": "ERROR",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "FEATURE_FLAGS_OFFLINE": "true",
        "LABEL_STUDIO_SSRF_PROTECTION_ENABLED": "false",
        **segue,
    }


def _prepare(python: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [python, "-m", "django", "segue_prepare"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=BOOT_S * 2,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"Label Studio was not prepared: {done.stderr[-3000:]}")


@contextmanager
def _gunicorn(label_studio: LabelStudio, listener: socket.socket) -> Iterator[None]:
    command: list[str | Path] = [
        # A test run that is killed takes its server along.
        *(sys.executable, "-I", exec_shim.__file__, "--die-with", str(os.getpid()), "--"),
        label_studio.python,
        *("-m", "gunicorn", "label_studio.core.wsgi:application"),
        *("--bind", f"fd://{listener.fileno()}", "--workers", "1", "--threads", "4"),
        *("--no-control-socket", "--timeout", "120"),
    ]
    with label_studio.log.open("ab") as log:
        server = subprocess.Popen(
            command,
            env=label_studio.environment,
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_up(label_studio, server)
        yield
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_up(label_studio: LabelStudio, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + BOOT_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{label_studio.url}/health/", timeout=60).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    tail = label_studio.log.read_text(errors="replace")[-3000:]
    raise AssertionError(f"Label Studio did not come up: {tail}")
