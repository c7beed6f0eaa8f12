"""One decoded picture as the hints see it: views of its planes, and a small copy made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from models.refusal import MediaRefusedError

Pixels = NDArray[np.uint8]

# Black and standing pictures show as well on this many pixels a side, and cuts on half of that.
SMALL_SIDE = 160

# Video range (16 is black, 235 white; chroma 16 to 240) to what screens and detectors expect.
_LEVELS = np.arange(256)
_LUMA = np.clip(np.rint((_LEVELS - 16) * 255 / 219), 0, 255).astype(np.uint8)
_CHROMA = np.clip(np.rint((_LEVELS - 128) * 255 / 224 + 128), 0, 255).astype(np.uint8)


@dataclass(kw_only=True)
class Picture:
    """A yuv420p picture.

    Parameters
    ----------
    y, u, v : array
        Luma (h, w) and both chromas (h / 2, w / 2), 8 bits. They may be views of a decoder's
        buffer: what is kept for longer than the picture must be copied.
    """

    y: Pixels
    u: Pixels
    v: Pixels

    @classmethod
    def of_frame(cls, frame: VideoFrame) -> Self:
        """View a frame of a proxy.

        Raises
        ------
        MediaRefusedError
            If it is not yuv420p (code ``proxy_unsound``).
        """
        if frame.format.name != "yuv420p":
            raise MediaRefusedError(
                f"The proxy is {frame.format.name}, not yuv420p.", code="proxy_unsound"
            )
        y, u, v = (
            # A plane's rows are padded.
            np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)[
                : plane.height, : plane.width
            ]
            for plane in frame.planes
        )
        return cls(y=y, u=u, v=v)

    @cached_property
    def small_luma(self) -> Pixels:
        """Luma on at most 160 x 160 pixels, each the mean of those it stands for."""
        return _halved(self.y, self._n_halvings)

    @cached_property
    def tiny(self) -> Pixels:
        """Blue, green and red on at most 80 x 80 pixels, shape (h, w, 3)."""
        return self._coloured(_halved(self.small_luma, 1), self._n_halvings + 1)

    def thumbnail(self, side: int) -> Pixels:
        """Return blue, green and red with this longer side, in the picture's own shape."""
        rows, columns = self.y.shape
        longer = max(rows, columns)
        times = max(0, (longer // side).bit_length() - 1)  # to no less than the side
        halved = self._coloured(_halved(self.y, times), times)
        size = tuple(max(1, round(part * side / longer)) for part in (columns, rows))
        return _resized(halved, (size[0], size[1]))

    @cached_property
    def _n_halvings(self) -> int:
        return max(0, (-(-max(self.y.shape) // SMALL_SIDE) - 1).bit_length())

    def _coloured(self, luma: Pixels, times: int) -> Pixels:
        """Return blue, green and red on the pixels of a luma that was halved so many times."""
        rows, columns = luma.shape
        # Chroma comes at half of luma's size; of sides that are no power of two it is a pixel off.
        chromas = (_halved(plane, max(0, times - 1)) for plane in (self.v, self.u))
        fitting = (
            plane if plane.shape == (rows, columns) else _resized(plane, (columns, rows))
            for plane in chromas
        )
        full = cv2.LUT(luma, _LUMA), *(cv2.LUT(plane, _CHROMA) for plane in fitting)
        return np.asarray(cv2.cvtColor(cv2.merge(full), cv2.COLOR_YCrCb2BGR), dtype=np.uint8)


def _halved(plane: Pixels, times: int) -> Pixels:
    """Average squares of 2 x 2, again and again: many times faster than any other scale."""
    for _ in range(times):
        rows, columns = (max(1, side // 2) for side in plane.shape)
        plane = _resized(plane[: 2 * rows, : 2 * columns], (columns, rows))
    return plane if times else plane.copy()


def _resized(plane: Pixels, size: tuple[int, int]) -> Pixels:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
