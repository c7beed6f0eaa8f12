"""Whether a new annotator may begin: their agreement with gold over the calibration clips."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from services.domain.comparison.disputes import ComparisonCounts


class CalibrationState(StrEnum):
    """How a calibration stands."""

    GOING_ON = "going_on"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationVerdict:
    """The standing of one calibration, with the figures it rests on.

    Parameters
    ----------
    state : CalibrationState
        ``going_on`` until all clips are in.
    n_clips, n_needed : int
        Clips answered, and needed.
    agreement : float or None
        Share of segments, of gold and answer, that agree (F1); None without any segment.
    needed : float
        The least agreement that passes, inclusive.
    counts : ComparisonCounts
        The sums behind it.
    """

    state: CalibrationState
    n_clips: int
    n_needed: int
    agreement: float | None
    needed: float
    counts: ComparisonCounts

    @property
    def sentence(self) -> str:
        """What a manager reads."""
        if self.state is CalibrationState.GOING_ON:
            return f"{self.n_clips} of {self.n_needed} calibration clips are answered."
        clips = "1 calibration clip" if self.n_clips == 1 else f"{self.n_clips} calibration clips"
        if self.agreement is None:
            return f"Passed: gold and answers are empty on {clips}."
        return (
            f"{self.state.capitalize()}: {self.agreement:.1%} of the segments of {clips} agree "
            f"with gold; {self.needed:.1%} is needed."
        )


def calibration_verdict(
    counts: Iterable[ComparisonCounts], *, n_needed: int, agreement_needed: float
) -> CalibrationVerdict:
    """Judge a calibration.

    Parameters
    ----------
    counts : iterable of ComparisonCounts
        One for each clip answered so far, of gold against the answer.
    n_needed : int
        Clips of the whole calibration.
    agreement_needed : float
        Share in [0, 1]; exactly this much passes.

    Notes
    -----
    Clips are pooled, so a clip weighs what its segments weigh. Empty against empty is
    agreement: a person who rightly marks nothing on any clip passes.

    The verdict is a sampled one. With 40 segments and 0.8 needed, a person who truly agrees
    on 0.7 passes about 1 time in 9, and one who truly agrees on 0.9 fails 1 time in 65;
    choose the number of clips so that both are bearable.
    """
    given = list(counts)
    total = sum(given, start=ComparisonCounts())
    if len(given) < n_needed:
        state = CalibrationState.GOING_ON
    elif _reaches(total, agreement_needed):
        state = CalibrationState.PASSED
    else:
        state = CalibrationState.FAILED
    return CalibrationVerdict(
        state=state,
        n_clips=len(given),
        n_needed=n_needed,
        agreement=total.agreement,
        needed=agreement_needed,
        counts=total,
    )


def _reaches(total: ComparisonCounts, needed: float) -> bool:
    """Compare in integers: 0.7 written by a person is 7/10, not the float beside it."""
    return 2 * total.n_agreed >= Fraction(repr(float(needed))) * (total.n_a + total.n_b)
