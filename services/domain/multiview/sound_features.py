"""What two microphones hear alike: when it gets louder, band by band.

Conventions
-----------
Features come at FEATURE_HZ, are non-negative rises of the logarithmic power in N_BANDS bands, and
are worked out block by block, so memory does not grow with the length of the sound.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import numpy as np
from numpy.typing import NDArray

SOUND_HZ: Final = 8000
"""Samples a second of all sound that is compared; mono."""
FEATURE_HZ: Final = 100
HOP: Final = SOUND_HZ // FEATURE_HZ
_FRAME: Final = 256
_EDGES_HZ: Final = (80, 250, 500, 900, 1500, 2300, 3600)
N_BANDS: Final = len(_EDGES_HZ) - 1
_BLOCK: Final = 60 * FEATURE_HZ
_KEPT_BLOCKS: Final = 48
_FLOOR: Final = 1e-7
"""Power of a full-scale sine's millionth or so: below it lies the converter's own noise."""

Floats = NDArray[np.float32]
Sound = NDArray[np.float32] | NDArray[np.int16]


def stretch(sound: Sound, begin: int, n_samples: int) -> Floats:
    """Return samples as floats in [-1, 1], with silence where there is no sound."""
    found = np.zeros(n_samples, dtype=np.float32)
    first, end = max(begin, 0), min(begin + n_samples, len(sound))
    if first < end:
        part = np.asarray(sound[first:end])
        found[first - begin : end - begin] = part
        if sound.dtype == np.int16:
            found /= 32768
    return found


class Rises:
    """The features of one sound, worked out when they are asked for.

    Parameters
    ----------
    sound : array, shape (n,)
        Mono at SOUND_HZ: floats in [-1, 1] or 16-bit integers, which may be a memory map.
    """

    def __init__(self, sound: Sound) -> None:
        self._sound = sound
        self._blocks: OrderedDict[int, Floats] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of features."""
        return (len(self._sound) + HOP - 1) // HOP

    def between(self, begin: int, end: int) -> Floats:
        """Return features begin..end, shape (end - begin, N_BANDS)."""
        first, last = begin // _BLOCK, (end - 1) // _BLOCK
        blocks = np.concatenate([self._block(number) for number in range(first, last + 1)])
        return blocks[begin - first * _BLOCK : end - first * _BLOCK]

    def _block(self, number: int) -> Floats:
        if number in self._blocks:
            self._blocks.move_to_end(number)
        else:
            self._blocks[number] = rises(self._sound, number * _BLOCK, _BLOCK)
            if len(self._blocks) > _KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        return self._blocks[number]


def rises(sound: Sound, begin: int, n_features: int) -> Floats:
    """Work out features from number ``begin`` on."""
    n_frames = n_features + 2  # a rise is taken over two steps
    samples = stretch(sound, (begin - 1) * HOP, (n_frames - 1) * HOP + _FRAME)
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(_FRAME).astype(np.float32), axis=1)) ** 2
    hz = np.fft.rfftfreq(_FRAME, 1 / SOUND_HZ)
    edges = np.searchsorted(hz, _EDGES_HZ)
    bands = np.add.reduceat(power, edges, axis=1)[:, :N_BANDS]
    loud = np.log(bands / _FRAME**2 + _FLOOR)
    risen: Floats = np.maximum(loud[2:] - loud[:-2], 0).astype(np.float32)
    return risen
