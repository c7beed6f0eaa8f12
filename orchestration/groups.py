"""A claimed group of views: its files, its ingest, and what is reported of each view."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.runtime import Runtime
from orchestration.storage import source_file
from services.client.payloads import GroupViewDone, GroupViewIn, WorkItem
from services.domain.canonical import content_hash
from services.domain.errors import StorageError
from services.domain.multiview.manifest import ViewSpec

if TYPE_CHECKING:
    from models.group import IngestedGroup


def ingest_views(item: WorkItem, parts: Runtime, proxy_path: Path, **options: Any) -> IngestedGroup:
    """Examine all views of a claimed clip and make the proxy that shows them together.

    ``options`` are those of :func:`models.group.ingest_group`.

    Raises
    ------
    StorageError
        With code ``source_missing`` when a view's file is gone; the detail names the view.
    """
    from models.group import ViewFile, ingest_group

    with ExitStack() as stack:
        files = [
            ViewFile(
                name=view.name,
                path=_open_view(stack, view, parts),
                spec=ViewSpec(sync=view.sync, offset_s=view.offset_s, drift_ppm=view.drift_ppm),
            )
            for view in item.views
        ]
        return ingest_group(files, proxy_path, **options)


def views_done(item: WorkItem, group: IngestedGroup) -> list[GroupViewDone]:
    """Return what is reported of each view, the reference first."""
    reference = group.reference
    return [
        GroupViewDone(
            name=item.views[0].name,
            sha256=reference.source_sha256,
            timebase=reference.timebase.as_json(),
            probe=reference.probe.as_json(),
            alignment=None,
            frame_map=None,
        ),
        *(
            GroupViewDone(
                name=view.name,
                sha256=view.examined.source_sha256,
                timebase=view.examined.timebase.as_json(),
                probe=view.examined.probe.as_json(),
                alignment=view.alignment.as_json(),
                frame_map=view.map,
            )
            for view in group.views
        ),
    ]


def group_digest(views: list[GroupViewDone]) -> str:
    """Return what tells the proxy of this group from that of any other with its reference."""
    return content_hash([[view.sha256, view.alignment] for view in views])[:16]


def view_line(name: str, alignment: dict[str, Any], frame_map: dict[str, Any] | None) -> str:
    """Say where a view lies, for a manager."""
    offset_s = float(Fraction(alignment["offset_s"]))
    drift = float(Fraction(alignment["drift_ppm"]))
    begins = f"begins {abs(offset_s):.3f} s {'later' if offset_s >= 0 else 'earlier'}"
    told = [begins, f"drift {drift:+.2f} ppm", f"by {alignment['method']}"]
    if alignment["confidence"] is not None:
        told.append(f"{alignment['confidence']:.0%} of the sound agrees")
    if alignment["error_ms"] is not None:
        told.append(f"spread {alignment['error_ms']:.2f} ms")
    if frame_map and frame_map["n_missing"]:
        told.append(f"dark for {frame_map['n_missing']} frames")
    return f"{name}: {', '.join(told)}"


def _open_view(stack: ExitStack, view: GroupViewIn, parts: Runtime) -> Path:
    """Open a view's file for as long as the stack lasts."""
    source = source_file(
        view.source_uri,
        s3_endpoint=parts.settings.s3_endpoint,
        roots=parts.settings.source_roots,
    )
    try:
        return stack.enter_context(source)
    except StorageError as error:
        if error.code != "source_missing":
            raise
        raise StorageError(f"View {view.name!r}: {error.detail}", code=error.code) from error
