"""The house's own features: a clip's coarse look and motion, cheap beside decoding it.

Samples are taken straight from the decoder's planes at fixed places, because scaling each frame
would cost more than decoding it. A step is a frame; a row has 68 numbers in 0..1:

``appearance`` (36)
    Mean luma over 4x6 cells, then both chromas over 2x3 cells.
``histogram`` (8)
    Shares of luma levels.
``motion`` (24)
    Mean absolute change of luma over 4x6 cells, towards whichever neighbour changes less, so
    that a cut between two frames is no motion of either.

Codec motion vectors are not used: the proxy's key frames have none, so that every twelfth frame
would look still.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from models.features import CHUNK, Floats, Group
from models.refusal import MediaRefusedError

Samples = NDArray[np.uint8]

LUMA_GRID, LUMA_SAMPLES = (4, 6), (40, 60)
CHROMA_GRID, CHROMA_SAMPLES = (2, 3), (20, 30)
LEVEL_BITS = 3
N_CELLS = LUMA_GRID[0] * LUMA_GRID[1]


class LowRes:
    """The extractor ``lowres@2``."""

    id = "lowres"
    version = "2"
    rate_hz = None
    groups = (
        Group(name="appearance", width=36, still=0.01),
        Group(name="histogram", width=8, still=0.01),
        Group(name="motion", width=24, still=0.003, weight=4.0),
    )
    dim = sum(group.width for group in groups)

    def rows(self, frames: Iterator[VideoFrame]) -> Iterator[Floats]:
        """Yield one row a frame, up to 256 at a time.

        Raises
        ------
        MediaRefusedError
            If a frame is not yuv420p (code ``proxy_unsound``).
        """
        held: Floats | None = None  # the last row, whose motion still waits for its next frame
        for looks, change in _chunks(frames):
            if held is not None:
                # A clip's first frame changes as much as its second one does.
                held[0, -N_CELLS:] = np.minimum(held[0, -N_CELLS:], change[0])
                yield held
            from_previous = change if held is not None else _echo_first(change)
            motion = from_previous.copy()
            motion[:-1] = np.minimum(from_previous[:-1], change[1:])
            rows = np.concatenate([looks, motion], axis=1)
            yield rows[:-1]
            held = rows[-1:]
        if held is not None:
            yield held


def _echo_first(change: Floats) -> Floats:
    echoed = change.copy()
    echoed[0] = change[1] if len(change) > 1 else 0
    return echoed


def _chunks(frames: Iterator[VideoFrame]) -> Iterator[tuple[Floats, Floats]]:
    """Yield looks (n, 44) and changes from the frame before (n, 24)."""
    sampler: _Sampler | None = None
    before: Samples | None = None
    for frame in frames:
        if frame.format.name != "yuv420p":
            raise MediaRefusedError(
                f"The proxy is {frame.format.name}, not yuv420p.", code="proxy_unsound"
            )
        if sampler is None or not sampler.fits(frame):
            if sampler is not None and sampler.count:
                raise MediaRefusedError("The proxy changes its size.", code="proxy_unsound")
            sampler = _Sampler(frame)
        sampler.take(frame)
        if sampler.count == CHUNK:
            yield sampler.look(before)
            before = sampler.planes[0][-1].copy()
            sampler.count = 0
    if sampler is not None and sampler.count:
        yield sampler.look(before)


class _Sampler:
    """Takes the same places of each frame's planes into buffers that are used again."""

    def __init__(self, frame: VideoFrame) -> None:
        self.shape = _shape(frame)
        sizes = (LUMA_SAMPLES, CHROMA_SAMPLES, CHROMA_SAMPLES)
        self.places = [
            _places(plane.height, plane.width, plane.line_size, size)
            for plane, size in zip(frame.planes, sizes, strict=True)
        ]
        self.planes = [np.empty((CHUNK, len(places)), np.uint8) for places in self.places]
        self.count = 0

    def fits(self, frame: VideoFrame) -> bool:
        return self.shape == _shape(frame)

    def take(self, frame: VideoFrame) -> None:
        for plane, places, into in zip(frame.planes, self.places, self.planes, strict=True):
            # A plane's buffer goes with its frame, so the samples are copied out of it.
            flat = np.frombuffer(memoryview(plane), dtype=np.uint8)
            flat.take(places, out=into[self.count], mode="clip")
        self.count += 1

    def look(self, before: Samples | None) -> tuple[Floats, Floats]:
        luma, u, v = (plane[: self.count] for plane in self.planes)
        older = np.concatenate([luma[:1] if before is None else before[None], luma[:-1]])
        change = np.maximum(luma, older) - np.minimum(luma, older)
        looks = [
            _cells(luma, LUMA_SAMPLES, LUMA_GRID),
            *(_cells(plane, CHROMA_SAMPLES, CHROMA_GRID) for plane in (u, v)),
            _histogram(luma),
        ]
        return np.concatenate(looks, axis=1), _cells(change, LUMA_SAMPLES, LUMA_GRID)


def _shape(frame: VideoFrame) -> tuple[int, ...]:
    return frame.width, frame.height, *(plane.line_size for plane in frame.planes)


def _places(height: int, width: int, line: int, size: tuple[int, int]) -> NDArray[np.intp]:
    """Return evenly spread places in a plane's buffer; a small picture gives some twice."""
    rows = ((np.arange(size[0]) + 0.5) * height / size[0]).astype(np.intp)
    columns = ((np.arange(size[1]) + 0.5) * width / size[1]).astype(np.intp)
    places: NDArray[np.intp] = (rows[:, None] * line + columns).ravel()
    return places


def _cells(samples: Samples, size: tuple[int, int], grid: tuple[int, int]) -> Floats:
    """Average samples (n, rows * columns) over a grid, scaled to 0..1."""
    high, wide = size[0] // grid[0], size[1] // grid[1]
    strips = samples.reshape(-1, grid[0], high, size[1])
    # Two sums are four times faster than one over both axes.
    columns = np.add.reduce(strips, axis=2, dtype=np.uint16)
    cells = np.add.reduce(columns.reshape(-1, *grid, wide), axis=3, dtype=np.uint32)
    means: Floats = cells.reshape(len(samples), -1) / np.float32(255 * high * wide)
    return means.astype(np.float32, copy=False)


def _histogram(luma: Samples) -> Floats:
    """Return the shares of eight luma levels, shape (n, 8)."""
    n_levels = 1 << LEVEL_BITS
    every_other = luma[:, ::2]
    limits = range(256 // n_levels, 256, 256 // n_levels)
    above = [np.count_nonzero(every_other >= limit, axis=1) for limit in limits]
    n_samples = every_other.shape[1]
    reached = np.stack([np.full(len(luma), n_samples), *above, np.zeros(len(luma), int)], axis=1)
    shares: Floats = ((reached[:, :-1] - reached[:, 1:]) / n_samples).astype(np.float32)
    return shares
