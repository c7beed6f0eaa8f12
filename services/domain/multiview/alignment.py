"""Where a further view lies on the clock of its group's reference view.

Conventions
-----------
A group is one clip. Its frames are those of the *reference view*, the first; every other view is
further media of the same clip. Each view's clock counts seconds from its own first shown frame.
``offset_s`` is when, on the reference's clock, the view's first frame was taken: positive for a
camera that was switched on later. A view's clock may run fast by ``drift_ppm`` millionths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Self

from services.domain.errors import InputError, reading

MAX_OFFSET_S = 24 * 3600
MAX_DRIFT_PPM = 1000


class OffsetMethod(StrEnum):
    """How a view's place in time was found."""

    GIVEN = "given"
    TIMECODE = "timecode"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """A view's place in time.

    Parameters
    ----------
    offset_s : Fraction
        When the view's first frame was taken, on the reference's clock.
    drift_ppm : Fraction
        Millionths by which the view's clock runs fast; negative when it runs slow.
    method : OffsetMethod
        How both were found.
    confidence : float, optional
        Share of the stretches of sound that agree with it, in [0, 1]; None where it was not
        measured.
    error_ms : float, optional
        Spread of those stretches around it (median absolute deviation as one standard deviation).
    """

    offset_s: Fraction
    drift_ppm: Fraction = Fraction(0)
    method: OffsetMethod
    confidence: float | None = None
    error_ms: float | None = None

    def __post_init__(self) -> None:
        if abs(self.offset_s) > MAX_OFFSET_S:
            raise InputError(
                f"An offset of {float(self.offset_s):g} s is longer than a day; give seconds."
            )
        if abs(self.drift_ppm) > MAX_DRIFT_PPM:
            raise InputError(
                f"A drift of {float(self.drift_ppm):g} ppm is above {MAX_DRIFT_PPM}: no clock is "
                "that wrong. Are the views of one event, and at the rates their files state?"
            )

    @property
    def pace(self) -> Fraction:
        """Seconds that pass on the view's clock in one second of the reference's."""
        return 1 + self.drift_ppm / 1_000_000

    def view_s(self, reference_s: Fraction) -> Fraction:
        """Return what the view's clock says at a moment of the reference's."""
        return (reference_s - self.offset_s) * self.pace

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: rationals as text."""
        return {
            "offset_s": str(self.offset_s),
            "drift_ppm": str(self.drift_ppm),
            "method": str(self.method),
            "confidence": self.confidence,
            "error_ms": self.error_ms,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is missing or of the wrong form.
        """
        with reading("an alignment"):
            return cls(
                offset_s=Fraction(data["offset_s"]),
                drift_ppm=Fraction(data["drift_ppm"]),
                method=OffsetMethod(data["method"]),
                confidence=data["confidence"],
                error_ms=data["error_ms"],
            )
