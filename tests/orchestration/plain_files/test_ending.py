"""What is left when a command is told to end, or finds a standard stream closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.orchestration.plain_files.conftest import Write, marked

ROOT = Path(__file__).parents[3]
SEGUE = (sys.executable, "-m", "orchestration.cli.main")
RULES = "{name: t, version: 1, layers: [{labels: [{name: X}]}]}"


def wait_for_draft(folder: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while not list(folder.glob(".out.csv.*.part")):
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < until, "no draft came"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["compare", "check"])
def test_told_to_end_it_takes_its_drafts_away(
    command: str, number: signal.Signals, tmp_path: Path, write: Write
) -> None:
    """It waits for a pipe that nobody writes to, with its output already begun."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    rules = write(RULES, name="t.yaml")
    before = set(tmp_path.iterdir())
    options = ("--taxonomy", str(rules), "--csv", str(tmp_path / "out.csv"))
    process = subprocess.Popen(
        [*SEGUE, command, str(pipe), *options],
        cwd=ROOT,
        # Whoever runs the tests may ignore it (nohup does), and children inherit that.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    try:
        wait_for_draft(tmp_path, process)
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number
    finally:
        process.kill()
        process.wait()
    assert set(tmp_path.iterdir()) == before


def test_what_the_caller_ignored_stays_ignored(tmp_path: Path, write: Write) -> None:
    """As nohup has it: the terminal goes away, the command goes on."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    out = tmp_path / "out.csv"
    process = subprocess.Popen(
        [*SEGUE, "compare", str(pipe), "--csv", str(out)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    try:
        wait_for_draft(tmp_path, process)
        process.send_signal(signal.SIGHUP)
        pipe.write_bytes(write(marked("ana", "X 0-9"), marked("ben", "X 0-9")).read_bytes())
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
    assert out.exists()


@pytest.mark.parametrize(
    ("redirected", "sentence"),
    [
        ("compare - <&-", "Standard input is closed."),
        ("check - --taxonomy t.yaml <&-", "Standard input is closed."),
        ("compare file.jsonl --csv - >&-", "--csv -: standard output is closed."),
        ("check file.jsonl --taxonomy t.yaml --csv - >&-", "--csv -: standard output is closed."),
        ("compare file.jsonl >&-", "Standard output is closed."),
    ],
)
def test_a_closed_stream_is_named(
    redirected: str, sentence: str, tmp_path: Path, write: Write
) -> None:
    write(RULES, name="t.yaml")
    write(marked("ana", "X 0-9"), marked("ben", "X 0-9"))
    before = set(tmp_path.iterdir())
    ran = subprocess.run(
        ["sh", "-c", f'exec "$0" -m orchestration.cli.main {redirected}', sys.executable],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"segue: {sentence}")
    assert "Traceback" not in ran.stderr
    assert set(tmp_path.iterdir()) == before
