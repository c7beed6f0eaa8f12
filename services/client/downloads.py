"""Files over an unreliable line: resumed where they broke, checked when they are whole."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import quote

import httpx

from services.client.errors import error_of
from services.client.transport import Transport
from services.domain.errors import ExternalError, TransientError

PARTIAL, UNSATISFIABLE = 206, 416


def download(wire: Transport, path: str, target: Path) -> None:
    """Fetch a file whose ETag is its SHA-256.

    What came so far lies beside the target as ``<name>.part``; the target appears when it is
    whole and its sum is right.

    Raises
    ------
    ExternalError
        If the sum is wrong.
    TransientError
        If the line broke too often.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    address = quote(path, safe="/")
    answer = wire.repeat(lambda: _fetch(wire, address, part), times=wire.attempts)
    expected = answer.headers["etag"].strip('"')
    if sha256_of(part) != expected:
        part.unlink()
        raise ExternalError(
            f"{target.name} arrived with a wrong SHA-256; fetch it again.", code="wrong_sum"
        )
    part.replace(target)


def _fetch(wire: Transport, address: str, part: Path) -> httpx.Response:
    """Fetch what is missing; raises when the line breaks before the end."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with wire.http.stream("GET", address, headers=headers) as response:
        if response.status_code == UNSATISFIABLE and have:
            response.read()
            if response.headers.get("content-range") == f"bytes */{have}":
                return response  # all of it had come before
            part.unlink()
            raise TransientError("The partial file does not fit; starting over.")
        if not response.is_success:
            response.read()
            raise error_of(response)
        mode = "ab" if response.status_code == PARTIAL else "wb"
        with part.open(mode) as out:
            for chunk in response.iter_bytes():
                out.write(chunk)
    return response


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hex, however large the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
