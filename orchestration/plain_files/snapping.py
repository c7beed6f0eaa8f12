"""What became of boundaries that were given in seconds: how many, and how far they moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from orchestration.plain_files.rates import meant_perhaps, write_rate
from orchestration.plain_files.wording import counted

_MOST_RATES: Final = 8


@dataclass(slots=True)
class Snapping:
    """A running account, of constant size.

    Parameters
    ----------
    n_boundaries : int
        Boundaries that were given in seconds only.
    n_moved : int
        Of those, the ones more than a hundredth of a frame off a frame's own time.
    largest : Fraction
        Farthest that one was moved, in frames (0.5 at most).
    largest_at : (int, str) or None
        Line and item of that one.
    n_other_frame : int
        Of those under a rate that looks like a rounded NTSC rate (23.976 for 24000/1001), the
        ones which that rate would put on another frame.
    other : dict of (str, str) to int
        Those by the rate as written and the one perhaps meant; the first few rates only.
    """

    n_boundaries: int = 0
    n_moved: int = 0
    largest: Fraction = Fraction(0)
    largest_at: tuple[int, str] | None = None
    n_other_frame: int = 0
    other: dict[tuple[str, str], int] = field(default_factory=dict)

    def snap(self, frame: Fraction, *, rate: Fraction, where: tuple[int, str]) -> int:
        """Return the nearest frame and take note of the distance."""
        snapped = round(frame)
        distance = abs(frame - snapped)
        self.n_boundaries += 1
        self.n_moved += distance > Fraction(1, 100)
        if distance > self.largest or self.largest_at is None:
            self.largest, self.largest_at = distance, where
        meant = meant_perhaps(rate)
        if meant is not None and round(frame / rate * meant) != snapped:
            self.n_other_frame += 1
            rates = write_rate(rate), write_rate(meant)
            if rates in self.other or len(self.other) < _MOST_RATES:
                self.other[rates] = self.other.get(rates, 0) + 1
        return snapped

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        line, item = self.largest_at or (None, None)
        return {
            "boundaries_given_in_seconds": self.n_boundaries,
            "moved_over_a_hundredth_of_a_frame": self.n_moved,
            "largest_distance_frames": float(self.largest),
            "largest_at_line": line,
            "largest_at_item": item,
            "on_another_frame_under_the_ntsc_rate": self.n_other_frame,
        }

    def sentences(self) -> list[str]:
        """Say it to a person; nothing where nothing was snapped."""
        if self.largest_at is None:
            return []
        line, item = self.largest_at
        said = [
            f"{counted(self.n_boundaries, 'boundary')} given in seconds, snapped to the nearest "
            f"frame; {self.n_moved:,} lay more than a hundredth of a frame off one, the farthest "
            f"{float(self.largest):.3f} frames (line {line}, {item})."
        ]
        said += [
            f"fps {written} was read as written. Were {meant} meant, {counted(count, 'boundary')} "
            f'would fall on another frame; write fps as "{meant}" if so.'
            for (written, meant), count in self.other.items()
        ]
        return said
