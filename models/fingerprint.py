"""A video's fingerprint, taken while it is decoded for something else.

Eight pictures a second are averaged down to 32x32 cells of luma, upright, whatever their stored
size and shape; their low frequencies are all that is kept. Averages over half a second make
the signs independent of which of its frames a copy still holds.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from models.geometry import Geometry
from services.domain.fingerprint import ENERGY_UNIT, HOP_S, SAMPLE, Fingerprint

Floats = NDArray[np.float64]

SIDE = 32
GRAIN = 4
KEPT = 8
TICKS_PER_S = 8
WINDOW_TICKS = 4
HOP_TICKS = int(HOP_S * TICKS_PER_S)
# Each dot of a cell counts as the cell does, so that multiplying averages as well.
COSINES: Floats = np.repeat(
    np.cos(np.pi * (np.arange(SIDE) + 0.5)[None, :] * np.arange(KEPT)[:, None] / SIDE) / GRAIN,
    GRAIN,
    axis=1,
)
BITS = np.left_shift(np.uint64(1), np.arange(KEPT * KEPT, dtype=np.uint64))
# A sinusoid of one grey level's amplitude has a term of this size.
TERM_SCALE = SIDE * SIDE / 4


class Fingerprinter:
    """Takes every frame in order and looks at eight a second.

    Parameters
    ----------
    max_duration_s : int
        Later frames are not looked at; timestamps of a hostile file may lie anywhere.
    """

    def __init__(self, *, max_duration_s: int) -> None:
        self._most_ticks = max_duration_s * TICKS_PER_S
        self._n_ticks = 0
        self._origin: Fraction | None = None
        self._reformatter = VideoReformatter()
        self._recent: deque[Floats] = deque(maxlen=2 * WINDOW_TICKS)
        self._latest: Floats | None = None
        self._packed = bytearray()

    def add(self, frame: VideoFrame, *, shown_s: Fraction, geometry: Geometry) -> None:
        """Take the next frame; what was shown before it is held until its time."""
        if self._origin is None:
            self._origin = shown_s
        elapsed = (shown_s - self._origin) * TICKS_PER_S
        tick = min(elapsed.numerator // elapsed.denominator, self._most_ticks)
        if tick < self._n_ticks:
            return  # its time has been taken by a frame before it
        if self._latest is not None:
            while self._n_ticks < tick:
                self._tick(self._latest)
        self._latest = self._terms_of(frame, geometry)
        self._tick(self._latest)

    def result(self) -> Fingerprint:
        """Return the fingerprint of all frames so far."""
        return Fingerprint(data=bytes(self._packed))

    def _terms_of(self, frame: VideoFrame, geometry: Geometry) -> Floats:
        # Averaging all of a large picture would cost a tenth of decoding it; 16 dots a cell do.
        dots = self._reformatter.reformat(
            frame, SIDE * GRAIN, SIDE * GRAIN, "gray", interpolation=Interpolation.POINT
        )
        upright = geometry.turned(dots.to_ndarray())
        terms: Floats = COSINES @ upright.astype(np.float64) @ COSINES.T
        return terms.ravel()

    def _tick(self, terms: Floats) -> None:
        self._recent.append(terms)
        self._n_ticks += 1
        n_after_first = self._n_ticks - WINDOW_TICKS
        if n_after_first < 0 or n_after_first % HOP_TICKS:
            return
        recent = np.stack(self._recent)
        look = recent[-WINDOW_TICKS:].mean(axis=0)
        before = recent[: len(recent) - WINDOW_TICKS]
        has_before = len(before) == WINDOW_TICKS
        change = look - before.mean(axis=0) if has_before else np.zeros_like(look)
        energy = float(np.sqrt(np.mean(change[1:] ** 2))) / TERM_SCALE / ENERGY_UNIT
        sample = (_signs(look), _signs(change), min(255, round(energy)))
        self._packed += np.array(sample, dtype=SAMPLE).tobytes()


def _signs(terms: Floats) -> int:
    """Pack the signs of all terms but the constant one, which is brightness."""
    positive = terms > 0
    positive[0] = False
    return int(BITS[positive].sum(dtype=np.uint64))
