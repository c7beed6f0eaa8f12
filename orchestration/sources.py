"""Find the videos a client hands over: a folder's files or an S3 prefix's objects.

Content decides what a file is, never its name, so everything is taken except what is
hidden; ingest refuses what is no video, with a reason. Only ``group.yaml`` is read by name: it
says which files beside it are views of one event, and so one clip.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import quote

from orchestration.project_file import read_document
from orchestration.storage import s3_client, source_file, split_s3_uri
from services.client.payloads import ClipIn, GroupViewIn
from services.domain.errors import InputError, StorageError
from services.domain.multiview.manifest import MANIFEST, GroupManifest


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
    whole = PurePosixPath(where.rstrip("/")).name or where
    return sorted(_grouped(found, whole=whole, s3_endpoint=s3_endpoint), key=lambda clip: clip.name)


def _grouped(found: list[ClipIn], *, whole: str, s3_endpoint: str | None) -> list[ClipIn]:
    """Make one clip of the files that a manifest names, and leave the others as they are."""
    left = {clip.name: clip for clip in found}
    manifests = [name for name in left if PurePosixPath(name).name == MANIFEST]
    groups = []
    for name in sorted(manifests):
        with source_file(left.pop(name).source_uri, s3_endpoint=s3_endpoint) as path:
            manifest = read_document(path, GroupManifest)
        folder = PurePosixPath(name).parent
        views = []
        for view in manifest.views:
            member = left.pop((folder / view.file).as_posix(), None)
            if member is None:
                raise InputError(
                    f"{name} names the view {view.file!r}, which is not beside it or is a view of "
                    "another group; check the spelling."
                )
            views.append(
                GroupViewIn(
                    name=view.called,
                    source_uri=member.source_uri,
                    sync=view.sync,
                    offset_s=view.offset_s,
                    drift_ppm=view.drift_ppm,
                )
            )
        called = manifest.name or (folder.as_posix() if folder.name else whole)
        groups.append(ClipIn(name=called, source_uri=views[0].source_uri, views=views))
    return [*left.values(), *groups]


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
