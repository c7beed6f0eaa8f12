"""Where bytes live: a local folder or an S3 bucket, behind one small interface.

Keys are relative, slash-separated and never reused for other content, so a repeated
write is harmless. Sources stay where the client keeps them and are only ever read.
"""

from __future__ import annotations

import mimetypes
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from services.domain.errors import InputError, StorageError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_KEY = re.compile(r"^(?!/)(?!.*(?:^|/)\.\.?(?:/|$))[^\\\x00-\x1f]+$")
_GONE = {"404", "NoSuchKey", "NoSuchBucket"}
_DENIED = {"403", "AccessDenied"}


def check_key(key: str) -> str:
    """Return the key if it is a clean relative path.

    Raises
    ------
    InputError
        If it is absolute, climbs out of the store or holds control characters.
    """
    if not _KEY.match(key):
        raise InputError(f"{key!r} is not a storage key: it must be a clean relative path.")
    return key


class ObjectStore(Protocol):
    """Put and read whole objects by key."""

    def put(self, source: Path, key: str) -> None:
        """Store a file under a key, whole or not at all."""

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        """Give the object as a local file for the length of the block."""


class FolderStore:
    """Objects as files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def put(self, source: Path, key: str) -> None:
        """Copy beside the target, then rename: a reader never sees half a file."""
        target = self._path(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
            os.close(handle)
            try:
                shutil.copyfile(source, name)
                Path(name).chmod(0o644)
                Path(name).replace(target)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{key} could not be stored in {self.root}: {error}.") from error

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        """Give the stored file itself; treat it as read-only."""
        path = self._path(key)
        if not path.is_file():
            raise StorageError(f"{key} is not in the store {self.root}.", code="object_missing")
        yield path


class S3Store:
    """Objects in a bucket, below a prefix."""

    def __init__(self, url: str, *, client: S3Client) -> None:
        self.bucket, self.prefix = split_s3_uri(url)
        self.client = client

    def _key(self, key: str) -> str:
        return f"{self.prefix.rstrip('/')}/{check_key(key)}".lstrip("/")

    def put(self, source: Path, key: str) -> None:
        """Upload in parts; S3 shows the object only when it is whole."""
        with _s3_errors(f"s3://{self.bucket}/{self._key(key)}"):
            # What the browser is sent on to must say what it is: no picture is guessed to be SVG.
            kind = {"ContentType": mimetypes.guess_type(key)[0] or "application/octet-stream"}
            self.client.upload_file(str(source), self.bucket, self._key(key), ExtraArgs=kind)

    @contextmanager
    def as_file(self, key: str) -> Iterator[Path]:
        """Download to a temporary file."""
        with s3_file(self.client, self.bucket, self._key(key)) as path:
            yield path


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Split ``s3://bucket/some/key`` into bucket and key.

    Raises
    ------
    InputError
        If it is no S3 URI.
    """
    parts = urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise InputError(f"{uri!r} is not an S3 address such as s3://bucket/folder.")
    return parts.netloc, unquote(parts.path).lstrip("/")


def s3_client(endpoint: str | None) -> S3Client:
    """Make a boto3 client; credentials come from boto3's own chain."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3", endpoint_url=endpoint, config=Config(retries={"mode": "standard", "max_attempts": 5})
    )


@contextmanager
def s3_file(client: S3Client, bucket: str, key: str) -> Iterator[Path]:
    """Give an S3 object as a temporary local file that keeps the object's suffix."""
    with tempfile.TemporaryDirectory(prefix="segue-") as folder:
        path = Path(folder) / (Path(key).name or "object")
        with _s3_errors(f"s3://{bucket}/{key}"):
            client.download_file(bucket, key, str(path))
        yield path


@contextmanager
def _s3_errors(what: str) -> Iterator[None]:
    from boto3.exceptions import S3UploadFailedError
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _GONE:
            raise StorageError(f"{what} is not there ({code}).", code="object_missing") from error
        if code in _DENIED:
            raise StorageError(
                f"{what} is not there or this worker's key may not touch it ({code}).",
                code="object_denied",
            ) from error
        raise TransientError(f"{what}: the object store answered {code}.") from error
    except (BotoCoreError, S3UploadFailedError) as error:
        raise TransientError(f"{what}: the object store is out of reach ({error}).") from error


@contextmanager
def source_file(
    uri: str, *, s3_endpoint: str | None = None, roots: Sequence[Path] = ()
) -> Iterator[Path]:
    """Give a client's source as a local file.

    Parameters
    ----------
    uri : str
        Where it is.
    s3_endpoint : str, optional
        Of the object store, if it is not S3's own.
    roots : sequence of Path
        Folders that a ``file://`` source must lie in, links resolved; none means any.

    Raises
    ------
    StorageError
        With code ``source_missing`` when it is gone.
    """
    parts = urlsplit(uri)
    if parts.scheme == "file":
        path = Path(unquote(parts.path))
        is_inside = any(path.resolve().is_relative_to(root.resolve()) for root in roots)
        if (roots and not is_inside) or not path.is_file():
            raise StorageError(f"The source {path} is gone.", code="source_missing")
        yield path
    elif parts.scheme == "s3":
        with _s3_source(uri, s3_client(s3_endpoint)) as path:
            yield path
    else:
        raise InputError(f"{uri!r}: sources are file:// or s3:// addresses.")


@contextmanager
def _s3_source(uri: str, client: S3Client) -> Iterator[Path]:
    bucket, key = split_s3_uri(uri)
    with ExitStack() as stack:
        try:
            path = stack.enter_context(s3_file(client, bucket, key))
        except StorageError as error:
            if error.code != "object_missing":
                raise
            raise StorageError(f"The source {uri} is gone.", code="source_missing") from error
        yield path


def open_store(url: str, *, s3_endpoint: str | None = None) -> ObjectStore:
    """Open the store at ``s3://bucket/prefix`` or at a local folder."""
    if url.startswith("s3://"):
        return S3Store(url, client=s3_client(s3_endpoint))
    return FolderStore(Path(url))
