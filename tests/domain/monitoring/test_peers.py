"""Agreement of two blind opinions in sums: counted once each, interval by clip."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.comparison.compare import compare
from services.domain.comparison.disputes import Comparison
from services.domain.monitoring.intervals import wilson
from services.domain.monitoring.peers import (
    PeerTally,
    agreement_difference,
    tally_clip,
    tally_peers,
)
from services.domain.policy import Policy
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy

LAYERS = [
    {"name": "hand", "exclusive": True, "labels": [{"name": "pour"}, {"name": "stir"}]},
    {"name": "gaze", "exclusive": True, "labels": [{"name": "cup"}]},
]
TAXONOMY = Taxonomy.parse({"name": "kitchen", "version": 1, "layers": LAYERS})


def seg(label: str, onset: int, offset: int, layer: str = "hand") -> Segment:
    return Segment(label=label, onset=onset, offset=offset, layer=layer)


def compared(a: list[Segment], b: list[Segment]) -> Comparison:
    one, other = (Segmentation.of(side, n_frames=1000) for side in (a, b))
    return compare(one, other, taxonomy=TAXONOMY, policy=Policy())


def tally(n_segments: int, n_agreed: int) -> PeerTally:
    counts = dict.fromkeys(
        ("n_alone", "n_mislabelled", "n_shifted", "n_divided", "n_pairs", "onset_frames"), 0
    )
    return PeerTally.of_clip(
        counts | {"n_segments": n_segments, "n_agreed": n_agreed, "offset_frames": 0}
    )


def test_each_segment_ends_in_exactly_one_way():
    a = [seg("pour", 0, 50), seg("stir", 100, 150), seg("pour", 200, 250), seg("pour", 300, 400)]
    b = [seg("pour", 2, 51), seg("pour", 100, 150), seg("pour", 205, 250)]
    b += [seg("pour", 300, 345), seg("pour", 355, 400), seg("cup", 10, 20, "gaze")]
    found = tally_peers(compared(a, b))
    pour = found["hand", "pour"]
    assert (pour.n_segments, pour.n_agreed, pour.n_shifted) == (8, 2, 2)
    assert (pour.n_mislabelled, pour.n_divided, pour.n_alone) == (1, 3, 0)
    assert (pour.n_pairs, pour.onset_frames, pour.offset_frames) == (2, 2 + 5, 1)
    assert found["hand", "stir"].n_mislabelled == 1
    assert found["gaze", "cup"].n_alone == 1
    whole = tally_clip(compared(a, b))
    assert (whole.n_clips, whole.n_segments, whole.n_agreed) == (1, 10, 2)
    assert whole.segments_squared == 100


def test_an_empty_clip_counts_as_a_clip_and_tells_nothing():
    nothing = compared([], [])
    assert tally_peers(nothing) == {}
    whole = tally_clip(nothing)
    assert (whole.n_clips, whole.n_segments, whole.agreement) == (1, 0, None)
    assert (whole + whole).agreement_interval is None
    assert (whole.mean_onset_frames, whole.mean_offset_frames) == (None, None)


def test_means_are_over_pairs_that_can_be_compared():
    whole = tally_clip(compared([seg("pour", 10, 50)], [seg("pour", 12, 53)]))
    assert (whole.mean_onset_frames, whole.mean_offset_frames) == (2.0, 3.0)


def test_one_clip_says_nothing_of_the_next():
    assert tally(10, 6).agreement == 0.6
    assert tally(10, 6).agreement_interval is None


def test_clips_that_are_alike_have_the_interval_of_independent_pairs():
    # No scatter between clips, so pairs count as independent: 20 segments are 10 cases.
    total = tally(10, 6) + tally(10, 6)
    assert total.agreement_interval == pytest.approx(wilson(6, 10))


def test_clips_that_stand_or_fall_together_widen_it():
    # By hand: clips of 10 with 10 and 0 agreed. R = 1/2, residuals 5 and -5, so the variance
    # is 2/1 * 50 / 400 = 1/4; independent pairs would give 1/4 / 10. The effect is 10.
    total = tally(10, 10) + tally(10, 0)
    assert total.agreement_interval == pytest.approx(wilson(0.5, 1.0))


def test_full_agreement_keeps_an_interval():
    total = tally(4, 4) + tally(6, 6)
    assert total.agreement_interval == pytest.approx(wilson(5, 5))


@given(
    st.lists(
        st.integers(1, 20).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
        min_size=2,
        max_size=12,
    )
)
def test_the_interval_is_the_ratio_estimators(clips: list[tuple[int, int]]):
    total = sum((tally(n, agreed) for n, agreed in clips), start=PeerTally())
    x, y = np.array(clips, dtype=float).T
    ratio = y.sum() / x.sum()
    between = len(clips) / (len(clips) - 1) * ((y - ratio * x) ** 2).sum() / x.sum() ** 2
    chance = ratio * (1 - ratio) / (x.sum() / 2)
    size = x.sum() / 2 / (max(1.0, between / chance) if chance else 1.0)
    assert total.agreement_interval == pytest.approx(wilson(ratio * size, size), abs=1e-6)
    assert sum((tally(n, y) for n, y in reversed(clips)), start=PeerTally()) == total


def test_the_interval_holds_its_level_where_clips_differ():
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(400):
        total = PeerTally()
        for rate in rng.beta(6, 2, size=40):  # clips differ: 0.75 on average
            total += tally(10, int(rng.binomial(10, rate)))
        low, high = total.agreement_interval or (1.0, 0.0)
        covered += low <= 0.75 <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_the_difference_of_two_agreements():
    one, other = tally(10, 8) + tally(10, 8), tally(10, 5) + tally(10, 5)
    found = agreement_difference(one, other)
    assert found is not None
    value, interval = found
    (l1, u1), (l2, u2) = wilson(8, 10), wilson(5, 10)
    assert value == pytest.approx(0.3)
    assert interval == pytest.approx(
        (
            0.3 - sqrt((0.8 - l1) ** 2 + (u2 - 0.5) ** 2),
            0.3 + sqrt((u1 - 0.8) ** 2 + (0.5 - l2) ** 2),
        )
    )


def test_a_difference_needs_both_sides():
    assert agreement_difference(PeerTally(), tally(10, 5)) is None
    assert agreement_difference(tally(10, 5), PeerTally()) is None
    assert agreement_difference(tally(10, 8), tally(10, 5) + tally(10, 5)) == (
        pytest.approx(0.3),
        None,
    )
