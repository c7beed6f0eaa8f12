"""How much later one recording began than another, by what both heard; and how their clocks drift.

First, windows of the reference are looked for in the view by the rises of their loudness, which
survive other microphones, rooms and noise; their places vote for one offset. Then short stretches
are matched to a fraction of a millisecond by their whitened waveforms (GCC-PHAT), and a line
through them gives offset and drift. Where the waveforms have nothing in common (microphones far
apart), the windows themselves give the line, to a few milliseconds.

References
----------
C. Knapp, G. Carter: The generalized correlation method for estimation of time delay. IEEE
Transactions on Acoustics, Speech, and Signal Processing 24(4), 1976.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from services.domain.errors import InputError
from services.domain.multiview.alignment import Alignment, OffsetMethod
from services.domain.multiview.sound_features import (
    FEATURE_HZ,
    SOUND_HZ,
    Rises,
    Sound,
    stretch,
)

MAX_OFFSET_S: Final = 900
"""How far apart two recordings may begin and be found."""
SHORTEST_S: Final = 3
_MOST_DRIFT: Final = 300e-6
_WINDOW_S: Final = 30
_N_WINDOWS: Final = 16
_N_PEAKS: Final = 5
_LEAST_PEAK: Final = 5.5
_LEAST_VOTES: Final = 11.0
"""Standard deviations by which the winning windows stand out, in all."""
_LEAST_VOTES_ALONE: Final = 30.0
_LEAST_WINDOWS: Final = 3
"""What it takes where no waveform confirms it."""
_CLEAR: Final = 1.6
"""How much more votes the winner must have than any other offset."""
_SAME_S: Final = 0.03
_APART_S: Final = 0.3

_STRETCH_S: Final = 6
_N_STRETCHES: Final = 60
_LEAST_FINE_PEAK: Final = 7.0
_AGREE_S: Final = 0.002
_LEAST_SHARE: Final = 0.3
_LEAST_SPAN_S: Final = 60
_WHITENING: Final = 0.9
_BAND_HZ: Final = (120, 3700)

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A stretch of the reference found in the view.

    Parameters
    ----------
    at_s : float
        The middle of the stretch, on the reference's clock.
    lag_s : float
        How much less the view's clock says then.
    weight : float
        Standard deviations by which it stands out.
    """

    at_s: float
    lag_s: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The lag over time: ``lag_s`` at ``at_s``, changing by ``slope``."""

    at_s: float
    lag_s: float
    slope: float
    spread_s: float
    n_agreeing: int
    share: float


def sound_offset(reference: Sound, view: Sound, *, max_offset_s: float = MAX_OFFSET_S) -> Alignment:
    """Return where a view lies in time by its sound.

    Parameters
    ----------
    reference, view : array, shape (n,)
        Mono sound at SOUND_HZ, floats in [-1, 1] or 16-bit integers, from each view's first
        frame on.
    max_offset_s : float
        How far apart they may begin.

    Raises
    ------
    InputError
        Code ``no_clear_offset``: too short, silent, of different events, or so repetitive that
        several offsets fit.
    """
    if min(len(reference), len(view)) < SHORTEST_S * SOUND_HZ:
        raise unclear(f"less than {SHORTEST_S} s of sound is too short to be compared")
    votes = list(_windows(Rises(reference), Rises(view), max_offset_s))
    rough = _elected(votes)
    stretches = _stretches(reference, view, rough)
    fine = [
        match
        for at_s in stretches
        if (match := _fine_match(reference, view, at_s, rough)) is not None
    ]
    line = _line(fine, of=len(stretches), agree_s=_AGREE_S)
    if line is not None and line.n_agreeing >= _least_agreeing(len(stretches)):
        return _alignment(line)
    near = _near(votes, rough)
    line = _line(near, of=len({vote.at_s for vote in votes}), agree_s=_SAME_S)
    if line is None or rough.weight < _LEAST_VOTES_ALONE or line.n_agreeing < _LEAST_WINDOWS:
        raise unclear("nothing stands out clearly enough")
    return _alignment(line)


def _least_agreeing(n_stretches: int) -> int:
    """Return how many stretches must lie on one line, to two milliseconds, to be no accident."""
    return max(min(2, n_stretches), round(_LEAST_SHARE * n_stretches))


def unclear(why: str) -> InputError:
    """Return the refusal to guess."""
    return InputError(
        f"The sound does not say how the views lie in time: {why}. State the offset instead.",
        code="no_clear_offset",
    )


def _windows(reference: Rises, view: Rises, max_offset_s: float) -> Iterator[Match]:
    """Look for windows of the reference in the view; yield the best places of each."""
    n_reference, n_view = len(reference), len(view)
    length = min(_WINDOW_S * FEATURE_HZ, max(n_reference // 4, SHORTEST_S * FEATURE_HZ))
    # Side by side: windows that overlap would say the same thing twice and call it agreement.
    n_windows = max(1, min(_N_WINDOWS, n_reference // length))
    starts = np.linspace(0, n_reference - length, n_windows).astype(int)
    reach = round(max_offset_s * FEATURE_HZ)
    for start in starts.tolist():
        first, end = max(start - reach, 0), min(start + length + reach, n_view)
        if end - first < length // 2:
            continue
        wanted = reference.between(start, start + length)
        place, weight = _peaks(wanted, view.between(first, end))
        for found, height in zip(place, weight, strict=True):
            lag = (start - first - found) / FEATURE_HZ
            at_s = (start + length / 2) / FEATURE_HZ
            yield Match(at_s=at_s, lag_s=float(lag), weight=float(height))


def _peaks(wanted: NDArray[np.float32], within: NDArray[np.float32]) -> tuple[Reals, Reals]:
    """Return the best places of ``wanted`` in ``within`` (fractions of features), and weights."""
    n_wanted, n_within = len(wanted), len(within)
    size = fft.next_fast_len(n_wanted + n_within, real=True)
    total = np.zeros(size)
    for band in range(wanted.shape[1]):
        a, b = _standard(wanted[:, band]), _standard(within[:, band])
        total += fft.irfft(fft.rfft(b, size) * np.conj(fft.rfft(a, size)), size)
    # Places from "hardly begun" to "hardly any left", in order.
    reach = n_wanted - FEATURE_HZ
    heights = np.concatenate([total[size - reach :], total[: n_within - FEATURE_HZ]])
    spread = 1.4826 * np.median(np.abs(heights - np.median(heights)))
    if spread == 0:
        return np.zeros(0), np.zeros(0)
    heights = (heights - np.median(heights)) / spread
    places, weights = [], []
    left = heights.copy()
    for _ in range(_N_PEAKS):
        top = int(np.argmax(left))
        if left[top] < _LEAST_PEAK:
            break
        places.append(top + _vertex(heights, top) - reach)
        weights.append(heights[top])
        left[max(top - 10, 0) : top + 11] = -np.inf
    return np.array(places), np.array(weights)


def _standard(values: NDArray[np.float32]) -> Reals:
    """Return a band of equal say: mean 0, deviation 1, clipped, so that no bang decides."""
    centred = values - values.mean()
    spread = centred.std()
    return np.clip(centred / spread, -3, 3).astype(np.float64) if spread else np.zeros(len(values))


def _vertex(heights: Reals, top: int) -> float:
    """Return where between its neighbours a peak is highest, by a parabola; in [-0.5, 0.5]."""
    if not 0 < top < len(heights) - 1:
        return 0.0
    before, here, after = heights[top - 1 : top + 2]
    bend = before - 2 * here + after
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0


def _elected(votes: Sequence[Match]) -> Match:
    """Return the offset most windows vote for, each with one vote.

    Raises
    ------
    InputError
        If there is none, or another has nearly as many.
    """
    if not votes:
        raise unclear("nothing in one can be found in the other")
    at = np.array([vote.at_s for vote in votes])
    lags = np.array([vote.lag_s for vote in votes])
    weights = np.array([vote.weight for vote in votes])
    room = _SAME_S + _MOST_DRIFT * np.abs(at[:, None] - at)
    fits = np.abs(lags[:, None] - lags) <= room
    counted = np.where(fits, weights, 0.0)
    totals = np.array([_one_each(row, at) for row in counted])
    best = int(np.argmax(totals))
    others = totals[np.abs(lags - lags[best]) > _APART_S + room[best]]
    if totals[best] < _LEAST_VOTES:
        raise unclear("nothing stands out clearly enough")
    if len(others) and totals[best] < _CLEAR * others.max():
        raise unclear("several offsets fit about as well")
    return Match(at_s=float(at[best]), lag_s=float(lags[best]), weight=float(totals[best]))


def _one_each(weights: Reals, at: Reals) -> float:
    """Sum the best weight of each window."""
    return float(sum(weights[at == window].max() for window in np.unique(at)))


def _near(votes: Sequence[Match], rough: Match) -> list[Match]:
    """Return the votes that elected an offset."""
    return [
        vote
        for vote in votes
        if abs(vote.lag_s - rough.lag_s) <= _SAME_S + _MOST_DRIFT * abs(vote.at_s - rough.at_s)
    ]


def _stretches(reference: Sound, view: Sound, rough: Match) -> list[float]:
    """Return the middles of stretches, spread over what both have."""
    begin = max(0.0, rough.lag_s)
    end = min(len(reference) / SOUND_HZ, len(view) / SOUND_HZ + rough.lag_s)
    half = min(_STRETCH_S, end - begin) / 2
    n_stretches = max(1, min(_N_STRETCHES, int((end - begin) / (_STRETCH_S / 2))))
    return list(np.linspace(begin + half, end - half, n_stretches))


def _fine_match(reference: Sound, view: Sound, at_s: float, rough: Match) -> Match | None:
    """Match one stretch by its whitened waveform, near the place that was elected."""
    n_samples = _STRETCH_S * SOUND_HZ
    room_s = 2 * _SAME_S + _MOST_DRIFT * abs(at_s - rough.at_s)
    room = round(room_s * SOUND_HZ)
    start = round(at_s * SOUND_HZ) - n_samples // 2
    lag = round(rough.lag_s * SOUND_HZ)
    ours = stretch(reference, start, n_samples)
    theirs = stretch(view, start - lag - room, n_samples + 2 * room)
    heights = _whitened(ours, theirs)[: 2 * room + 1]
    spread = 1.4826 * np.median(np.abs(heights))
    if spread == 0:
        return None
    heights = np.abs(heights) / spread  # a microphone may be wired the wrong way round
    top = int(np.argmax(heights))
    if heights[top] < _LEAST_FINE_PEAK:
        return None
    found = lag + room - (top + _vertex(heights, top))
    return Match(at_s=at_s, lag_s=found / SOUND_HZ, weight=float(heights[top]))


def _whitened(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> Reals:
    """Return the generalized cross-correlation at each delay of ``ours`` within ``theirs``."""
    size = fft.next_fast_len(len(ours) + len(theirs), real=True)
    window = np.hanning(len(ours))
    cross = fft.rfft(theirs.astype(np.float64), size) * np.conj(fft.rfft(ours * window, size))
    hz = fft.rfftfreq(size, 1 / SOUND_HZ)
    cross[(hz < _BAND_HZ[0]) | (hz > _BAND_HZ[1])] = 0
    strength = np.abs(cross)
    known = strength > 0
    cross[known] /= strength[known] ** _WHITENING
    correlation: Reals = fft.irfft(cross, size)
    return correlation


def _line(matches: Sequence[Match], *, of: int, agree_s: float) -> Line | None:
    """Return the line that most matches lie on, of so many looked for; None without any."""
    if not matches:
        return None
    at = np.array([match.at_s for match in matches])
    lags = np.array([match.lag_s for match in matches])
    slope, middle = 0.0, float(at.mean())
    has_span = float(np.ptp(at)) >= _LEAST_SPAN_S and len(matches) >= 4
    if has_span:
        slope = _robust_slope(at, lags)
    flat = lags - slope * (at - middle)
    agrees = np.abs(flat - np.median(flat)) <= agree_s
    if has_span and agrees.sum() >= 4:
        slope += float(np.polyfit(at[agrees] - middle, flat[agrees], 1)[0])
        flat = lags - slope * (at - middle)
        agrees = np.abs(flat - np.median(flat)) <= agree_s
    centre = float(np.mean(flat[agrees]))
    spread = 1.4826 * float(np.median(np.abs(flat[agrees] - centre)))
    n_agreeing = int(agrees.sum())
    return Line(
        at_s=middle,
        lag_s=centre,
        slope=slope,
        spread_s=spread,
        n_agreeing=n_agreeing,
        share=n_agreeing / of,
    )


def _robust_slope(at: Reals, lags: Reals) -> float:
    """Return the median slope of all pairs that are far apart (Theil and Sen)."""
    i, j = np.triu_indices(len(at), 1)
    far = np.abs(at[j] - at[i]) >= np.ptp(at) / 4
    return float(np.median((lags[j] - lags[i])[far] / (at[j] - at[i])[far]))


def _alignment(line: Line) -> Alignment:
    """Turn the lag's line into an offset and a drift.

    The view's clock says ``t - lag(t)``, so it runs at ``1 - slope``, and says 0 at the offset.
    """
    drift_ppm = Fraction(round(-line.slope * 1e8), 100)
    pace = 1 + drift_ppm / 1_000_000
    view_s = Fraction(round((line.at_s - line.lag_s) * 1_000_000), 1_000_000)
    offset_s = Fraction(round(line.at_s * 1_000_000), 1_000_000) - view_s / pace
    return Alignment(
        offset_s=Fraction(round(offset_s * 1_000_000), 1_000_000),
        drift_ppm=drift_ppm,
        method=OffsetMethod.AUDIO,
        confidence=round(line.share, 3),
        error_ms=round(line.spread_s * 1000, 3),
    )
