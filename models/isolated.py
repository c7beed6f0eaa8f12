"""Decoding in a process of its own: a hostile file can kill only that.

The child gets no environment variables of ours, a limit on memory, processor
time and file size, and dies with its parent. Whatever it does, the parent answers with a
result or a refusal.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from models.examine import Examined
from models.ingest import Ingested
from models.ingest_job import ANSWER, DISK_FULL, REQUEST
from models.refusal import MediaRefusedError
from services.domain.errors import ExternalError, StorageError
from services.domain.hints import HintRules
from services.domain.media_limits import MediaLimits, StreamChoice

ROOT = Path(__file__).resolve().parents[1]


class Lifeline:
    """A pipe whose reading end jobs hold: all of them stop when it is cut.

    The other end is only here: when this process dies, however it dies, the jobs see the end of
    the file and stop as well. A job that begins after the cut stops at once.
    """

    def __init__(self) -> None:
        self.reading, self._held = os.pipe()
        self._is_cut = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()
        os.close(self.reading)

    def cut(self) -> None:
        """Stop every job that holds it."""
        if not self._is_cut:
            self._is_cut = True
            os.close(self._held)


def examine_isolated(
    path: Path | str,
    *,
    limits: MediaLimits | None = None,
    stream: StreamChoice = "first",
    lifeline: Lifeline | None = None,
) -> Examined:
    """Run :func:`models.examine.examine_file` in a limited process.

    Raises
    ------
    MediaRefusedError, StorageError, ExternalError
        As :func:`ingest_isolated`.
    """
    with tempfile.TemporaryDirectory(prefix="segue-examine-") as made:
        request = {"path": str(Path(path).absolute()), "destination": None, "stream": stream}
        answer = answer_of(Path(made), request, limits or MediaLimits(), lifeline)
    return Examined.from_json(answer)


def ingest_isolated(
    path: Path | str,
    destination: Path | str,
    *,
    height: int = 360,
    limits: MediaLimits | None = None,
    stream: StreamChoice = "first",
    hints: HintRules | None = None,
    lifeline: Lifeline | None = None,
) -> Ingested:
    """Run :func:`models.ingest.ingest_file` in a limited process.

    Parameters
    ----------
    limits : MediaLimits, optional
        What is too large, and what the process may use.
    hints : HintRules, optional
        What to point out in the proxy's own proof pass; by default nothing is looked for.
    lifeline : Lifeline, optional
        One that several jobs share; by default the job has its own.

    Raises
    ------
    MediaRefusedError
        With the code of the refusal; ``decode_timeout`` when the time ran out and
        ``decode_crashed`` when the process died or ran out of memory.
    StorageError
        If the disk is full.
    ExternalError
        If the process failed for another reason that is not the file's (code ``ingest_job``).

    Notes
    -----
    Nothing half-written stays: the child works in a hidden folder that the parent removes.
    """
    destination = Path(destination).absolute()
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=destination.parent) as made:
        request = {
            "path": str(Path(path).absolute()),
            "destination": str(destination),
            "height": height,
            "stream": stream,
            "hints": hints and hints.model_dump(mode="json"),
        }
        answer = answer_of(Path(made), request, limits or MediaLimits(), lifeline)
    return Ingested.from_json(answer)


def answer_of(
    scratch: Path, request: dict[str, Any], limits: MediaLimits, lifeline: Lifeline | None
) -> dict[str, Any]:
    """Have one job done in the scratch folder and return what it answered."""
    whole = request | {"limits": limits.model_dump(mode="json")}
    (scratch / REQUEST).write_text(json.dumps(whole))
    with nullcontext(lifeline) if lifeline else Lifeline() as held:
        status = _run_job(scratch, limits.timeout_s, held.reading)
    return _read_answer(scratch, status)


def _run_job(scratch: Path, timeout_s: float, held: int) -> int:
    """Run the job to its end and return its exit status."""
    with (scratch / "stderr.txt").open("wb") as errors:
        job = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "models.ingest_job", str(scratch), str(held)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd=ROOT,
            env=_clean_environment(),
            pass_fds=(held,),
            start_new_session=True,
        )
    try:
        return job.wait(timeout_s)
    except subprocess.TimeoutExpired as error:
        raise MediaRefusedError(
            f"Decoding took longer than {timeout_s:g} s.", code="decode_timeout"
        ) from error
    finally:
        job.kill()
        job.wait()


def _read_answer(scratch: Path, status: int) -> dict[str, Any]:
    """Turn the job's end into its result or the error that fits it."""
    if status == -signal.SIGXCPU:
        raise MediaRefusedError("Decoding used up its processor time.", code="decode_timeout")
    if status < 0:
        name = signal.Signals(-status).name
        raise MediaRefusedError(f"Decoding this file crashed ({name}).", code="decode_crashed")
    if status == DISK_FULL:
        raise StorageError("There is no space left on the disk to work on.")
    if status != 0:
        last = (scratch / "stderr.txt").read_text(errors="replace").strip().splitlines()[-1:]
        raise ExternalError(
            f"The ingest process failed: {''.join(last) or f'exit status {status}'}.",
            code="ingest_job",
        )
    answer: dict[str, Any] = json.loads((scratch / ANSWER).read_text())
    if answer["outcome"] == "refused":
        raise MediaRefusedError(answer["detail"], code=answer["code"], facts=answer["facts"])
    found: dict[str, Any] = answer["done"]
    return found


def _clean_environment() -> dict[str, str]:
    """Return only what an interpreter needs: a decoder that is taken over finds no secret here."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    folders = [str(ROOT), *(entry for entry in sys.path if entry)]
    return {**kept, "PYTHONPATH": os.pathsep.join(dict.fromkeys(folders))}
