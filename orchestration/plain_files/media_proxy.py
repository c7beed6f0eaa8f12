"""What `segue proxy` writes: a proxy and its frame map, both or neither."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from models.ingest import Ingested
from models.isolated import ingest_isolated
from models.opening import check_file
from models.proof import sha256_of
from orchestration.plain_files.head import segue_version
from services.domain.errors import InputError, StorageError
from services.domain.media_limits import MediaLimits, StreamChoice
from services.domain.timebase import Timebase

MAP_VERSION: Final = 2
READING: Final = (
    "Proxy frame k is source frame k, from 0. In the source it is shown at source_pts[k] * tick "
    "seconds, on the proxy at k / proxy.rate seconds. source.rate is the source's own."
)
UNFINISHED: Final = ".unfinished-"
LOCK: Final = "lock"
REMEDY: Final = "Remove it, or name another folder."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyFiles:
    """A proxy and its frame map; ``made`` is False where they were there already."""

    proxy: Path
    frame_map: Path
    content: dict[str, Any]
    made: bool


def write_proxy(
    source: Path,
    folder: Path,
    *,
    height: Literal[360, 720],
    limits: MediaLimits,
    stream: StreamChoice,
) -> ProxyFiles:
    """Make the proxy of a file and its frame map in a folder.

    What a killed run left is cleared away, and a proxy that it placed without its map is
    completed.

    Raises
    ------
    MediaRefusedError
        If the file can never be labelled exactly.
    InputError
        If something else is there under their names.
    StorageError
        If the folder cannot be written; nothing half-written stays.
    """
    proxy = folder / f"{source.stem}.proxy.mp4"
    frame_map = folder / f"{source.stem}.frames.json"
    asked = {"height": height, "video_stream": stream}
    check_file(source, limits)
    if frame_map.exists():
        return _known(source, proxy, frame_map, asked)
    with _writing(folder), _scratch(folder) as made:
        whole = made / "proxy.mp4"
        done = ingest_isolated(source, whole, height=height, limits=limits, stream=stream)
        content = map_of(source, proxy, done, asked)
        draft = made / "frames.json"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(content, file, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        _place(whole, proxy, draft, frame_map)
    return ProxyFiles(proxy=proxy, frame_map=frame_map, content=content, made=True)


def map_of(source: Path, proxy: Path, done: Ingested, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the frame map: what was read, what was written, and which frame is which."""
    timebase = done.timebase
    return {
        "segue": segue_version(),
        "frame_map": MAP_VERSION,
        "reading": READING,
        "asked": asked,
        "source": {
            "file": source.name,
            "sha256": done.source_sha256,
            "n_bytes": source.stat().st_size,
            **done.probe.as_json(),
        },
        "proxy": {
            "file": proxy.name,
            "sha256": done.proxy.sha256,
            "n_bytes": done.proxy.n_bytes,
            "width": done.proxy.width,
            "height": done.proxy.height,
            "rate": str(timebase.play_rate),
        },
        "n_frames": timebase.n_frames,
        "tick": str(timebase.tick),
        "source_pts": pts_of(timebase),
    }


def pts_of(timebase: Timebase) -> list[int]:
    """Return every frame's timestamp, in ticks."""
    steps = np.array([run.step for run in timebase.runs], dtype=np.int64)
    counts = np.array([run.count for run in timebase.runs], dtype=np.int64)
    elapsed = np.cumsum(np.repeat(steps, counts), dtype=np.int64)
    listed: list[int] = np.concatenate([[0], elapsed + timebase.first_pts]).tolist()
    listed[0] = timebase.first_pts
    return listed


def _known(source: Path, proxy: Path, frame_map: Path, asked: dict[str, Any]) -> ProxyFiles:
    """Accept what an earlier run made of the same bytes; anything else is not replaced."""
    if not (proxy.is_file() and frame_map.is_file()):
        raise _lone(frame_map)
    try:
        content = json.loads(frame_map.read_text(encoding="utf-8"))
        same = (
            content["frame_map"] == MAP_VERSION
            and content["asked"] == asked
            and content["source"]["sha256"] == sha256_of(source)
            and content["proxy"]["sha256"] == sha256_of(proxy)
        )
    except OSError as error:
        raise StorageError(f"{error.filename} cannot be read: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError):
        same = False
    if not same:
        raise InputError(f"{frame_map} is there and tells of something else. {REMEDY}")
    return ProxyFiles(proxy=proxy, frame_map=frame_map, content=content, made=False)


def _place(whole: Path, proxy: Path, draft: Path, frame_map: Path) -> None:
    """Put both in place; the map comes last, so that it never tells of what is not there.

    A proxy that is there without a map is taken for a killed run's if it is the same, bit by bit.
    """
    is_lone = proxy.exists()
    if is_lone and not (proxy.is_file() and sha256_of(proxy) == sha256_of(whole)):
        raise _lone(proxy)
    whole.replace(proxy)
    try:
        draft.replace(frame_map)
    except BaseException:
        if not is_lone:
            proxy.unlink(missing_ok=True)
        raise


def _lone(path: Path) -> InputError:
    return InputError(f"{path} is there without its other half. {REMEDY}")


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Yield a hidden folder that goes afterwards, or, after a kill, with the next run.

    Notes
    -----
    The lock in it is held as long as its process lives, and has its name only once it is held:
    a folder whose lock can be had is nobody's.
    """
    for left in folder.glob(f"{UNFINISHED}*"):
        _remove_if_left(left)
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=folder) as made:
        fresh = Path(made) / "fresh"
        with fresh.open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fresh.replace(Path(made) / LOCK)
            yield Path(made)


def _remove_if_left(folder: Path) -> None:
    with suppress(OSError), (folder / LOCK).open("rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Make the folder; take it away again if it was made in vain."""
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror}.") from error
    finally:
        if is_new:
            with suppress(OSError):  # it holds what was made, and stays
                folder.rmdir()
