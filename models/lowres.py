"""A clip's coarse look over time: what the pre-label sees, from one decode of the proxy.

Samples are taken straight from the decoder's planes, every few pixels, because scaling each
frame would cost more than decoding it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from numpy.typing import NDArray

from models.refusal import MediaRefusedError, refusing

Floats = NDArray[np.float32]
Samples = NDArray[np.uint8]

SAMPLE_ROWS = 45
CHUNK = 256
LUMA_GRID = (4, 6)
CHROMA_GRID = (2, 3)
HISTOGRAM_BINS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LowRes:
    """Coarse features of every frame, in grey levels scaled to 0..1.

    Parameters
    ----------
    appearance : array, shape (n, 36)
        Mean luma over 4x6 cells, then both chromas over 2x3 cells.
    histogram : array, shape (n, 8)
        Shares of luma levels.
    motion : array, shape (n, 24)
        Mean absolute change of luma over 4x6 cells, towards whichever neighbour changes less,
        so that a cut between two frames is no motion of either.
    rate : Fraction
        Frames per second of the proxy.
    """

    appearance: Floats
    histogram: Floats
    motion: Floats
    rate: Fraction

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.appearance)


def read_lowres(proxy: Path | str) -> LowRes:
    """Decode a proxy once and return its features; memory is about 270 bytes a frame.

    Raises
    ------
    MediaRefusedError
        If it cannot be decoded as yuv420p (code ``proxy_unsound``).
    """
    parts: list[tuple[Floats, Floats, Floats]] = []
    before: Samples | None = None
    with refusing("proxy_unsound", "The proxy cannot be decoded"), av.open(str(proxy)) as opened:
        stream = opened.streams.video[0]
        stream.thread_type = "AUTO"
        rate = stream.average_rate or Fraction(25)
        for luma, chroma in _chunks(opened.decode(stream)):
            change = _change(luma, before)
            appearance = np.concatenate(
                [_cells(luma, LUMA_GRID), *(_cells(c, CHROMA_GRID) for c in chroma)], axis=1
            )
            parts.append((appearance, _histogram(luma), _cells(change, LUMA_GRID)))
            before = luma[-1]
    if not parts:
        raise MediaRefusedError("The proxy holds no frame.", code="proxy_unsound")
    appearance, histogram, change = (np.concatenate(part) for part in zip(*parts, strict=True))
    return LowRes(
        appearance=appearance, histogram=histogram, motion=_calmer_side(change), rate=rate
    )


def _chunks(
    frames: Iterator[VideoFrame],
) -> Iterator[tuple[Samples, tuple[Samples, Samples]]]:
    """Yield samples of up to 256 frames at a time: luma and both chromas."""
    kept: list[tuple[Samples, ...]] = []
    for frame in frames:
        if frame.format.name != "yuv420p":
            raise MediaRefusedError(
                f"The proxy is {frame.format.name}, not yuv420p.", code="proxy_unsound"
            )
        stride = max(1, frame.height // SAMPLE_ROWS)
        kept.append(tuple(_sample(plane, stride) for plane in frame.planes))
        if len(kept) == CHUNK:
            yield _stack(kept)
            kept = []
    if kept:
        yield _stack(kept)


def _stack(kept: list[tuple[Samples, ...]]) -> tuple[Samples, tuple[Samples, Samples]]:
    luma, u, v = (np.stack(planes) for planes in zip(*kept, strict=True))
    return luma, (u, v)


def _sample(plane: VideoPlane, stride: int) -> Samples:
    """Copy every few pixels; a plane's rows are padded, and its buffer goes with the frame."""
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height : stride, : plane.width : stride].copy()


def _change(luma: Samples, before: Samples | None) -> Floats:
    """Return |difference| of each frame to the one before it; zero for a clip's first."""
    first = luma[:1] if before is None else before[None]
    older = np.concatenate([first, luma[:-1]])
    change: Floats = np.abs(luma.astype(np.int16) - older).astype(np.float32)
    return change


def _cells(samples: Samples | Floats, grid: tuple[int, int]) -> Floats:
    """Average samples (n, h, w) over a grid to (n, rows * columns), scaled to 0..1."""
    means = samples
    for axis, parts in ((1, grid[0]), (2, grid[1])):
        size = means.shape[axis]
        starts = np.minimum(np.arange(parts) * size // parts, size - 1)
        lengths = np.maximum(np.diff(np.append(starts, size)), 1)
        # A picture of fewer samples than cells repeats them: reduceat then takes single rows.
        sums = np.add.reduceat(means, starts, axis=axis, dtype=np.float32)
        shape = [1, 1, 1]
        shape[axis] = parts
        means = sums / lengths.reshape(shape)
    flat: Floats = (means.reshape(len(means), -1) / 255).astype(np.float32)
    return flat


def _histogram(luma: Samples) -> Floats:
    """Return the shares of eight luma levels, shape (n, 8)."""
    n_frames = len(luma)
    level = (luma >> 5).reshape(n_frames, -1).astype(np.int64)
    flat = level + np.arange(n_frames)[:, None] * HISTOGRAM_BINS
    counts = np.bincount(flat.ravel(), minlength=n_frames * HISTOGRAM_BINS)
    return (counts.reshape(n_frames, -1) / level.shape[1]).astype(np.float32)


def _calmer_side(change: Floats) -> Floats:
    """Return the smaller of the changes from the frame before and to the frame after."""
    if len(change) < 2:
        return change
    to_next = np.concatenate([change[1:], change[-1:]])
    from_previous = np.concatenate([to_next[:1], change[1:]])
    calmer: Floats = np.minimum(from_previous, to_next)
    return calmer
