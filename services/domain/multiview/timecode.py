"""SMPTE timecode: what a camera's clock said at the first frame.

Conventions
-----------
``HH:MM:SS:FF``; a ``;`` or ``.`` before the frames means drop-frame, in which two numbers (four
at 60) are left out at the beginning of each minute that is no multiple of ten, so that numbers at
30000/1001 frames a second keep to the clock on the wall. Frames are never dropped, only numbers.

References
----------
SMPTE ST 12-1:2014.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Self

from services.domain.errors import InputError

_FORM: Final = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d\d?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timecode:
    """A count of frames since midnight, at a rate.

    Parameters
    ----------
    frames : int
        Frames really counted, numbers left out not included.
    rate : Fraction
        Frames per second at which it counts.
    is_drop : bool
        Whether it leaves out numbers.
    """

    frames: int
    rate: Fraction
    is_drop: bool = False

    @classmethod
    def parse(cls, text: str, *, rate: Fraction) -> Self:
        """Read a timecode that counts at ``rate``.

        Raises
        ------
        InputError
            If the text is none, or names a number that is left out or does not exist.
        """
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise InputError(f"{text!r} is no timecode such as 01:00:00:00.")
        hours, minutes, seconds, frames = (int(found[part]) for part in (1, 2, 3, 5))
        nominal, is_drop = round(rate), found[4] != ":"
        if is_drop and nominal % 30:
            raise InputError(f"Timecode {text!r} is drop-frame, which {rate} per second has not.")
        left_out = nominal // 15 if is_drop else 0
        is_number = hours < 24 and minutes < 60 and seconds < 60 and frames < nominal
        if not is_number or (minutes % 10 and not seconds and frames < left_out):
            raise InputError(f"There is no timecode {text!r} at {rate} frames per second.")
        whole_minutes = hours * 60 + minutes
        counted = (whole_minutes * 60 + seconds) * nominal + frames
        counted -= left_out * (whole_minutes - whole_minutes // 10)
        return cls(frames=counted, rate=rate, is_drop=is_drop)

    @property
    def seconds(self) -> Fraction:
        """Seconds since the count began at 00:00:00:00."""
        return self.frames / self.rate

    @property
    def day_s(self) -> Fraction:
        """Seconds after which it begins anew."""
        nominal = round(self.rate)
        left_out = (nominal // 15) * (24 * 60 - 24 * 6) if self.is_drop else 0
        return (24 * 3600 * nominal - left_out) / self.rate

    def since(self, other: Timecode) -> Fraction:
        """Return how much later than ``other`` it is, over midnight if that is nearer."""
        apart = (self.seconds - other.seconds) % other.day_s
        return apart - other.day_s if 2 * apart > other.day_s else apart
