"""A worker that is really killed, in a process of its own, in the middle of its work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from prefect.settings import PREFECT_API_URL

from orchestration.flows.ingest import ingest
from services.tracker.work.models import Lease
from tests import videos
from tests.orchestration.flows.house import SECRET, House

pytestmark = [pytest.mark.db, pytest.mark.harness, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
WORKER = "from orchestration.flows.ingest import ingest; ingest()"


@pytest.fixture
def tracker_url(app: Callable, house: House) -> Iterator[str]:
    """The tracker on a port, for other processes."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(app)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def start_worker(url: str, house: House, store: Path, scratch: Path) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PREFECT_API_URL": PREFECT_API_URL.value(),
        "SEGUE_TRACKER_URL": url,
        "SEGUE_TRACKER_TOKEN": house.play.tokens["wren"],
        "SEGUE_STORAGE_URL": str(store),
        **{
            f"SEGUE_{name}": SECRET
            for name in ("LABEL_STUDIO_TOKEN", "LINKS_KEY", "WEBHOOK_SECRET")
        },
    }
    with (scratch / "worker.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-c", WORKER], cwd=ROOT, env=environment, stdout=log, stderr=log
        )


def wait_for(what: Callable[[], bool], worker: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not what():
        assert worker.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_killed_process_leaves_nothing_half_done(
    house: House, tracker_url: str, storage_root: Path, tmp_path: Path
):
    (clip,) = house.register(videos.clip(house.videos))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    worker = start_worker(tracker_url, house, storage_root, scratch)
    decoders: list[psutil.Process] = []

    def is_decoding() -> bool:
        decoders[:] = psutil.Process(worker.pid).children()
        return bool(decoders)

    wait_for(is_decoding, worker)
    assert Lease.objects.get().ended is None
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    _, alive = psutil.wait_procs(decoders, timeout=30)
    assert alive == [], "the decoder outlived its worker"
    assert house.state(clip) == "registered"
    assert list(storage_root.rglob("*")) == []
    assert ingest() == "ingest: nothing was due", "the dead worker's lease still runs"
    house.leases_run_out()
    ingest()
    assert house.steps(clip) == ["registered", "lease_expired", "ingested"]
    assert len(list(storage_root.rglob("*.mp4"))) == 1
