"""The limited process of :mod:`models.isolated`: ``python -m models.ingest_job SCRATCH FD``.

Reads the request from the scratch folder, fences itself in, ingests, and leaves its answer in
the same folder. Exit status 0 means that there is an answer.
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

from models.ingest import ingest_file
from models.refusal import EXHAUSTED
from models.source import Limits
from services.domain.errors import MediaError

REQUEST = "request.json"
ANSWER = "answer.json"


def main(scratch: Path, lifeline: int) -> None:
    """Do one request."""
    request = json.loads((scratch / REQUEST).read_text())
    stop_with_parent(lifeline)
    fence_in(**request["fence"])
    (scratch / ANSWER).write_text(json.dumps(answer_to(request, scratch)))


def answer_to(request: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Ingest as requested and return the answer's JSON form."""
    try:
        done = ingest_file(
            request["path"],
            request["destination"],
            height=request["height"],
            limits=Limits(**request["limits"]),
            scratch_folder=scratch,
        )
    except MediaError as error:
        return refused(error.code, error.detail, getattr(error, "facts", {}))
    except EXHAUSTED:
        limit = request["fence"]["memory_bytes"] / 2**30
        return refused("decode_crashed", f"Decoding this file needs more than {limit:.1f} GiB.", {})
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        return refused("too_large", "The file is too large. So would be its proxy.", {})
    return {"outcome": "ingested", "ingested": done.as_json()}


def refused(code: str, detail: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return a refusal's JSON form."""
    return {"outcome": "refused", "code": code, "detail": detail, "facts": facts}


def fence_in(*, timeout_s: float, memory_bytes: int, max_proxy_bytes: int) -> None:
    """Limit this process for good; a limit that stands already is never widened."""
    cpu_s = int(timeout_s * (os.cpu_count() or 1)) + 1
    for kind, wanted in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, max_proxy_bytes),
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
