"""`segue probe` as a person runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from models.synthetic import ClipStyle, make_clip
from orchestration.plain_files.media_batch import Seen, examine_all
from services.domain.errors import ExternalError
from services.domain.media_limits import MediaLimits
from tests.orchestration.plain_files.conftest import Segue
from tests.videos import SHARED_DATA, clip, cut_off, faststart

ROOT = Path(__file__).parents[3]
KEYS = {
    "file", "verdict", "code", "sentence", "n_frames", "rate", "vfr", "first_pts_s", "duration_s",
    "width", "height", "sar", "rotation", "codec", "pix_fmt", "interlaced", "container",
    "n_video_streams", "has_audio", "timestamps", "sha256", "duplicates", "warnings",
}  # fmt: skip


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_file_gets_a_record_in_the_order_given(segue: Segue, tmp_path: Path) -> None:
    sound = clip(tmp_path, rate=Fraction(30000, 1001), rotation=90, start_offset_s=Fraction(2))
    short = cut_off(faststart(tmp_path), 0.9)
    missing = tmp_path / "no\tfile.mp4"
    ran = segue("probe", "--json", missing, sound, short, tmp_path, "--jobs", 2)
    assert ran.status == 2
    found = records(ran.out)
    assert all(set(record) == KEYS for record in found)
    assert [record["file"] for record in found] == list(map(str, (missing, sound, short, tmp_path)))
    assert [record["verdict"] for record in found] == ["refused", "accepted", "refused", "refused"]
    assert [record["code"] for record in found] == ["file_missing", None, "corrupt", "file_missing"]
    facts = found[1]
    assert (facts["n_frames"], facts["rate"], facts["vfr"]) == (75, "30000/1001", False)
    assert (facts["width"], facts["height"], facts["rotation"]) == (320, 180, 90)
    assert (facts["codec"], facts["has_audio"]) == ("h264", False)
    assert facts["first_pts_s"] == pytest.approx(2, abs=0.02)
    assert 0 < found[2]["n_frames"] < 75
    assert found[2]["sentence"].endswith(".")
    assert found[2]["rate"] is None


def test_all_sound_is_status_0(segue: Segue, tmp_path: Path) -> None:
    ran = segue("probe", clip(tmp_path, vfr=True))
    assert ran.status == 0
    assert "1 file: 1 accepted." in ran.out
    assert " vfr" in ran.out


def test_the_table_names_the_code_and_nothing_that_moves_the_cursor(
    segue: Segue, tmp_path: Path
) -> None:
    evil = tmp_path / "\x1b[31m[bold]x.mp4"
    evil.write_bytes(b"")
    ran = segue("probe", evil)
    assert ran.status == 2
    assert "empty_file: The file is empty (0 bytes)." in ran.out
    assert "\x1b[31m" not in ran.out
    assert "[bold]x.mp4" in ran.out.replace("\n", "")


def test_a_name_that_is_no_utf8_is_a_name(segue: Segue, tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(b"\xff.mp4")
    clip(tmp_path).rename(source)
    ran = segue("probe", "--json", source)
    assert ran.status == 0
    assert records(ran.out)[0]["file"] == str(source)
    assert segue("probe", source).status == 0


def test_the_same_bytes_and_nearly_the_same_pictures_are_named(
    segue: Segue, tmp_path: Path
) -> None:
    timeline = [(label, 40) for label in "abcab"]
    first, copy, other = (tmp_path / name for name in ("first.mp4", "copy.mp4", "other.mkv"))
    make_clip(first, rate=Fraction(25), timeline=timeline)
    copy.write_bytes(first.read_bytes())
    make_clip(other, rate=Fraction(25), timeline=timeline, size=(160, 90), style=ClipStyle(gop=9))
    stranger = tmp_path / "stranger.mp4"
    make_clip(stranger, rate=Fraction(25), timeline=[(label, 40) for label in "vwxyz"])
    ran = segue("probe", "--json", first, copy, other, stranger)
    assert ran.status == 0
    duplicates = [
        [(one["file"], one["kind"], one["shift_s"]) for one in record["duplicates"]]
        for record in records(ran.out)
    ]
    assert duplicates == [
        [(str(copy), "same", 0), (str(other), "near", 0)],
        [(str(first), "same", 0), (str(other), "near", 0)],
        [(str(first), "near", 0), (str(copy), "near", 0)],
        [],
    ]
    table = segue("probe", first, copy, other).out
    assert "The same file as" in table
    assert "Shows the same as" in table


def test_the_machines_fault_is_not_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, segue: Segue
) -> None:
    faults = [
        ExternalError("The ingest process failed: x.", code="ingest_job"),
        OSError(28, "full"),
    ]

    def fails(*_: object, **__: object) -> None:
        raise faults.pop()

    monkeypatch.setattr("orchestration.plain_files.media_batch.examine_isolated", fails)
    ran = segue("probe", "--json", tmp_path / "a", tmp_path / "b", "--jobs", 1)
    assert ran.status == 2
    assert [(r["verdict"], r["code"]) for r in records(ran.out)] == [
        ("failed", "storage"),
        ("failed", "ingest_job"),
    ]


def test_a_stream_and_limits_can_be_asked_for(segue: Segue, tmp_path: Path) -> None:
    source, limits = clip(tmp_path), tmp_path / "l.yaml"
    limits.write_text("max_frames: 74\n")
    ran = segue("probe", "--json", source, "--limits", limits)
    assert (ran.status, records(ran.out)[0]["code"]) == (2, "too_large")
    ran = segue("probe", "--json", source, "--stream", "1")
    assert (ran.status, records(ran.out)[0]["code"]) == (2, "no_video_stream")
    assert segue("probe", source, "--stream", "largest").status == 0
    assert "Say first, largest, or a number" in segue("probe", source, "--stream", "-1").err
    limits.write_text("max_frame: 74\n")
    assert "max_frame" in segue("probe", source, "--limits", limits).err


def test_a_full_standard_output_is_said(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "orchestration.cli.main", "probe", "--json", clip(tmp_path)],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "Standard output cannot be written: No space left" in done.stderr


def test_it_starts_without_torch_django_and_prefect(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['segue', 'probe', '--json', sys.argv[1]]\n"
        "from orchestration.cli.main import run\n"
        "try: run()\n"
        "finally: print({'torch', 'django', 'prefect', 'label_studio_sdk'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, clip(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_it_stops_its_decoders_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    source, scratch = tmp_path / "long.mp4", tmp_path / "scratch"
    make_clip(source, rate=Fraction(25), timeline=[("rest", 60)])
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli.main", "probe", *[str(source)] * 200],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Whoever runs the tests may ignore it (nohup does), and children inherit that.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    try:
        until = time.monotonic() + 30
        while not list(scratch.glob("segue-examine-*/stderr.txt")):
            assert process.poll() is None, "it ended by itself"
            assert time.monotonic() < until, "no job came"
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(timeout=20) != 0
    finally:
        process.kill()
        process.wait()
    assert list(scratch.iterdir()) == []


def test_whatever_one_does_the_others_are_done(tmp_path: Path) -> None:
    paths = [clip(tmp_path, f"{k}.mp4") if k % 2 else tmp_path / f"{k}.mp4" for k in range(4)]
    told: list[None] = []
    seen: list[Seen] = examine_all(
        paths, limits=MediaLimits(), stream="first", jobs=3, tell=lambda: told.append(None)
    )
    assert [one.verdict for one in seen] == ["refused", "accepted"] * 2
    assert len(told) == 4


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no shared data beside the repo")
def test_every_bad_file_has_its_verdict(segue: Segue) -> None:
    expected = {
        "WrongFile.mp4": "unreadable",
        "audio_only.mp4": "no_video_stream",
        "av1_video.mkv": 125,
        "broken.mp4": "unreadable",
        "corrupted.mp4": "corrupt",
        "h265_10bits.mp4": 30,
        "ucf_packed_bframes.avi": 164,
        "video_90.mov": 3,
        "zero_bytes.webm": "empty_file",
    }
    paths = sorted((SHARED_DATA / "bad").iterdir())
    ran = segue("probe", "--json", *paths)
    assert ran.status == 2
    found = {Path(r["file"]).name: r["code"] or r["n_frames"] for r in records(ran.out)}
    assert found == expected
