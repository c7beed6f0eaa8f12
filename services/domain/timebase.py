"""Source time, exactly: a rational rate, every frame's timestamp, and the way to the proxy.

Conventions
-----------
A *frame index* is the 0-based index of a source frame in presentation order.
Seconds are always derived from integers through :class:`fractions.Fraction`;
nothing is ever compared in float seconds, because an inclusive three-frame rule
breaks there (at 25 fps most boundaries exactly 3 frames apart come out as more).

Timestamps are kept as runs of equal steps, so a constant-rate recording of any
length takes one run.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, groupby, pairwise
from typing import Any, Self

from services.domain.errors import InputError, reading


def parse_rational(text: str) -> Fraction:
    """Read a positive rational written as ``"30000/1001"`` or ``"25"``.

    Raises
    ------
    InputError
        If the text is no rational or is not positive.
    """
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(f"{text!r} is not a rational number such as 30000/1001.") from error
    if value <= 0:
        raise InputError(f"{text!r} must be positive.")
    return value


_SLOWEST, _FASTEST = Fraction(1), Fraction(240)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """``count`` successive frames, each ``step`` ticks after the one before."""

    step: int
    count: int

    def __post_init__(self) -> None:
        if self.step <= 0 or self.count <= 0:
            raise InputError(
                f"A timestamp run needs a positive step and count, not {self.step} x {self.count}."
            )


def play_rate(rate: Fraction) -> Fraction:
    """Return the rate at which people watch a recording of this rate.

    Players count frames rightly from 1 to 240 a second: Label Studio's reads a rate below 1
    as its inverse, and misses frames shorter than some 3 ms.
    """
    return min(max(rate, _SLOWEST), _FASTEST)


@dataclass(frozen=True, kw_only=True)
class Timebase:
    """When each source frame is shown, and the rate at which the proxy plays them.

    Parameters
    ----------
    rate : Fraction
        Frames per second; for a constant-rate source its own. The proxy plays at the
        :func:`play_rate` of it.
    tick : Fraction
        Seconds per timestamp tick (the stream's time base).
    first_pts : int
        Timestamp of frame 0, in ticks.
    runs : tuple of StepRun
        The steps between successive frames; their counts add up to ``n_frames - 1``.

    Notes
    -----
    The proxy holds every source frame exactly once, in order, so proxy frame ``k`` *is*
    source frame ``k``. A variable-rate source is therefore never resampled: only its
    playing speed on the proxy differs, never an index.
    """

    rate: Fraction
    tick: Fraction
    first_pts: int = 0
    runs: tuple[StepRun, ...] = ()
    _ends: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.tick <= 0:
            raise InputError(f"Rate {self.rate} and tick {self.tick} must be positive.")
        object.__setattr__(self, "_ends", tuple(accumulate(run.count for run in self.runs)))

    @classmethod
    def constant(cls, *, rate: Fraction, n_frames: int) -> Self:
        """Make the timebase of a constant-rate clip that starts at zero."""
        if n_frames < 1:
            raise InputError(f"A clip needs at least one frame, not {n_frames}.")
        runs = (StepRun(step=1, count=n_frames - 1),) if n_frames > 1 else ()
        return cls(rate=rate, tick=1 / rate, runs=runs)

    @classmethod
    def from_pts(cls, pts: Iterable[int], *, rate: Fraction, tick: Fraction) -> Self:
        """Make the timebase from every frame's timestamp in presentation order.

        Raises
        ------
        InputError
            If there is no timestamp, or they do not strictly increase.
        """
        values = list(pts)
        if not values:
            raise InputError("A clip needs at least one frame.")
        steps = [after - before for before, after in pairwise(values)]
        runs = tuple(StepRun(step=step, count=len(list(same))) for step, same in groupby(steps))
        return cls(rate=rate, tick=tick, first_pts=values[0], runs=runs)

    @property
    def n_frames(self) -> int:
        """Number of source frames."""
        return 1 + (self._ends[-1] if self._ends else 0)

    @property
    def is_variable(self) -> bool:
        """Whether any frame is shown off the constant rate by more than one tick.

        Integer ticks cannot hold most rates exactly (1/30 s in milliseconds), so steps that
        alternate between the two nearest integers are still constant; equal steps of 33 ms
        are not, as they drift away from 30 frames a second.
        """
        # Between the ends of a run the drift is linear, so it is greatest at one of them.
        return any(
            abs((pts - self.first_pts) * self.tick - frame / self.rate) > self.tick
            for frame, pts in zip(self._ends, self._run_pts[1:], strict=True)
        )

    @cached_property
    def _run_pts(self) -> tuple[int, ...]:
        starts = accumulate((run.step * run.count for run in self.runs), initial=self.first_pts)
        return tuple(starts)

    def pts(self, frame: int) -> int:
        """Return the timestamp of a frame, in ticks.

        Raises
        ------
        InputError
            If the frame does not exist. ``n_frames`` itself is allowed, as a segment may
            end there: one step of the nominal rate after the last frame.
        """
        n_frames = self.n_frames
        if not 0 <= frame <= n_frames:
            raise InputError(f"Frame {frame} is outside 0..{n_frames}.")
        if frame == n_frames:
            return self.pts(frame - 1) + max(1, round(1 / (self.rate * self.tick)))
        if frame == 0:
            return self.first_pts
        index = bisect_right(self._ends, frame - 1)
        before = self._ends[index - 1] if index else 0
        return self._run_pts[index] + self.runs[index].step * (frame - before)

    def seconds(self, frame: int) -> Fraction:
        """Return the presentation time of a frame in the source, in exact seconds."""
        return self.pts(frame) * self.tick

    def proxy_seconds(self, frame: int) -> Fraction:
        """Return when the proxy shows a frame, in exact seconds from its start."""
        if not 0 <= frame <= self.n_frames:
            raise InputError(f"Frame {frame} is outside 0..{self.n_frames}.")
        return frame / self.play_rate

    @property
    def play_rate(self) -> Fraction:
        """Frames per second at which the proxy plays."""
        return play_rate(self.rate)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: rationals as text, runs as ``[step, count]`` pairs."""
        return {
            "rate": str(self.rate),
            "tick": str(self.tick),
            "first_pts": self.first_pts,
            "runs": [[run.step, run.count] for run in self.runs],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is missing or of the wrong form.
        """
        with reading("a timebase"):
            return cls(
                rate=parse_rational(data["rate"]),
                tick=parse_rational(data["tick"]),
                first_pts=int(data["first_pts"]),
                runs=tuple(StepRun(step=int(s), count=int(n)) for s, n in data["runs"]),
            )
