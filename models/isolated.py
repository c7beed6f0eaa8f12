"""Ingest in a process of its own: a hostile file can kill only that.

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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.ingest import Ingested
from models.ingest_job import ANSWER, REQUEST
from models.refusal import MediaRefusedError
from models.source import Limits
from services.domain.errors import ExternalError

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What one ingest may use.

    Parameters
    ----------
    timeout_s : float
        Wall time.
    memory_bytes : int
        Address space, threads' stacks and libraries (about 1 GiB) included.
    max_proxy_bytes : int
        Size of any file it writes.
    """

    timeout_s: float = 3600.0
    memory_bytes: int = 6 * 2**30
    max_proxy_bytes: int = 20 * 2**30


def ingest_isolated(
    path: Path | str,
    destination: Path | str,
    *,
    height: int = 360,
    limits: Limits | None = None,
    fence: Fence | None = None,
) -> Ingested:
    """Run :func:`models.ingest.ingest_file` in a limited process.

    Raises
    ------
    MediaRefusedError
        With the code of the refusal; ``decode_timeout`` when the time ran out and
        ``decode_crashed`` when the process died or ran out of memory.
    ExternalError
        If the process failed for a reason that is not the file's (code ``ingest_job``), such
        as a full disk.

    Notes
    -----
    Nothing half-written stays: the child works in a hidden folder that the parent removes.
    """
    destination = Path(destination).absolute()
    destination.parent.mkdir(parents=True, exist_ok=True)
    used = fence or Fence()
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=destination.parent) as made:
        scratch = Path(made)
        request = {
            "path": str(Path(path).absolute()),
            "destination": str(destination),
            "height": height,
            "limits": asdict(limits or Limits()),
            "fence": asdict(used),
        }
        (scratch / REQUEST).write_text(json.dumps(request))
        status = _run_job(scratch, used.timeout_s)
        return _read_answer(scratch, status)


def _run_job(scratch: Path, timeout_s: float) -> int:
    """Run the job to its end and return its exit status.

    The child holds the reading end of a pipe whose other end is only here: when this process
    dies, however it dies, the child sees the end of the file and stops.
    """
    lifeline, held = os.pipe()
    try:
        with (scratch / "stderr.txt").open("wb") as errors:
            job = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "models.ingest_job", str(scratch), str(lifeline)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd=ROOT,
                env=_clean_environment(),
                pass_fds=(lifeline,),
                start_new_session=True,
            )
        try:
            return job.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise MediaRefusedError(
                f"Decoding took longer than {timeout_s:.0f} s.", code="decode_timeout"
            ) from error
        finally:
            job.kill()
            job.wait()
    finally:
        os.close(lifeline)
        os.close(held)


def _read_answer(scratch: Path, status: int) -> Ingested:
    """Turn the job's end into its result or the error that fits it."""
    if status == -signal.SIGXCPU:
        raise MediaRefusedError("Decoding used up its processor time.", code="decode_timeout")
    if status < 0:
        name = signal.Signals(-status).name
        raise MediaRefusedError(f"Decoding this file crashed ({name}).", code="decode_crashed")
    if status != 0:
        last = (scratch / "stderr.txt").read_text(errors="replace").strip().splitlines()[-1:]
        raise ExternalError(
            f"The ingest process failed: {''.join(last) or f'exit status {status}'}.",
            code="ingest_job",
        )
    answer: dict[str, Any] = json.loads((scratch / ANSWER).read_text())
    if answer["outcome"] == "refused":
        raise MediaRefusedError(answer["detail"], code=answer["code"], facts=answer["facts"])
    return Ingested.from_json(answer["ingested"])


def _clean_environment() -> dict[str, str]:
    """Return only what an interpreter needs: a decoder that is taken over finds no secret here."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    folders = [str(ROOT), *(entry for entry in sys.path if entry)]
    return {**kept, "PYTHONPATH": os.pathsep.join(dict.fromkeys(folders))}
