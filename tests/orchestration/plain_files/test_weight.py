"""What the commands cost: memory that does not grow with the file, and a light start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEAVY = ("prefect", "torch", "django", "rest_framework", "label_studio_sdk", "av", "boto3")
MEASURED = """
import re, sys
from pathlib import Path
from orchestration.cli.main import run
try:
    run()
finally:
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def write_items(path: Path, n_items: int) -> int:
    """Items of two annotators, whose lines lie far apart: all of ana's, then all of ben's."""
    with path.open("w") as file:
        for shift, annotator in enumerate(("ana", "ben")):
            for number in range(n_items):
                segments = [
                    {
                        "label": "XYZ"[(at + number) % 3],
                        "start_frame": at * 50 + shift * (at % 5),
                        "end_frame": at * 50 + 40,
                    }
                    for at in range(40)
                ]
                line = {"item": f"item-{number}", "fps": 25, "annotator": annotator}
                file.write(json.dumps(line | {"segments": segments}) + "\n")
    return path.stat().st_size


def peak_kib(*arguments: object) -> int:
    """Run the command in a process of its own and return its peak resident memory."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(ran.stdout.splitlines()[-1])


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks, sizes = [], []
    for n_items in (150, 3000):
        file = tmp_path / f"{n_items}.jsonl"
        sizes.append(write_items(file, n_items))
        outs = [
            part
            for kind in ("csv", "json", "html")
            for part in (f"--{kind}", tmp_path / f"{n_items}.{kind}")
        ]
        peaks.append(peak_kib("compare", file, *outs))
    small, large = peaks
    assert sizes[1] > 19 * sizes[0]
    # The temporary index may hold 4 MiB of its pages; the file's own text is 14 MB.
    assert large - small < 8 * 1024, peaks


def write_annotators(path: Path, n_annotators: int) -> None:
    """One item that many people marked."""
    with path.open("w") as file:
        for number in range(n_annotators):
            segments = [
                {
                    "label": "XYZ"[at % 3],
                    "start_frame": at * 50 + number % 7,
                    "end_frame": at * 50 + 40,
                }
                for at in range(60)
            ]
            line = {"item": "one", "fps": 25, "annotator": f"p{number}", "segments": segments}
            file.write(json.dumps(line) + "\n")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_pairs_of_an_item(tmp_path: Path) -> None:
    """Sixteen times the pairs; held all at once, they took 350 MB."""
    peaks = []
    for n_annotators in (20, 80):
        file = tmp_path / f"{n_annotators}.jsonl"
        write_annotators(file, n_annotators)
        outs = [
            part
            for kind in ("csv", "json", "html")
            for part in (f"--{kind}", tmp_path / f"out.{kind}")
        ]
        peaks.append(peak_kib("compare", file, *outs))
    assert peaks[1] - peaks[0] < 64 * 1024, peaks


@pytest.mark.slow
def test_memory_of_check_does_not_grow_either(tmp_path: Path) -> None:
    rules = tmp_path / "t.yaml"
    labels = "[{name: X}, {name: Y}, {name: Z, min_frames: 45}]"
    rules.write_text(f"{{name: t, version: 1, layers: [{{labels: {labels}}}]}}")
    peaks = []
    for n_items in (150, 3000):
        file = tmp_path / f"{n_items}.jsonl"
        write_items(file, n_items)
        code = MEASURED.replace("finally:", "except SystemExit as left:\n    assert left.code == 1")
        ran = subprocess.run(
            [sys.executable, "-c", code, "check", str(file), "--taxonomy", str(rules)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(ran.stdout.splitlines()[-1]))
    assert peaks[1] - peaks[0] < 8 * 1024, peaks


def test_the_commands_start_without_the_heavy_parts(tmp_path: Path) -> None:
    """A comparison from start to end imports no server, no database driver and no torch."""
    file = tmp_path / "file.jsonl"
    write_items(file, 2)
    code = (
        "import sys\n"
        "from orchestration.cli.main import run\n"
        "try:\n    run()\n"
        "except SystemExit as left:\n    assert not left.code, left.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "compare", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == "[]"
