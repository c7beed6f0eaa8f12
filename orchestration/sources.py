"""Find the videos a client hands over: a folder's files or an S3 prefix's objects.

Content decides what a file is, never its name, so everything is taken except what is
hidden; ingest refuses what is no video, with a reason.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from orchestration.storage import s3_client, split_s3_uri
from services.client.payloads import ClipIn
from services.domain.errors import InputError, StorageError


def list_sources(where: str, *, s3_endpoint: str | None = None) -> list[ClipIn]:
    """List what is at a folder, a file or an ``s3://`` prefix, in name order.

    Raises
    ------
    InputError
        If there is nothing there.
    """
    found = _in_bucket(where, s3_endpoint) if where.startswith("s3://") else _in_folder(where)
    if not found:
        raise InputError(f"{where} holds no files to ingest.")
    return sorted(found, key=lambda clip: clip.name)


def _in_folder(where: str) -> list[ClipIn]:
    root = Path(where).expanduser().resolve()
    if root.is_file():
        return [ClipIn(name=root.name, source_uri=root.as_uri())]
    if not root.is_dir():
        raise InputError(f"{where} is neither a folder nor a file; check the path.")
    return [
        ClipIn(name=path.relative_to(root).as_posix(), source_uri=path.as_uri())
        for path in root.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
    ]


def _in_bucket(where: str, s3_endpoint: str | None) -> list[ClipIn]:
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, prefix = split_s3_uri(where)
    clips = []
    try:
        pages = s3_client(s3_endpoint).get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                name = entry["Key"].removeprefix(prefix).lstrip("/") or Path(entry["Key"]).name
                if not entry["Key"].endswith("/"):
                    clips.append(
                        ClipIn(name=name, source_uri=f"s3://{bucket}/{quote(entry['Key'])}")
                    )
    except (BotoCoreError, ClientError) as error:
        raise StorageError(f"{where} cannot be listed: {error}.") from error
    return clips
