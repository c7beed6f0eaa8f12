"""`segue proxy` as a person runs it."""

from __future__ import annotations

import fcntl
import json
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

from models.proof import prove, sha256_of
from models.synthetic import make_clip
from orchestration.plain_files import media_proxy
from services.domain.timebase import StepRun, Timebase
from tests.orchestration.plain_files.conftest import Segue
from tests.videos import N_FRAMES, clip, cut_off, faststart, numbers_in

ROOT = Path(__file__).parents[3]


def test_the_proxy_comes_with_its_frame_map(segue: Segue, tmp_path: Path) -> None:
    source, out = clip(tmp_path, "a.mkv", vfr=True), tmp_path / "new" / "out"
    ran = segue("proxy", source, "--out", out)
    assert ran.status == 0
    assert "75 frames at " in ran.out
    proxy, frame_map = out / "a.proxy.mp4", out / "a.frames.json"
    assert sorted(out.iterdir()) == [frame_map, proxy]
    assert numbers_in(proxy) == list(range(N_FRAMES))
    content = json.loads(frame_map.read_text())
    assert content["n_frames"] == len(content["source_pts"]) == N_FRAMES
    prove(proxy, n_frames=N_FRAMES, rate=Fraction(content["proxy"]["rate"]))
    assert content["source"]["sha256"] == sha256_of(source)
    assert content["proxy"]["sha256"] == sha256_of(proxy)
    assert content["proxy"]["n_bytes"] == proxy.stat().st_size
    tick = Fraction(content["tick"])
    for k, pts in enumerate(content["source_pts"]):
        assert abs(pts * tick - Fraction(2 * k + k // 3, 50)) <= tick


@pytest.mark.parametrize(
    ("rate", "plays"), [(Fraction(300), 240), (Fraction(25), 25), (Fraction(1, 4), 1)]
)
def test_the_map_names_the_rate_at_which_the_proxy_plays(
    segue: Segue, tmp_path: Path, rate: Fraction, plays: int
) -> None:
    source, out = clip(tmp_path, rate=rate), tmp_path / "out"
    ran = segue("proxy", source, "--out", out)
    assert ran.status == 0
    assert f"75 frames at {plays}," in ran.out
    content = json.loads((out / "clip.frames.json").read_text())
    assert "k / proxy.rate" in content["reading"]
    assert content["proxy"]["rate"] == str(plays)
    assert content["source"]["rate"] == str(rate)
    prove(out / "clip.proxy.mp4", n_frames=N_FRAMES, rate=Fraction(plays))


def test_a_repeat_changes_nothing_and_other_bytes_are_refused(segue: Segue, tmp_path: Path) -> None:
    source, out = clip(tmp_path), tmp_path / "out"
    assert segue("proxy", source, "--out", out).status == 0
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in out.iterdir()}
    again = segue("proxy", source, "--out", out)
    assert again.status == 0
    assert "there already" in again.out
    assert segue("proxy", source, "--out", out, "--height", 720).status == 2
    clip(tmp_path, vfr=True)  # other bytes, the same name
    other = segue("proxy", source, "--out", out)
    assert other.status == 2
    assert "tells of something else. Remove it, or name another folder." in other.err
    assert before == {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in out.iterdir()}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"frame_map": 1, "asked": 3}', "\x00\xff"])
def test_a_map_that_is_none_is_not_replaced(segue: Segue, tmp_path: Path, content: str) -> None:
    (tmp_path / "clip.frames.json").write_text(content)
    (tmp_path / "clip.proxy.mp4").write_bytes(b"")
    ran = segue("proxy", clip(tmp_path), "--out", tmp_path)
    assert ran.status == 2
    assert "tells of something else" in ran.err
    assert (tmp_path / "clip.frames.json").read_text() == content


def test_half_of_a_pair_is_not_replaced(segue: Segue, tmp_path: Path) -> None:
    lone = tmp_path / "clip.proxy.mp4"
    lone.write_bytes(b"mine")
    ran = segue("proxy", clip(tmp_path), "--out", tmp_path)
    assert ran.status == 2
    assert "without its other half" in ran.err
    assert lone.read_bytes() == b"mine"


def test_a_proxy_that_was_placed_without_its_map_is_completed(segue: Segue, tmp_path: Path) -> None:
    source, out = clip(tmp_path), tmp_path / "out"
    assert segue("proxy", source, "--out", out).status == 0
    frame_map = out / "clip.frames.json"
    before = frame_map.read_bytes()
    frame_map.unlink()
    assert segue("proxy", source, "--out", out).status == 0
    assert frame_map.read_bytes() == before


def test_what_a_killed_run_left_goes_with_the_next_one(segue: Segue, tmp_path: Path) -> None:
    out = tmp_path / "out"
    dead, alive, unknown = (out / f".unfinished-{name}" for name in ("dead", "alive", "unknown"))
    for folder in (dead, alive, unknown):
        folder.mkdir(parents=True)
        (folder / "proxy.mp4").write_bytes(b"half")
    (dead / "lock").write_bytes(b"")
    with (alive / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert segue("proxy", clip(tmp_path), "--out", out).status == 0
    assert sorted(out.glob(".unfinished-*")) == [alive, unknown]


def test_a_source_that_is_not_there_is_told_before_its_map_is_read(
    segue: Segue, tmp_path: Path
) -> None:
    source, out = clip(tmp_path), tmp_path / "out"
    assert segue("proxy", source, "--out", out).status == 0
    source.unlink()
    ran = segue("proxy", source, "--out", out)
    assert ran.status == 2
    assert "is refused (file_missing)" in ran.err


def test_a_refused_file_leaves_nothing_not_even_the_folder(segue: Segue, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = segue("proxy", cut_off(faststart(tmp_path), 0.9), "--out", out)
    assert ran.status == 2
    assert "is refused (corrupt)" in ran.err
    assert not out.exists()
    assert segue("proxy", tmp_path / "nowhere.mp4", "--out", out).status == 2
    assert not out.exists()


def test_a_folder_that_cannot_be_written_is_said(segue: Segue, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = segue("proxy", clip(tmp_path), "--out", tmp_path / "file" / "out")
    assert ran.status == 2
    assert "cannot be written: Not a directory" in ran.err


def test_a_full_disk_leaves_nothing(
    segue: Segue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The map does not fit: the proxy that is in place by then goes again."""
    out = tmp_path / "out"
    real = Path.replace

    def full(path: Path, target: Path) -> Path:
        if path.name == "frames.json":
            raise OSError(28, "No space left on device")
        return real(path, target)

    monkeypatch.setattr(media_proxy.Path, "replace", full)
    ran = segue("proxy", clip(tmp_path), "--out", out)
    assert ran.status == 2
    assert "cannot be written: No space left on device" in ran.err
    assert not out.exists()


def test_a_map_that_goes_away_under_our_eyes_is_said(
    segue: Segue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = clip(tmp_path)
    assert segue("proxy", source, "--out", tmp_path / "out").status == 0

    def gone(path: Path) -> str:
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(media_proxy, "sha256_of", gone)
    ran = segue("proxy", source, "--out", tmp_path / "out")
    assert ran.status == 2
    assert "cannot be read: No such file" in ran.err


@pytest.mark.parametrize("runs", [(), ((40, 1),), ((40, 3), (20, 2), (41, 1))])
def test_the_list_of_timestamps_is_the_timebase(runs: tuple[tuple[int, int], ...]) -> None:
    timebase = Timebase(
        rate=Fraction(25),
        tick=Fraction(1, 1000),
        first_pts=-7,
        runs=tuple(StepRun(step=step, count=count) for step, count in runs),
    )
    assert media_proxy.pts_of(timebase) == [timebase.pts(k) for k in range(timebase.n_frames)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_it_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    source, out = tmp_path / "long.mp4", tmp_path / "out"
    make_clip(source, rate=Fraction(25), timeline=[("rest", 900)], size=(640, 360))
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli.main", "proxy", source, "--out", out],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        # Whoever runs the tests may ignore it (nohup does), and children inherit that.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    try:
        until = time.monotonic() + 30
        while not list(out.glob(".unfinished-*/.unfinished-*/proxy.mp4")):
            assert process.poll() is None, "it ended by itself"
            assert time.monotonic() < until, "no draft came"
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(timeout=20) != 0
    finally:
        process.kill()
        process.wait()
    assert not out.exists()
