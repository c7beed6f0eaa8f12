"""Ingest: decode each registered source once, prove its frames, make the proxy."""

from __future__ import annotations

import tempfile
from pathlib import Path

from prefect import flow

from orchestration.runtime import Runtime
from orchestration.stage import DecodingParams, run_stage, threads
from orchestration.storage import source_file
from services.client.payloads import (
    IngestDone,
    IngestRefused,
    WorkItem,
    WorkReport,
)
from services.domain.errors import StorageError
from services.domain.policy import Policy
from services.domain.workflow import Stage


def ingest_clip(item: WorkItem, parts: Runtime) -> WorkReport:
    """Probe and re-encode one source in a subprocess of its own; store the proxy."""
    from models.isolated import ingest_isolated
    from models.refusal import MediaRefusedError

    height = Policy.parse(item.policy).proxy_height
    try:
        with (
            source_file(
                item.source_uri,
                s3_endpoint=parts.settings.s3_endpoint,
                roots=parts.settings.source_roots,
            ) as source,
            tempfile.TemporaryDirectory(prefix="segue-ingest-") as folder,
        ):
            proxy_path = Path(folder) / "proxy.mp4"
            done = ingest_isolated(source, proxy_path, height=height)
            sha256 = done.source_sha256
            key = f"proxies/{sha256[:2]}/{sha256}-{height}p.mp4"
            parts.store.put(proxy_path, key)
    except MediaRefusedError as error:
        if error.code == "proxy_unsound":
            raise  # our own encoder's fault: no word against the client's file
        return IngestRefused(code=error.code, detail=error.detail, probe=dict(error.facts))
    except StorageError as error:
        if error.code != "source_missing":
            raise
        return IngestRefused(code=error.code, detail=error.detail)
    return IngestDone(
        sha256=sha256,
        timebase=done.timebase.as_json(),
        width=done.probe.width,
        height=done.probe.height,
        proxy_key=key,
        proxy_sha256=done.proxy.sha256,
        proxy_bytes=done.proxy.n_bytes,
        probe=done.probe.as_json(),
    )


@flow(name="ingest", timeout_seconds=21600, task_runner=threads(2))
def ingest(params: DecodingParams = DecodingParams()) -> str:  # noqa: B008 - an immutable default; Prefect's form shows it
    """Check every newly registered video to the frame and make the proxy people watch."""
    return str(run_stage(Stage.INGEST, ingest_clip, params))
