"""The proof that a proxy is exact, and its way into place: whole and proven, or not at all."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av

from models.refusal import MediaRefusedError, refusing
from services.domain.timebase import Timebase

if TYPE_CHECKING:
    from models.hints.observer import HintsObserver

GOP = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyResult:
    """A proxy that has been decoded again and found exact."""

    n_frames: int
    width: int
    height: int
    sha256: str
    n_bytes: int


@contextmanager
def scratch_for(destination: Path, *, folder: Path | None = None) -> Iterator[Path]:
    """Yield a path to write to, in a hidden folder beside the destination that goes afterwards.

    Parameters
    ----------
    destination : Path
        Where the finished file will be renamed to; its folder is made if need be.
    folder : Path, optional
        An existing folder on the same file system to use instead; its owner removes it.
    """
    if folder is not None:
        yield folder / "proxy.mp4"
        return
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=destination.parent) as made:
        yield Path(made) / "proxy.mp4"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits, in constant memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def prove_and_place(
    scratch: Path,
    destination: Path,
    *,
    timebase: Timebase,
    observer: HintsObserver | None = None,
) -> ProxyResult:
    """Decode a finished proxy, hold it against the timebase, hash it and rename it into place.

    The observer is shown every frame of that one decode pass.

    Raises
    ------
    MediaRefusedError
        If a frame is missing, doubled or off its time (code ``proxy_unsound``).
    """
    rate = timebase.play_rate
    size = prove(scratch, n_frames=timebase.n_frames, rate=rate, observer=observer)
    n_bytes = scratch.stat().st_size
    digest = sha256_of(scratch)
    scratch.replace(destination)
    return ProxyResult(
        n_frames=timebase.n_frames, width=size[0], height=size[1], sha256=digest, n_bytes=n_bytes
    )


def prove(
    path: Path, *, n_frames: int, rate: Fraction, observer: HintsObserver | None = None
) -> tuple[int, int]:
    """Decode a proxy and return its size, if it keeps everything a proxy promises.

    Raises
    ------
    MediaRefusedError
        Code ``proxy_unsound``, naming the first fault.
    """
    fault: str | None = None
    count, since_key = 0, GOP
    with refusing("proxy_unsound", "The proxy cannot be read back"), av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        stream.thread_type = "AUTO"
        tick = stream.time_base or Fraction(0)
        size = (stream.width, stream.height)
        if stream.pix_fmt != "yuv420p" or size[0] % 2 or size[1] % 2:
            fault = f"it is {stream.pix_fmt} of {size[0]}x{size[1]}"
        for count, frame in enumerate(opened.decode(stream), start=1):
            since_key = 1 if frame.key_frame else since_key + 1
            shown_s = frame.pts * tick if frame.pts is not None else None
            if fault is None and shown_s != (count - 1) / rate:
                fault = f"frame {count - 1} is shown at {shown_s} s"
            if fault is None and since_key > GOP:
                fault = f"frame {count - 1} is {since_key} frames from a key frame"
            if fault is None and observer is not None:
                observer.observe_frame(count - 1, frame)
    if fault is None and count != n_frames:
        fault = f"it holds {count} frames where the source has {n_frames}"
    if fault is not None:
        raise MediaRefusedError(f"The proxy is not exact: {fault}.", code="proxy_unsound")
    return size
