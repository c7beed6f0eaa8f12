"""Fetch a release as a client does: over REST, resuming, every sum checked."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from rich.progress import Progress

from services.client.api import TrackerClient
from services.client.downloads import sha256_of
from services.domain.errors import StorageError


def fetch_release(
    client: TrackerClient, uid: str | UUID, out: Path, *, progress: Progress | None = None
) -> Path:
    """Download all files of a release into ``out/project-version``.

    Returns
    -------
    Path
        The release's folder. What is there already and matches its sum is kept.

    Raises
    ------
    StorageError
        If a file arrives but does not match the manifest's sum.
    """
    release = client.release(UUID(str(uid)))
    folder = out / f"{release.project}-{release.version}"
    progress = progress or Progress(disable=True)
    bar = progress.add_task(folder.name, total=sum(file.n_bytes for file in release.files))
    for file in release.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (path.exists() and sha256_of(path) == file.sha256):
            client.release_download(release.uid, file.path, path)
        if sha256_of(path) != file.sha256:
            path.unlink()
            raise StorageError(f"{path} did not match its SHA-256 and was removed; fetch again.")
        progress.advance(bar, file.n_bytes)
    return folder
