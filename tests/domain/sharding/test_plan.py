from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.sharding.plan import Shard, ShardPlan, plan_shards
from tests.domain.sharding.plans import plan_of, plans
from tests.strategies import RATES

HOUR = 3600
NTSC = Fraction(30000, 1001)


def frames_of(plan: ShardPlan) -> list[tuple[int, int]]:
    return [(shard.onset, shard.offset) for shard in plan.shards]


def test_a_clip_that_is_short_enough_stays_whole():
    plan = plan_shards(1000, rate=Fraction(25), longest_s=40, overlap_s=2)
    assert plan.shards == (Shard(index=0, onset=0, offset=1000, core_onset=0, core_offset=1000),)


def test_without_shots_seams_lie_at_even_places():
    # 1 frame a second: cores of at most 90, planned as 90 - 2 x 5, so 13 of 76.9 frames.
    plan = plan_shards(1000, rate=Fraction(1), longest_s=100, overlap_s=10)
    assert [seam.frame for seam in plan.seams] == [
        77, 154, 231, 308, 385, 462, 538, 615, 692, 769, 846, 923
    ]  # fmt: skip
    assert frames_of(plan)[:2] == [(0, 82), (72, 159)]
    assert frames_of(plan)[-1] == (918, 1000)


def test_a_seam_moves_to_the_nearest_shot_within_reach():
    free = plan_shards(1000, rate=Fraction(1), longest_s=100, overlap_s=10)
    at = [seam.frame for seam in free.seams]
    # Within reach are 100 // 20 = 5 frames; the overlaps would leave room for 11.
    shots = [at[0] + 5, at[1] + 6, at[2] - 4, at[2] + 4, at[3]]
    plan = plan_shards(1000, rate=Fraction(1), shots=shots, longest_s=100, overlap_s=10)
    assert [seam.frame for seam in plan.seams][:4] == [at[0] + 5, at[1], at[2] - 4, at[3]]
    assert [seam.at_shot for seam in plan.seams][:5] == [True, False, True, True, False]
    assert plan.seams[4:] == free.seams[4:]


def test_a_shard_never_shows_more_than_the_longest():
    plan = plan_shards(10 * HOUR * 30, rate=NTSC, longest_s=600, overlap_s=Fraction(21, 2))
    assert plan.half_overlap == 158  # 10.5 s are 314.7 frames
    assert max(shard.n_frames for shard in plan.shards) <= 17982  # 600 s are 17982.02 frames
    assert len(plan.shards) == 69


@given(
    st.integers(1, 50_000),
    st.sampled_from(RATES),
    st.integers(2, 900),
    st.integers(0, 60),
    st.lists(st.integers(1, 50_000), unique=True).map(sorted),
)
def test_the_cores_partition_the_clip(n_frames, rate, longest_s, overlap_s, shots):
    assume(longest_s > 3 * overlap_s + 2)
    plan = plan_shards(n_frames, rate=rate, shots=shots, longest_s=longest_s, overlap_s=overlap_s)
    shards = plan.shards
    cores = [(shard.core_onset, shard.core_offset) for shard in shards]
    assert cores[0][0] == 0
    assert cores[-1][1] == n_frames
    assert all(before[1] == after[0] for before, after in pairwise(cores))
    assert all(onset < offset for onset, offset in cores)
    for shard in shards:
        assert shard.n_frames <= longest_s * rate
        assert 0 <= shard.onset <= shard.core_onset < shard.core_offset <= shard.offset
    for before, beyond in zip(shards, shards[2:], strict=False):
        assert before.offset <= beyond.onset  # no frame in three shards
    assert {seam.frame for seam in plan.seams if seam.at_shot} <= set(shots)


@given(plans())
def test_the_json_form_comes_back(plan):
    assert ShardPlan.from_json(json.loads(json.dumps(plan.as_json()))) == plan


def test_shards_too_short_for_their_overlap_are_refused():
    with pytest.raises(InputError, match="too short") as caught:
        plan_shards(1000, rate=Fraction(1), longest_s=30, overlap_s=10)
    assert caught.value.code == "shards_too_short"
    assert plan_shards(1000, rate=Fraction(1), longest_s=32, overlap_s=10).seams


def test_overlaps_are_longer_than_two_tolerances():
    with pytest.raises(InputError, match="more than 10") as caught:
        plan_shards(1000, rate=Fraction(1), longest_s=50, overlap_s=10, tolerance_frames=5)
    assert caught.value.code == "overlap_too_short"
    assert plan_shards(1000, rate=Fraction(1), longest_s=50, overlap_s=10, tolerance_frames=4).seams
    assert not plan_shards(9, rate=Fraction(1), longest_s=9, overlap_s=1, tolerance_frames=4).seams


@pytest.mark.parametrize(
    "seams", [(5,), (295,), (100, 119), (100, 80)], ids=["front", "end", "near", "disordered"]
)
def test_a_plan_whose_overlaps_meet_is_refused(seams):
    with pytest.raises(InputError) as caught:
        plan_of(*seams)
    assert caught.value.code == "shards_too_short"


@pytest.mark.parametrize("data", [{}, {"n_frames": 3, "half_overlap": 1, "seams": [{"at": 1}]}])
def test_what_is_no_plan_is_refused(data):
    with pytest.raises(InputError, match="not a shard plan"):
        ShardPlan.from_json(data)


def test_a_plan_needs_a_frame_and_an_overlap():
    with pytest.raises(InputError):
        ShardPlan(n_frames=0, half_overlap=1)
    with pytest.raises(InputError):
        plan_of(100, half=0)
    with pytest.raises(InputError):
        plan_shards(0, rate=Fraction(25), longest_s=60, overlap_s=1)
