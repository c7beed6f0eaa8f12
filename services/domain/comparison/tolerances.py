"""When two boundaries count as the same: frames first, then time, then doubt.

Conventions
-----------
Frames are integers and tolerances inclusive: with a tolerance of 3, 3 passes and 4 does not.
A policy may also cap the time between them, for clips in which frames last differently; the
cap is inclusive too, and computed exactly from the source's timestamps. A zone of doubt
(``ambiguity``) lets boundaries pass that lie within the zone's own number of
frames; the cap does not narrow it, as whoever marks doubt asks for room, not for precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from services.domain.comparison.ambiguity import NO_DOUBT, Doubt
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.taxonomy import Side, Taxonomy

Tolerance = tuple[int, int]
"""Inclusive frames at the onset and at the offset."""
Ints = NDArray[np.int64]


class FrameTimes(Protocol):
    """When each frame is shown; a :class:`services.domain.timebase.Timebase` is one."""

    def seconds(self, frame: int) -> Fraction:
        """Return the exact time of a frame, or of the end right after the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeCap:
    """The most time that two boundaries may lie apart, whatever the frames say."""

    max_ms: int
    times: FrameTimes

    @classmethod
    def of(cls, policy: Policy, times: FrameTimes | None) -> Self | None:
        """Return the policy's cap, or None where it has none.

        Raises
        ------
        InputError
            ``times_missing`` when there is a cap and nothing to measure it by.
        """
        if policy.tolerance_max_ms is None:
            return None
        if times is None:
            raise InputError(
                f"The policy caps the tolerance at {policy.tolerance_max_ms} ms, "
                "which needs the times of the clip's frames.",
                code="times_missing",
            )
        return cls(max_ms=policy.tolerance_max_ms, times=times)

    def allows(self, one: int, other: int) -> bool:
        """Whether two boundaries lie within the cap, inclusive."""
        apart_s = abs(self.times.seconds(other) - self.times.seconds(one))
        return 1000 * apart_s <= self.max_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """Which boundaries of one layer count as the same.

    Parameters
    ----------
    of_label : callable
        Gives a label's inclusive tolerances in frames.
    cap : TimeCap, optional
        The most time, beside the frames.
    doubt : Doubt
        Where either opinion marked doubt.
    """

    of_label: Callable[[str], Tolerance]
    cap: TimeCap | None = None
    doubt: Doubt = NO_DOUBT

    @classmethod
    def of_layer(
        cls, layer: str, *, taxonomy: Taxonomy, policy: Policy, cap: TimeCap | None, doubt: Doubt
    ) -> Self:
        """Return the tolerances of a layer's labels: the taxonomy's, else the policy's."""

        @cache
        def of_label(label: str) -> Tolerance:
            onset, offset = (
                taxonomy.tolerance(layer, label, side, default=policy.tolerance_frames)
                for side in (Side.ONSET, Side.OFFSET)
            )
            return onset, offset

        return cls(of_label=of_label, cap=cap, doubt=doubt)

    def of_labels(self, one: str, other: str) -> Tolerance:
        """Return the tolerances between two labels: on each side the larger one."""
        if one == other:
            return self.of_label(one)
        (onset, offset), (other_onset, other_offset) = self.of_label(one), self.of_label(other)
        return max(onset, other_onset), max(offset, other_offset)

    def within(self, one: int, other: int, frames: int) -> bool:
        """Whether two boundaries count as the same under a tolerance of so many frames."""
        apart = abs(other - one)
        if apart <= frames and (self.cap is None or self.cap.allows(one, other)):
            return True
        if not self.doubt:
            return False
        return apart <= max(self.doubt.frames(one), self.doubt.frames(other))

    def within_each(self, ones: Ints, others: Ints, frames: Ints) -> NDArray[np.bool_]:
        """Return :meth:`within` for many pairs of boundaries, each under its own tolerance."""
        apart = abs(others - ones)
        passed: NDArray[np.bool_] = apart <= frames
        if self.cap is not None:
            allows = cache(self.cap.allows)
            places = np.flatnonzero(passed)
            pairs = zip(ones[places].tolist(), others[places].tolist(), strict=True)
            passed[places] = [allows(*pair) for pair in pairs]
        if self.doubt:
            passed |= apart <= np.maximum(self._doubted(ones), self._doubted(others))
        return passed

    def _doubted(self, boundaries: Ints) -> Ints:
        """Return the frames of doubt at each boundary; asked once for each that differs."""
        distinct, place = np.unique(boundaries, return_inverse=True)
        frames = [self.doubt.frames(boundary) for boundary in distinct.tolist()]
        return np.array(frames, dtype=np.int64)[place]
