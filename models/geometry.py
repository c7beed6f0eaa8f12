"""From the stored raster to the picture people see: upright, square pixels, even sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Raster = NDArray[Any]
Filters = tuple[tuple[str, str], ...]

TURNS: dict[tuple[str, str], Callable[[Raster], Raster]] = {
    ("transpose", "clock"): lambda raster: np.rot90(raster, -1),
    ("transpose", "cclock"): lambda raster: np.rot90(raster, 1),
    ("transpose", "cclock_flip"): lambda raster: raster.T,
    ("transpose", "clock_flip"): lambda raster: np.rot90(raster, 2).T,
    ("hflip", ""): lambda raster: raster[:, ::-1],
    ("vflip", ""): lambda raster: raster[::-1],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """How a stored raster becomes the upright picture.

    Parameters
    ----------
    stored_width, stored_height : int
        The decoded frame.
    sar : Fraction
        Width over height of a stored pixel.
    rotation : int
        Degrees of the display matrix, counter-clockwise positive, as PyAV states it.
    turns : tuple of (str, str)
        Filters and their arguments that make the stored raster upright, in order.
    """

    stored_width: int
    stored_height: int
    sar: Fraction = Fraction(1)
    rotation: int = 0
    turns: Filters = ()

    @property
    def is_sideways(self) -> bool:
        """Whether width and height change places."""
        return any(name == "transpose" for name, _ in self.turns)

    def display_size(self) -> tuple[int, int]:
        """Return width and height of the upright picture with square pixels."""
        width, height = self._exact_size()
        return max(1, round(width)), max(1, round(height))

    def proxy_size(self, lines: int) -> tuple[int, int]:
        """Return the even size of a proxy of at most ``lines`` lines; never more than shown."""
        width, height = self._exact_size()
        target = min(lines, max(1, round(height)))
        return max(2, round(width * target / height / 2) * 2), max(2, target // 2 * 2)

    def _exact_size(self) -> tuple[Fraction, Fraction]:
        width, height = self.stored_width * self.sar, Fraction(self.stored_height)
        return (height, width) if self.is_sideways else (width, height)

    def fitted(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the even size at which the whole picture fits into ``size``."""
        width, height = self._exact_size()
        share = min(size[0] / width, size[1] / height)
        inner = (max(2, round(side * share / 2) * 2) for side in (width, height))
        return min(next(inner), size[0]), min(next(inner), size[1])

    def filters(self, size: tuple[int, int]) -> Filters:
        """Return the (filter, arguments) chain from stored raster to an upright ``size``."""
        width, height = reversed(size) if self.is_sideways else size
        return (("scale", f"{width}:{height}:flags=bilinear:out_range=tv"), *self.turns)

    def turned(self, raster: Raster) -> Raster:
        """Make a stored raster upright, as :meth:`filters` do, without scaling it."""
        for name, how in self.turns:
            raster = TURNS[name, how](raster)
        return raster


def geometry_of(frame: VideoFrame, sar: Fraction | None) -> Geometry:
    """Read a frame's geometry; an unknown or absurd pixel shape counts as square."""
    sound = sar is not None and Fraction(1, 10) <= sar <= 10
    matrix = display_matrix(frame) or plain_matrix(frame.rotation)
    return Geometry(
        stored_width=frame.width,
        stored_height=frame.height,
        sar=sar if sound and sar else Fraction(1),
        rotation=frame.rotation,
        turns=turns_of(matrix, frame.rotation),
    )


def display_matrix(frame: VideoFrame) -> tuple[int, ...] | None:
    """Return the nine 16.16 numbers of the frame's display matrix, if they can be had.

    Notes
    -----
    PyAV cannot list the side data of a frame that carries a kind it does not know; then only
    the rotation is left, and a mirror image goes unnoticed.
    """
    try:
        held: Mapping[Any, Any] = frame.side_data
        found = held[Type.DISPLAYMATRIX]
    except (KeyError, ValueError):
        return None
    values = np.frombuffer(bytes(found), dtype=np.int32)
    return tuple(int(value) for value in values[:9])


def plain_matrix(rotation: int) -> tuple[int, ...]:
    """Return the signs of a display matrix that turns by quarters and mirrors nothing."""
    cosine, sine = round(np.cos(np.radians(rotation))), round(np.sin(np.radians(rotation)))
    return (cosine, -sine, 0, sine, cosine, 0, 0, 0, 1)


def turns_of(matrix: tuple[int, ...], rotation: int) -> Filters:
    """Return the filters that undo a display matrix, mirror images included.

    Notes
    -----
    The same cases as the ffmpeg program's automatic rotation. A rotation that is no quarter
    turn leaves the picture as stored; the probe warns of it.
    """
    clockwise = -rotation % 360
    if clockwise == 90:
        return (("transpose", "cclock_flip" if matrix[3] > 0 else "clock"),)
    if clockwise == 270:
        return (("transpose", "clock_flip" if matrix[3] < 0 else "cclock"),)
    if clockwise == 180:
        flips = (("hflip", matrix[0] < 0), ("vflip", matrix[4] < 0))
        return tuple((name, "") for name, needed in flips if needed)
    return (("vflip", ""),) if clockwise == 0 and matrix[4] < 0 else ()
