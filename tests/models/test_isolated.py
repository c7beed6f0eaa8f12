import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.ingest import ingest_file
from models.ingest_job import ANSWER, DISK_FULL, REQUEST, answer_to
from models.isolated import ROOT, Lifeline, examine_isolated, ingest_isolated
from models.refusal import MediaRefusedError
from models.synthetic import make_clip
from services.domain.errors import ExternalError, StorageError
from services.domain.media_limits import MediaLimits
from tests.videos import RATE, clip, scrambled


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    """A clip that takes some seconds to ingest."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    make_clip(path, rate=RATE, timeline=[("rest", 900)], size=(640, 360))
    return path


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_it_gives_what_the_same_process_gives(tmp_path):
    source = clip(tmp_path, "a.mkv", vfr=True)
    apart = ingest_isolated(source, tmp_path / "apart" / "p.mp4")
    assert apart == ingest_file(source, tmp_path / "p.mp4")
    assert [path.name for path in (tmp_path / "apart").iterdir()] == ["p.mp4"]


def test_a_refusal_comes_through_with_its_facts(tmp_path):
    source = scrambled(clip(tmp_path))
    with pytest.raises(MediaRefusedError) as there:
        ingest_isolated(source, tmp_path / "p.mp4")
    with pytest.raises(MediaRefusedError) as here:
        ingest_file(source, tmp_path / "p.mp4")
    assert (there.value.code, there.value.detail) == (here.value.code, here.value.detail)
    assert there.value.facts == here.value.facts
    assert leftovers(tmp_path) == []


def test_it_is_stopped_when_its_time_is_up(tmp_path, long_clip):
    began = time.monotonic()
    with pytest.raises(MediaRefusedError) as refusal:
        ingest_isolated(long_clip, tmp_path / "p.mp4", limits=MediaLimits(timeout_s=0.8))
    assert refusal.value.code == "decode_timeout"
    assert time.monotonic() - began < 5
    assert leftovers(tmp_path) == []


def test_running_out_of_memory_is_the_files_fault_and_harms_nobody(tmp_path, long_clip):
    with pytest.raises(MediaRefusedError) as refusal:
        ingest_isolated(long_clip, tmp_path / "p.mp4", limits=MediaLimits(memory_bytes=330 * 2**20))
    assert refusal.value.code == "decode_crashed"
    assert leftovers(tmp_path) == []


def test_a_proxy_above_the_limit_is_refused(tmp_path, long_clip):
    with pytest.raises(MediaRefusedError) as refusal:
        ingest_isolated(long_clip, tmp_path / "p.mp4", limits=MediaLimits(max_proxy_bytes=20_000))
    assert refusal.value.code == "too_large"


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_crash_is_a_refusal(tmp_path, monkeypatch, number):
    fake = tmp_path / "fake" / "models"
    fake.mkdir(parents=True)
    (fake / "__init__.py").touch()
    (fake / "ingest_job.py").write_text(f"import os; os.kill(os.getpid(), {int(number)})")
    monkeypatch.setattr("models.isolated.ROOT", tmp_path / "fake")
    with pytest.raises(MediaRefusedError) as refusal:
        ingest_isolated(clip(tmp_path), tmp_path / "p.mp4")
    assert refusal.value.code == "decode_crashed"
    assert signal.Signals(number).name in refusal.value.detail


def test_what_is_not_the_files_fault_is_no_refusal(tmp_path, monkeypatch):
    broken = tmp_path / "broken" / "models"
    broken.mkdir(parents=True)
    (broken / "__init__.py").touch()
    (broken / "ingest_job.py").write_text("import sys; sys.exit('No space left on device')")
    monkeypatch.setattr("models.isolated.ROOT", tmp_path / "broken")
    with pytest.raises(ExternalError, match="No space left") as failure:
        ingest_isolated(clip(tmp_path), tmp_path / "p.mp4")
    assert failure.value.code == "ingest_job"


def test_a_full_disk_is_no_refusal(tmp_path, monkeypatch):
    request = {"path": str(clip(tmp_path)), "destination": None, "stream": "first", "limits": {}}
    (tmp_path / REQUEST).write_text(json.dumps(request))
    (tmp_path / ANSWER).symlink_to("/dev/full")
    with Lifeline() as lifeline:
        job = subprocess.run(
            [sys.executable, "-m", "models.ingest_job", tmp_path, str(lifeline.reading)],
            cwd=ROOT,
            pass_fds=(lifeline.reading,),
            check=False,
        )
    assert job.returncode == DISK_FULL
    full = tmp_path / "full" / "models"
    full.mkdir(parents=True)
    (full / "__init__.py").touch()
    (full / "ingest_job.py").write_text(f"import sys; sys.exit({DISK_FULL})")
    monkeypatch.setattr("models.isolated.ROOT", tmp_path / "full")
    with pytest.raises(StorageError, match="no space left"):
        examine_isolated(tmp_path / "a.mp4")


def test_cutting_a_lifeline_stops_every_job_that_holds_it(tmp_path, long_clip):
    with Lifeline() as lifeline, ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(examine_isolated, long_clip, lifeline=lifeline) for _ in range(2)]
        lifeline.cut()
        lifeline.cut()
        late = pool.submit(examine_isolated, long_clip, lifeline=lifeline)
        failures = [job.exception(timeout=20) for job in (*jobs, late)]
    assert all(isinstance(failure, ExternalError) for failure in failures)


def test_the_job_finds_no_secret_in_its_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGUE_TOKEN", "not-for-the-child")
    fake = tmp_path / "fake" / "models"
    fake.mkdir(parents=True)
    (fake / "__init__.py").touch()
    (fake / "ingest_job.py").write_text("import os, sys; sys.exit(str(dict(os.environ)))")
    monkeypatch.setattr("models.isolated.ROOT", tmp_path / "fake")
    with pytest.raises(ExternalError) as failure:
        ingest_isolated(clip(tmp_path), tmp_path / "p.mp4")
    assert "PYTHONPATH" in failure.value.detail
    assert "not-for-the-child" not in failure.value.detail


def test_the_child_dies_with_its_parent(tmp_path, long_clip):
    code = (
        "from models.isolated import ingest_isolated; "
        f"ingest_isolated({str(long_clip)!r}, {str(tmp_path / 'p.mp4')!r}, height=720)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    child = wait_for_child(parent.pid)
    parent.kill()
    parent.wait()
    for _ in range(100):
        if not is_running(child):
            break
        time.sleep(0.05)
    assert not is_running(child)
    assert not (tmp_path / "p.mp4").exists()


def wait_for_child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for _ in range(200):
        found = children.read_text().split()
        if found and b"ingest_job" in Path(f"/proc/{found[0]}/cmdline").read_bytes():
            time.sleep(1)  # it must have read its request
            return int(found[0])
        time.sleep(0.05)
    raise AssertionError("no child came")


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_the_job_answers_in_process_too(tmp_path):
    request = {
        "path": str(clip(tmp_path)),
        "destination": str(tmp_path / "p.mp4"),
        "height": 360,
        "stream": "first",
        "hints": None,
        "limits": {"max_frames": 10},
    }
    answer = answer_to(request, tmp_path)
    assert (answer["outcome"], answer["code"]) == ("refused", "too_large")
