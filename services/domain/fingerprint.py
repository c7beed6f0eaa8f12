"""Whether two videos show the same events, however they are encoded.

Conventions
-----------
A fingerprint holds four samples a second of the source's own time. A sample is a half-second
window: 64 signs of the picture's low frequencies (*look*), 64 signs of what changed since the
window before (*change*), and how much did (*energy*). Looks alone would call every recording of
one fixed camera the same; what changes tells them apart.

Notes
-----
Distances are shares of differing signs: 0 for the same, about 0.5 for strangers. Nothing is said
of pairs that share less than a second and a half, or in which hardly anything moves. Cropped,
mirrored and retimed copies are not found.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from services.domain.errors import InputError

VERSION: Final = 1
HOP_S: Final = Fraction(1, 4)
SAMPLE: Final = np.dtype([("look", "<u8"), ("change", "<u8"), ("energy", "u1")])
ENERGY_UNIT: Final = 1 / 16
"""Grey levels of one step of energy."""

NEAR_DISTANCE: Final = 0.19
"""At most this far apart, two videos are near duplicates.

Measured on 15 videos and 134 copies of them (smaller, 160 pixels wide at CRF 36, CRF 40, brighter,
other rates, 0.37, 1 or 1.13 s cut off, several at once): all 630 pairs of one video that can be
compared are at most 0.144 apart, all 8,982 pairs of different videos at least 0.242. Of 42 pairs of
different stretches of one recording four are near: exercises that repeat before a fixed camera.
"""
LONG_S: Final = 20
"""Videos that share less have to be as near in what changes alone.

Before one fixed camera all looks are alike, and over a few seconds much of what changes is, too: of
different random walks, all pairs of 14, the changes are at least 0.13, 0.21 and 0.32 apart where
they share 3, 5 and 10 seconds, those of copies at most 0.19, 0.12 and 0.12.
"""
SHORT_S: Final = 5
SHORT_CHANGE: Final = 0.1
"""The limit for what changes in videos that share less than ``SHORT_S``."""
# A window in which less than this changes (0.3 grey levels) holds mostly the codec's noise.
LEAST_ENERGY: Final = 5
_MOST_ENERGY: Final = 80
_LEAST_OVERLAP: Final = 6
_LEAST_ACTIVE: Final = 4
_N_ANCHORS: Final = 256
_N_TRIED: Final = 8

Floats = NDArray[np.float64]
Samples = NDArray[np.void]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What a video shows over time, in 68 bytes a second.

    Parameters
    ----------
    data : bytes
        Packed samples of 17 bytes: look, change (little-endian), energy.
    """

    data: bytes

    def __post_init__(self) -> None:
        if len(self.data) % SAMPLE.itemsize:
            raise InputError(f"A fingerprint of {len(self.data)} bytes is cut off.")

    @property
    def samples(self) -> Samples:
        """The samples, shape (n,), of dtype SAMPLE."""
        return np.frombuffer(self.data, dtype=SAMPLE)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.data) // SAMPLE.itemsize

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"version": VERSION, "samples": base64.b64encode(self.data).decode()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If it is of another version or no fingerprint at all.
        """
        try:
            version, samples = data["version"], base64.b64decode(data["samples"], validate=True)
        except (KeyError, TypeError, binascii.Error, ValueError) as error:
            raise InputError(f"This is not a fingerprint: {error!r}.") from error
        if version != VERSION:
            raise InputError(f"Fingerprints of version {version!r} cannot be compared; make anew.")
        return cls(data=samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How far apart two videos are where they fit best.

    Parameters
    ----------
    look, change : float
        Shares of differing signs; change is weighted by how much moves.
    shift_s : Fraction
        When the second video's beginning is shown in the first one; negative: before it.
    overlap_s : Fraction
        How long both are shown together.
    """

    look: float
    change: float
    shift_s: Fraction
    overlap_s: Fraction

    @property
    def distance(self) -> float:
        """Mean of both shares, 0 to 1."""
        return (self.look + self.change) / 2

    def mirrored(self) -> Self:
        """Return the same, as seen from the second video."""
        return replace(self, shift_s=-self.shift_s)

    @property
    def is_near(self) -> bool:
        """Whether the two are near duplicates of each other."""
        if self.distance > NEAR_DISTANCE or self.overlap_s >= LONG_S:
            return self.distance <= NEAR_DISTANCE
        return self.change <= (NEAR_DISTANCE if self.overlap_s >= SHORT_S else SHORT_CHANGE)


def likeness(a: Fingerprint, b: Fingerprint) -> Likeness | None:
    """Compare two videos at the shift where they are most alike.

    Returns
    -------
    Likeness or None
        None where nothing can be said: no shift at which half of the shorter one, and at least a
        second and a half, overlaps with something moving in both.

    Notes
    -----
    Shifts are ranked by up to 256 samples of the shorter one in which most moves, and the best
    are measured whole: an hour against an hour takes a third of a second.
    """
    if len(a) < len(b):
        found = likeness(b, a)
        return found and found.mirrored()
    longer, shorter = a.samples, b.samples
    need = max(_LEAST_OVERLAP, len(shorter) // 2)
    if len(shorter) < need:
        return None
    tried = (_at(longer, shorter, shift) for shift in _likely_shifts(longer, shorter, need))
    return min(filter(None, tried), key=lambda found: found.distance, default=None)


def _likely_shifts(longer: Samples, shorter: Samples, need: int) -> list[int]:
    """Rank the shifts at which ``need`` samples overlap by what the anchors say."""
    lowest, highest = need - len(shorter), len(longer) - need
    anchors = _anchors(shorter)
    if not len(anchors):
        return []
    picked = shorter[anchors]
    apart = (
        _apart(picked["look"][:, None], longer["look"][None, :])
        + _apart(picked["change"][:, None], longer["change"][None, :])
    ) / 2
    weights = np.minimum(_weights(picked)[:, None], _weights(longer)[None, :])
    places = (np.arange(len(longer))[None, :] - anchors[:, None] + len(shorter)).ravel()
    length = len(longer) + len(shorter) + 1
    total = np.bincount(places, weights=weights.ravel(), minlength=length)
    score = np.bincount(places, weights=(weights * apart).ravel(), minlength=length)
    allowed = slice(lowest + len(shorter), highest + len(shorter) + 1)
    # Few anchors that happen to agree shall not outrank many that do: doubt counts as strangers.
    doubt = 0.1 * float(_weights(picked).sum())
    mean = (score[allowed] + 0.5 * doubt) / (total[allowed] + doubt)
    best = np.argsort(mean, kind="stable")[:_N_TRIED]
    return [int(shift) + lowest for shift in best]


def _anchors(samples: Samples) -> NDArray[np.intp]:
    """Return the samples in which most moves, at most 256, from all over the video."""
    active = np.flatnonzero(samples["energy"] >= LEAST_ENERGY)
    if len(active) <= _N_ANCHORS:
        return active
    parts = np.array_split(active, _N_ANCHORS)
    return np.array([part[np.argmax(samples["energy"][part])] for part in parts])


def _at(longer: Samples, shorter: Samples, shift: int) -> Likeness | None:
    """Compare at one shift: sample 0 of the shorter lies at sample ``shift`` of the longer."""
    first, last = max(0, shift), min(len(longer), shift + len(shorter))
    one, other = longer[first:last], shorter[first - shift : last - shift]
    weights = np.minimum(_weights(one), _weights(other))
    if int(np.count_nonzero(weights)) < _LEAST_ACTIVE:
        return None
    return Likeness(
        look=float(_apart(one["look"], other["look"]).mean()),
        change=float(np.average(_apart(one["change"], other["change"]), weights=weights)),
        shift_s=shift * HOP_S,
        overlap_s=len(one) * HOP_S,
    )


def _apart(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> Floats:
    """Return the share of differing signs; the constant term is no sign and always 0."""
    shares: Floats = np.bitwise_count(one ^ other) / 63.0
    return shares


def _weights(samples: Samples) -> Floats:
    """Return how much a sample's change counts: not at all below the codec's noise."""
    energy = samples["energy"].astype(np.float64)
    return np.where(energy < LEAST_ENERGY, 0.0, np.minimum(energy, _MOST_ENERGY))
