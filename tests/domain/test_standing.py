from __future__ import annotations

import pytest

from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.standing import AnnotatorStanding, first_standing


@pytest.mark.parametrize(
    ("clips", "standing"), [(0, AnnotatorStanding.ACTIVE), (1, AnnotatorStanding.CALIBRATING)]
)
def test_who_joins_is_tried_where_the_policy_has_clips_for_it(
    clips: int, standing: AnnotatorStanding
) -> None:
    assert first_standing(Policy(calibration_clips=clips)) is standing


def test_a_policy_that_tries_people_anew_needs_a_trial() -> None:
    monitoring = {"consequences": ["notify", "recalibrate"]}
    Policy.parse({"monitoring": monitoring, "calibration_clips": 1}).require_sound()
    Policy.parse({"calibration_clips": 0}).require_sound()
    without = Policy.parse({"monitoring": monitoring})  # what was in force stays readable
    with pytest.raises(InputError, match="set calibration_clips to 1 or more") as caught:
        without.require_sound()
    assert [fault["pointer"] for fault in caught.value.errors] == ["/monitoring/consequences"]
