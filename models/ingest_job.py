"""The limited process of :mod:`models.isolated`: ``python -m models.ingest_job SCRATCH FD``.

Reads the request from the scratch folder, fences itself in, does what is asked, and leaves its
answer in the same folder. Exit status 0 means that there is an answer, DISK_FULL that there is no
room for one; then there is none for a traceback either.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
import threading
from pathlib import Path
from typing import Any

from models.examine import examine_file
from models.group_job import GROUP_DEEDS
from models.ingest import ingest_file
from models.refusal import EXHAUSTED
from services.domain.errors import MediaError
from services.domain.hints import HintRules
from services.domain.media_limits import MediaLimits

REQUEST = "request.json"
ANSWER = "answer.json"
DISK_FULL = 4


def main(scratch: Path, lifeline: int) -> None:
    """Do one request."""
    request = json.loads((scratch / REQUEST).read_text())
    stop_with_parent(lifeline)
    fence_in(MediaLimits.parse(request["limits"]))
    try:
        (scratch / ANSWER).write_text(json.dumps(answer_to(request, scratch)))
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        sys.exit(DISK_FULL)


def answer_to(request: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Do as requested and return the answer's JSON form."""
    limits = MediaLimits.parse(request["limits"])
    try:
        done = _do(request, limits, scratch)
    except MediaError as error:
        return refused(error.code, error.detail, getattr(error, "facts", {}))
    except EXHAUSTED:
        allowed = limits.memory_bytes / 2**30
        detail = f"Decoding this file needs more than {allowed:.1f} GiB."
        return refused("decode_crashed", detail, {})
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        return refused("too_large", "The file is too large. So would be its proxy.", {})
    return {"outcome": "done", "done": done}


def _do(request: dict[str, Any], limits: MediaLimits, scratch: Path) -> dict[str, Any]:
    if deed := GROUP_DEEDS.get(request.get("deed", "")):
        return deed(request, limits, scratch)
    path, stream = request["path"], request["stream"]
    if request["destination"] is None:
        return examine_file(path, limits=limits, stream=stream).as_json()
    hints = request["hints"]
    return ingest_file(
        path,
        request["destination"],
        height=request["height"],
        limits=limits,
        stream=stream,
        hints=hints and HintRules.model_validate(hints),
        scratch_folder=scratch,
    ).as_json()


def refused(code: str, detail: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return a refusal's JSON form."""
    return {"outcome": "refused", "code": code, "detail": detail, "facts": facts}


def fence_in(limits: MediaLimits) -> None:
    """Limit this process for good; a limit that stands already is never widened."""
    cpu_s = int(limits.timeout_s * (os.cpu_count() or 1)) + 1
    for kind, wanted in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, limits.max_proxy_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (allowed, allowed))


def stop_with_parent(lifeline: int) -> None:
    """End this process as soon as the other end of the pipe is closed."""

    def watch() -> None:
        os.read(lifeline, 1)
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
