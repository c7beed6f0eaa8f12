"""Release: a project's accepted clips, frozen, written out, and made fetchable as one."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from pydantic import BaseModel, Field

from orchestration.runtime import Runtime, runtime
from services.client.downloads import sha256_of
from services.client.payloads import ReleaseFileIn, ReleaseOut
from services.domain.errors import SegueError, TransientError
from services.domain.formats.build import build_release, media_type
from services.domain.formats.records import ReleaseHead, ReleaseRecord
from services.domain.formats.registry import FORMATS
from services.domain.policy import Policy
from services.domain.taxonomy import Taxonomy


class ReleaseParams(BaseModel):
    """What a project manager sets to release."""

    project: str = Field(title="Project", description="The project's slug.")
    version: str = Field(title="Version", description="Such as 1.0.0.", pattern=r"^\d+\.\d+\.\d+$")
    formats: list[str] = Field(
        list(FORMATS), min_length=1, description=f"Any of {', '.join(FORMATS)}."
    )


@flow(name="release", timeout_seconds=21600)
def release(params: ReleaseParams) -> str:
    """Freeze what is accepted and publish it; a run that was killed is taken up again."""
    parts = runtime()
    made = parts.tracker.release_create(params.project, params.version)
    if made.state != "published":
        made = publish(made, params.formats, parts)
    return f"release {made.project} {made.version}: {made.n_clips} clips, {len(made.files)} files"


@task(name="build and publish", timeout_seconds=21000, cache_policy=NO_CACHE, persist_result=False)
def publish(made: ReleaseOut, formats: list[str], parts: Runtime) -> ReleaseOut:
    """Write every file, store it, and only then show the release."""
    try:
        with tempfile.TemporaryDirectory(prefix="segue-release-") as folder:
            files = _write(made, formats, Path(folder), parts)
            stored = [_store(made, path, Path(folder), parts) for path in files]
    except TransientError:
        raise  # the same run again takes the release up where it stands
    except SegueError as error:
        parts.tracker.release_fail(made.uid, error.detail)
        raise
    return parts.tracker.release_publish(made.uid, stored)


def _write(made: ReleaseOut, formats: list[str], folder: Path, parts: Runtime) -> list[str]:
    """Write the release's files below a folder; return their paths, the manifest last."""
    project = parts.tracker.project(made.project)
    head = ReleaseHead(
        project=made.project,
        version=made.version,
        taxonomy=Taxonomy.parse(
            parts.tracker.taxonomy(made.project, made.taxonomy_version).document
        ),
        policy=Policy.parse(project.policy),
    )
    spool = folder / ".clips.jsonl"
    with spool.open("w", encoding="utf-8") as stream:
        # One pass over the wire, however many formats read the clips.
        for clip in parts.tracker.release_clips(made.uid):
            stream.write(clip.model_dump_json() + "\n")
    paths: dict[str, None] = {}
    for path, piece in build_release(head, lambda: _records(spool), formats=formats):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab") as stream_out:
            stream_out.write(piece)
        paths[path] = None
    return list(paths)


def _records(spool: Path) -> Iterator[ReleaseRecord]:
    with spool.open(encoding="utf-8") as stream:
        for line in stream:
            yield ReleaseRecord.from_json(json.loads(line))


def _store(made: ReleaseOut, path: str, folder: Path, parts: Runtime) -> ReleaseFileIn:
    source = folder / path
    sha256 = sha256_of(source)
    # By content: two runs that overlap never write over each other's files.
    key = f"releases/{made.project}/{made.version}/{sha256[:16]}/{path}"
    parts.store.put(source, key)
    return ReleaseFileIn(
        path=path,
        storage_key=key,
        sha256=sha256,
        n_bytes=source.stat().st_size,
        media_type=media_type(path),
    )
