"""Set Segue up on this machine: ``python3 -m orchestration.local.bootstrap [--dev]``.

Runs before anything is installed, so it and what it imports know the standard library alone.
What is done is skipped, what was left half done is continued.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orchestration.local.setup.checks import (
    WANTED,
    SetupError,
    check_folder,
    check_space,
    find_python,
)
from orchestration.local.setup.install import bring_up_to_date, say
from orchestration.local.setup.plan import ROOT, Environment, environments, open_steps


def set_up(home: Path, *, dev: bool) -> None:
    """Bring both environments up to date, side by side.

    Raises
    ------
    SetupError
        With one sentence that says what to do.
    """
    python = find_python()
    wanted = environments(home, dev=dev)
    if not any(open_steps(environment, python) for environment in wanted):
        return
    check_folder(home)
    with (home / "setup.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another set-up is under way here; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        unfinished = [each for each in wanted if open_steps(each, python)]
        check_space(home, sum(_still_needed_mb(each) for each in unfinished))
        _install_side_by_side(unfinished, python, home)


def _continue_in(python: str, arguments: list[str]) -> None:
    """Go on in an interpreter that knows the language this is written in."""
    if sys.version_info[:2] != WANTED:
        os.execv(python, [python, "-m", "orchestration.local.bootstrap", *arguments])  # noqa: S606


def _still_needed_mb(environment: Environment) -> int:
    """Ask for the whole size unless the environment is there and only to be completed."""
    begun = any(environment.stamp(step).exists() for step in environment.steps)
    return environment.needed_mb // 4 if begun else environment.needed_mb


def _install_side_by_side(unfinished: list[Environment], python: str, home: Path) -> None:
    with ThreadPoolExecutor(max_workers=max(1, len(unfinished))) as pool:
        logs = [home / "logs" / f"setup-{each.folder.name}.log" for each in unfinished]
        running = [
            pool.submit(bring_up_to_date, each, python, log)
            for each, log in zip(unfinished, logs, strict=True)
        ]
        for future in running:
            future.result()


def main(arguments: list[str]) -> int:
    """Return the exit status; a failure is one sentence."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--dev", action="store_true", help="add the tools of tests and lint")
    options = parser.parse_args(arguments)
    home = Path(os.environ.get("SEGUE_HOME") or ROOT / ".segue").expanduser().absolute()
    try:
        _continue_in(find_python(), arguments)
        set_up(home, dev=options.dev)
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; the same command continues the set-up.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
