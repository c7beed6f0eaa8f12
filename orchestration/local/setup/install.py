"""Make one virtual environment and fill it, saying on the terminal what is under way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from orchestration.local.setup.checks import SetupError
from orchestration.local.setup.plan import ROOT, Environment, Step, fingerprint, open_steps

PIP = ("-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off")
NOT_WANTED = "lib/python3*/site-packages/nvidia_*.dist-info"
NETWORK_SIGNS = ("NewConnectionError", "Temporary failure in name", "Network is unreachable")
DISK_SIGNS = ("No space left on device",)


def say(sentence: str) -> None:
    """Write a line of progress."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def bring_up_to_date(environment: Environment, interpreter: str, log: Path) -> bool:
    """Do what is left to do; return whether there was anything.

    Raises
    ------
    SetupError
        When a step fails; the log has the details.
    """
    steps = open_steps(environment, interpreter)
    if not steps:
        return False
    began = time.monotonic()
    with log.open("ab") as output:
        _make_venv(environment, interpreter, output.fileno(), log)
        for step in steps:
            say(f"{environment.title}: installing {step.name} (log: {log})")
            _install(environment, step, interpreter, output.fileno(), log)
    say(f"{environment.title}: ready after {time.monotonic() - began:.0f} s")
    return True


def _make_venv(environment: Environment, interpreter: str, output: int, log: Path) -> None:
    """Make the folder, or make it anew when an earlier attempt left it unusable."""
    if environment.python.exists() and _has_pip(environment):
        return
    if environment.folder.exists():
        shutil.rmtree(environment.folder)
    say(f"{environment.title}: making {environment.folder}")
    command = [interpreter, "-m", "venv", str(environment.folder)]
    if _run(command, output) != 0:
        raise SetupError(f"The environment {environment.folder} could not be made; see {log}.")


def _has_pip(environment: Environment) -> bool:
    command = [str(environment.python), "-m", "pip", "--version"]
    return _run(command, subprocess.DEVNULL) == 0


def _install(
    environment: Environment, step: Step, interpreter: str, output: int, log: Path
) -> None:
    mark = log.stat().st_size
    status = _run([str(environment.python), *PIP, *step.arguments], output)
    if status != 0:
        raise SetupError(_reason(environment, step, log, mark))
    unwanted = sorted(path.name for path in environment.folder.glob(NOT_WANTED))
    if unwanted:
        raise SetupError(
            f"pip chose a PyTorch that brings CUDA along ({unwanted[0]} and {len(unwanted) - 1} "
            f"more): delete {environment.folder}, point pip at PyTorch's CPU builds, run again."
        )
    stamp = environment.stamp(step)
    fresh = stamp.with_name(stamp.name + ".new")
    fresh.write_text(fingerprint(environment.folder, step, interpreter) + "\n", encoding="ascii")
    fresh.replace(stamp)


def _reason(environment: Environment, step: Step, log: Path, mark: int) -> str:
    """Say in one sentence why pip failed, as far as its output tells."""
    with log.open("rb") as file:
        file.seek(mark)
        said = file.read().decode("utf-8", "replace")
    what = f"Installing {step.name} of {environment.title} failed"
    again = f"run the same command again, it continues from here; details are in {log}."
    if any(sign in said for sign in DISK_SIGNS):
        return f"{what} because the disk is full: make room, then {again}"
    if any(sign in said for sign in NETWORK_SIGNS):
        return f"{what} because the package index cannot be reached: connect, then {again}"
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
    last = errors[-1].removeprefix("ERROR:").strip()[:200] if errors else "pip gave no reason"
    return f"{what} ({last}): {again}"


def _run(command: list[str], output: int) -> int:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(  # noqa: S603 - our own argv
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
        check=False,
    )
    return done.returncode
