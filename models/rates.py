"""The frame rate that a clip's timestamps mean, as an exact rational.

Conventions
-----------
Timestamps are integer ticks in presentation order. A clip has a *constant* rate when one
period and one phase explain every timestamp to within a tick: containers with coarse ticks
(Matroska's milliseconds) can only write 33, 33, 34 for 30 frames a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.int64]

STANDARD_RATES = (
    *(Fraction(n) for n in (1, 2, 5, 6, 8, 10, 12, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60)),
    *(Fraction(n) for n in (72, 90, 100, 120, 144, 200, 240)),
    *(Fraction(n * 1000, 1001) for n in (12, 15, 24, 30, 48, 60, 120, 240)),
    Fraction(15, 2),
    Fraction(25, 2),
)
DEFAULT_RATE = Fraction(25)
# Rounding twice (90 kHz to milliseconds) spreads a constant rate over slightly more than a tick.
SPREAD_TICKS = 1.02
# A clip whose steps are nearly all nominal (a camera that dropped some frames) plays at that rate.
NOMINAL_SHARE = 0.9
VARIABLE_RANGE = (Fraction(1), Fraction(120))
# MP4 and H.264 hold rates in 32 bits, H.264 as twice the rate.
MAX_TERM = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFinding:
    """A clip's rate, and whether its timestamps keep to it."""

    rate: Fraction
    constant: bool


def recover_rate(
    pts: Ticks, *, tick: Fraction, stated: Iterable[Fraction], last_step: int | None = None
) -> RateFinding:
    """Find the rate that timestamps mean.

    Parameters
    ----------
    pts : array of int, shape (n,)
        Strictly increasing timestamps in ticks, n >= 1.
    tick : Fraction
        Seconds per tick.
    stated : iterable of Fraction
        What the container says, most trusted first. It breaks ties and never overrules.
    last_step : int, optional
        Ticks for which the last frame is shown, where the container knows.

    Returns
    -------
    RateFinding
        Constant: the stated or standard rate that explains every timestamp, else the exact
        rate of the steps. Variable: the nominal rate when nine in ten steps keep to it, else
        frames per shown time; between 1 and 120, as it is only the proxy's playing speed.

    Notes
    -----
    One frame has no step: its stated rate counts, else 25.
    """
    said = [rate for rate in stated if 0 < rate <= 1000]
    if len(pts) < 2:
        return RateFinding(rate=_bounded(said[0]) if said else DEFAULT_RATE, constant=True)
    steps = np.diff(pts)
    for rate in _constant_candidates(pts, steps, tick=tick, said=said):
        if is_constant(pts, rate=rate, tick=tick):
            return RateFinding(rate=_bounded(rate), constant=True)
    return RateFinding(
        rate=_variable_rate(pts, steps, tick=tick, said=said, last_step=last_step), constant=False
    )


def is_constant(pts: Ticks, *, rate: Fraction, tick: Fraction) -> bool:
    """Say whether one phase at this rate explains every timestamp to within a tick."""
    period = float(1 / (rate * tick))
    elapsed = (pts - pts[0]).astype(np.float64)
    drift = elapsed - np.arange(len(pts)) * period
    steps_fit = bool(np.all(np.abs(np.diff(elapsed) - period) < 1))
    return steps_fit and float(drift.max() - drift.min()) <= SPREAD_TICKS


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """Return the fraction of smallest denominator in ``[low, high]``, ``0 < low <= high``."""
    whole = low.numerator // low.denominator
    if low == whole:
        return low
    if whole + 1 <= high:
        return Fraction(whole + 1)
    return whole + 1 / simplest_between(1 / (high - whole), 1 / (low - whole))


def _constant_candidates(
    pts: Ticks, steps: Ticks, *, tick: Fraction, said: Sequence[Fraction]
) -> Iterator[Fraction]:
    """Yield plausible constant rates, most trusted first."""
    span = int(pts[-1] - pts[0])
    mean = (len(pts) - 1) / (span * tick)
    exact = 1 / (int(steps[0]) * tick) if bool(np.all(steps == steps[0])) else None
    if exact is not None and exact in said:
        yield exact
    yield from (rate for rate in said if rate in STANDARD_RATES)
    yield from sorted(STANDARD_RATES, key=lambda rate: abs(rate - mean))[:3]
    if exact is not None:
        yield exact
    yield from said
    if span > 1:
        low, high = (Fraction(len(pts) - 1) / ((span + side) * tick) for side in (1, -1))
        yield simplest_between(low, high)
    yield mean


def _variable_rate(
    pts: Ticks, steps: Ticks, *, tick: Fraction, said: Sequence[Fraction], last_step: int | None
) -> Fraction:
    for rate in (*said, *STANDARD_RATES):
        if float(np.mean(np.abs(steps - float(1 / (rate * tick))) < 1)) >= NOMINAL_SHARE:
            return _bounded(rate)
    shown = int(pts[-1] - pts[0]) + (last_step or int(np.median(steps)))
    rate = len(pts) / (shown * tick)
    if rate.denominator > 5_000:
        rate = rate.limit_denominator(1_000)
    low, high = VARIABLE_RANGE
    return min(max(rate, low), high)


def _bounded(rate: Fraction) -> Fraction:
    """Return the rate with both terms small enough for the proxy's headers."""
    if rate.numerator <= MAX_TERM and rate.denominator <= MAX_TERM:
        return rate
    return rate.limit_denominator(max(1, int(MAX_TERM / max(rate, Fraction(1)))))
