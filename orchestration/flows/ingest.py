"""Ingest: decode each registered source once, prove its frames, make the proxy."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import flow

from orchestration.groups import group_digest, ingest_views, views_done
from orchestration.near_duplicates import flag_near_duplicates
from orchestration.runtime import Runtime, runtime
from orchestration.stage import DecodingParams, run_stage, threads
from orchestration.storage import source_file
from services.client.payloads import (
    GroupViewDone,
    IngestDone,
    IngestRefused,
    WorkItem,
    WorkReport,
)
from services.domain.clip_picture import clip_svg
from services.domain.errors import StorageError
from services.domain.policy import Policy
from services.domain.workflow import Stage

if TYPE_CHECKING:
    from models.ingest import Ingested


def ingest_clip(item: WorkItem, parts: Runtime) -> WorkReport:
    """Probe and re-encode one source, or all views of a group; store the proxy and the strip.

    Decoding runs in subprocesses.
    """
    from models.refusal import MediaRefusedError

    policy = Policy.parse(item.policy)
    try:
        with tempfile.TemporaryDirectory(prefix="segue-ingest-") as folder:
            proxy_path = Path(folder) / "proxy.mp4"
            done, views = _ingested(
                item,
                parts,
                proxy_path,
                height=policy.proxy_height,
                limits=policy.media,
                stream=policy.video_stream,
                hints=policy.hints,
            )
            key = _proxy_key(done, views, policy)
            parts.store.put(proxy_path, key)
            strip_key = _put_strip(done, parts, Path(folder))
    except MediaRefusedError as error:
        if error.code == "proxy_unsound":
            raise  # our own encoder's fault: no word against the client's file
        return IngestRefused(code=error.code, detail=error.detail, probe=dict(error.facts))
    except StorageError as error:
        if error.code != "source_missing":
            raise
        return IngestRefused(code=error.code, detail=error.detail)
    return IngestDone(
        sha256=done.source_sha256,
        timebase=done.timebase.as_json(),
        width=done.probe.width,
        height=done.probe.height,
        proxy_key=key,
        proxy_sha256=done.proxy.sha256,
        proxy_bytes=done.proxy.n_bytes,
        probe=done.probe.as_json(),
        fingerprint=done.fingerprint.as_json(),
        hints=done.found and done.found.hints.as_json(),
        strip_key=strip_key,
        views=views,
    )


def _ingested(
    item: WorkItem, parts: Runtime, proxy_path: Path, **options: Any
) -> tuple[Ingested, list[GroupViewDone]]:
    """Ingest a group or a single file."""
    from models.isolated import ingest_isolated

    if item.views:
        group = ingest_views(item, parts, proxy_path, **options)
        return group.reference, views_done(item, group)
    with source_file(
        item.source_uri,
        s3_endpoint=parts.settings.s3_endpoint,
        roots=parts.settings.source_roots,
    ) as source:
        return ingest_isolated(source, proxy_path, **options), []


def _proxy_key(done: Ingested, views: list[GroupViewDone], policy: Policy) -> str:
    """Return where the proxy belongs; whatever changes its pictures is in the name."""
    sha256 = done.source_sha256
    parts = [sha256]
    if views:
        parts.append(group_digest(views))
    if policy.video_stream != "first":
        parts.append(f"stream-{policy.video_stream}")
    parts.append(f"{policy.proxy_height}p.mp4")
    return f"proxies/{sha256[:2]}/{'-'.join(parts)}"


def _put_strip(done: Ingested, parts: Runtime, folder: Path) -> str | None:
    """Draw the clip at a glance, store it under its own hash, and return the key."""
    if done.found is None:
        return None
    drawing = clip_svg(done.found.hints, done.found.strip_jpeg)
    path = folder / "strip.svg"
    path.write_text(drawing, encoding="utf-8")
    digest = hashlib.sha256(drawing.encode()).hexdigest()
    key = f"strips/{digest[:2]}/{digest}.svg"
    parts.store.put(path, key)
    return key


@flow(name="ingest", timeout_seconds=21600, task_runner=threads(2))
def ingest(params: DecodingParams = DecodingParams()) -> str:  # noqa: B008 - an immutable default; Prefect's form shows it
    """Check every newly registered video to the frame and make the proxy people watch."""
    summary = str(run_stage(Stage.INGEST, ingest_clip, params))
    tracker = runtime().tracker
    slugs = [params.project] if params.project else [one.slug for one in tracker.projects()]
    for slug in slugs:
        flag_near_duplicates(tracker, slug)
    return summary
