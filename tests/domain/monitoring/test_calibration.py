from __future__ import annotations

from services.domain.comparison.disputes import ComparisonCounts
from services.domain.monitoring.calibration import (
    CalibrationState,
    CalibrationVerdict,
    calibration_verdict,
)


def verdict(*clips: tuple[int, int, int], needed: float = 0.7, n: int = 2) -> CalibrationVerdict:
    """Clips given as segments of gold, of the answer, and agreed."""
    counts = [ComparisonCounts(n_a=a, n_b=b, n_agreed=agreed) for a, b, agreed in clips]
    return calibration_verdict(counts, n_needed=n, agreement_needed=needed)


def test_it_goes_on_until_all_clips_are_in() -> None:
    found = verdict((5, 5, 0))
    assert found.state is CalibrationState.GOING_ON
    assert found.sentence == "1 of 2 calibration clips are answered."


def test_exactly_the_agreement_needed_passes() -> None:
    found = verdict((5, 5, 5), (5, 5, 2))
    assert (found.state, found.agreement) == (CalibrationState.PASSED, 0.7)
    assert found.sentence == (
        "Passed: 70.0% of the segments of 2 calibration clips agree with gold; 70.0% is needed."
    )


def test_below_it_fails_and_clips_weigh_what_their_segments_weigh() -> None:
    found = verdict((1, 1, 1), (99, 99, 68))
    assert found.state is CalibrationState.FAILED
    assert found.sentence.startswith("Failed: 69.0% of")
    assert verdict((4, 2, 2), n=1).sentence.startswith("Failed: 66.7% of the segments of 1 calib")


def test_rightly_marking_nothing_passes() -> None:
    found = verdict((0, 0, 0), (0, 0, 0))
    assert (found.state, found.agreement) == (CalibrationState.PASSED, None)
    assert found.sentence == "Passed: gold and answers are empty on 2 calibration clips."
