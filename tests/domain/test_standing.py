from __future__ import annotations

import pytest

from services.domain.policy import Policy
from services.domain.standing import AnnotatorStanding, first_standing


@pytest.mark.parametrize(
    ("clips", "standing"), [(0, AnnotatorStanding.ACTIVE), (1, AnnotatorStanding.CALIBRATING)]
)
def test_who_joins_is_tried_where_the_policy_has_clips_for_it(
    clips: int, standing: AnnotatorStanding
) -> None:
    assert first_standing(Policy(calibration_clips=clips)) is standing
