"""Which videos are worth comparing: coarse words of a fingerprint that near duplicates share.

Comparing a new video with each of a hundred thousand would take hours. So from the moments in
which most moves a few words of 16 signs are taken as they are: lowest frequencies first, three
of the look and three of the change. Near duplicates have several in common, strangers hardly
any, and a database finds who has a word by its index.

Notes
-----
Measured on the videos and copies of ``services.domain.fingerprint``: every one of 630 pairs of
near duplicates shares two words or more; of 8,982 pairs of different videos 1.2 % do, on
average 0.07 words a pair. There are 0.6 words a sample.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.domain.fingerprint import LEAST_ENERGY, Fingerprint

LEAST_SHARED: Final = 2
"""Videos with fewer words in common are taken for strangers."""

MOST_MOMENTS: Final = 1024
_REACH: Final = 4
_SIDE: Final = 8
_BITS: Final = 16
_WORDS: Final = 3
# The terms of a picture from the lowest frequency up; the first is no sign.
_TERMS: Final = sorted(range(1, _SIDE**2), key=lambda term: sum(f**2 for f in divmod(term, _SIDE)))


def likeness_words(fingerprint: Fingerprint) -> list[int]:
    """Return a video's words, each once and in order; whole numbers below 2**19.

    Of a video of hours only the 1,024 moments in which most moves have words.
    """
    samples = fingerprint.samples
    energy = samples["energy"].astype(np.int64)
    moments = _peaks(energy)
    strongest = np.argsort(-energy[moments], kind="stable")[:MOST_MOMENTS]
    picked = samples[moments[strongest]]
    words: set[int] = set()
    for kind, name in enumerate(("look", "change")):
        for number in range(_WORDS):
            terms = _TERMS[number * _BITS : (number + 1) * _BITS]
            prefix = (kind * _WORDS + number) << _BITS
            words |= {prefix | value for value in _packed(picked[name], terms)}
    return sorted(words)


def _peaks(energy: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return where more moves than within a second on either side; a copy peaks there as well."""
    if not len(energy):
        return np.zeros(0, dtype=np.intp)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(energy, _REACH), 2 * _REACH + 1)
    return np.flatnonzero((energy >= LEAST_ENERGY) & (energy == around.max(axis=1)))


def _packed(signs: NDArray[np.uint64], terms: list[int]) -> list[int]:
    """Return the given signs of each sample as one number."""
    bits = (signs[:, None] >> np.array(terms, dtype=np.uint64)) & np.uint64(1)
    places = np.left_shift(np.uint64(1), np.arange(len(terms), dtype=np.uint64))
    packed: list[int] = (bits * places).sum(axis=1, dtype=np.uint64).tolist()
    return packed
