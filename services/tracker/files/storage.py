"""Reading what the workers stored: a local folder or S3; the tracker never writes there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from services.domain.errors import NotFoundError, StorageError, TransientError
from services.domain.links import is_safe_key
from services.tracker.files.ranges import ByteRange

CHUNK_BYTES = 256 * 2**10
LINK_TTL_S = 3600
GONE = {"404", "NoSuchKey", "NoSuchBucket", "403", "AccessDenied"}


def is_s3() -> bool:
    """Tell whether the store is S3."""
    return settings.SEGUE.storage_url is not None


def local_path(key: str) -> Path:
    """Return where an object lies in the local folder.

    Raises
    ------
    NotFoundError
        If it is not there, or the key or a link in the folder leads out of it.
    """
    _require_safe(key)
    root = Path(settings.SEGUE.storage_root or "").resolve()
    try:
        path = (root / key).resolve()
        if path.is_relative_to(root) and path.is_file():
            return path
    except (OSError, ValueError, RuntimeError) as error:  # too long, NUL, a loop of links
        raise _missing() from error
    raise _missing()


def object_size(key: str) -> int:
    """Return an object's size in bytes, or raise NotFoundError."""
    if not is_s3():
        return local_path(key).stat().st_size
    bucket, full = _s3_name(key)
    return int(_s3_call("head_object", Bucket=bucket, Key=full)["ContentLength"])


def object_read(key: str, part: ByteRange) -> Iterator[bytes]:
    """Read a part of an object in chunks; opens it before the first chunk is asked for."""
    if is_s3():
        bucket, full = _s3_name(key)
        span = f"bytes={part.first}-{part.last}"
        body = _s3_call("get_object", Bucket=bucket, Key=full, Range=span)["Body"]
        return iter(body.iter_chunks(CHUNK_BYTES))
    return _chunks(local_path(key), part)


def presigned_url(key: str) -> str:
    """Return a link by which S3 itself serves an object for a while."""
    bucket, full = _s3_name(key)
    url: str = _s3().generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": full}, ExpiresIn=LINK_TTL_S
    )
    return url


def _chunks(path: Path, part: ByteRange) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.first)
        left = part.n_bytes
        while left > 0:
            chunk = file.read(min(CHUNK_BYTES, left))
            if not chunk:
                raise StorageError(f"{path.name} ended before its length.")
            left -= len(chunk)
            yield chunk


def _missing() -> NotFoundError:
    return NotFoundError("This file is not in the store.", code="object_missing")


def _require_safe(key: str) -> None:
    """Let no key through that a file system or a proxy could read as another object's."""
    if not is_safe_key(key):
        raise _missing()


def _s3_name(key: str) -> tuple[str, str]:
    _require_safe(key)
    parts = urlsplit(settings.SEGUE.storage_url or "")
    return parts.netloc, f"{parts.path.strip('/')}/{key}".lstrip("/")


@lru_cache(maxsize=1)
def _s3() -> Any:
    import boto3
    from botocore.config import Config

    endpoint: str | None = settings.SEGUE.s3_endpoint
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        config=Config(signature_version="s3v4", retries={"mode": "standard", "max_attempts": 3}),
    )


def _s3_call(method: str, **arguments: Any) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return getattr(_s3(), method)(**arguments)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code", "") in GONE:
            raise _missing() from error
        raise TransientError("The object store refused; try again in a moment.") from error
    except BotoCoreError as error:
        raise TransientError("The object store is out of reach; try again in a moment.") from error
