from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from services.domain.monitoring.tallies import DeltaTally
from services.domain.monitoring.timing import (
    USUAL_HABIT,
    Track,
    common_place,
    distances,
    habit,
    means,
    merge_tracks,
    normal_scores,
    scatter,
)


def track(values: list[float], counts: list[int] | None = None) -> Track:
    return Track(
        clips=np.arange(len(values)),
        counts=np.array(counts or [1] * len(values), dtype=np.float64),
        values=np.array(values, dtype=np.float64),
    )


def test_a_clip_is_its_mean_and_a_lost_segment_no_bias() -> None:
    tallies = {2: DeltaTally.of([1, 3]), 5: DeltaTally.of([900])}
    found = means(tallies)
    assert list(found.clips) == [2, 5]
    assert list(found.counts) == [2, 1]
    assert list(found.values) == [2, 30]
    assert list(distances(tallies, place=2.0).values) == [1, 28]
    assert found.mean == pytest.approx(34 / 3)


def test_the_common_place_is_golds_until_there_are_enough_people() -> None:
    assert common_place([track([4.0])] * 9) == 0.0
    assert common_place([track([4.0])] * 9 + [track([9.0])]) == 4.0
    assert common_place([]) == 0.0


def test_residuals_keep_their_scatter() -> None:
    assert list(track([3.0]).residuals) == []
    assert list(track([1.0, 3.0]).residuals) == pytest.approx([-np.sqrt(2), np.sqrt(2)])
    rng = np.random.default_rng(1)
    counts = rng.integers(1, 5, size=(500, 8))
    found = [
        track(list(rng.normal(7, 1 / np.sqrt(row))), [int(n) for n in row]).residuals
        for row in counts
    ]
    assert np.var(np.concatenate(found)) == pytest.approx(1.0, abs=0.05)
    assert scatter([track([1.0, 3.0])]) == pytest.approx(np.sqrt(2))
    assert scatter([track([1.0])]) == scatter([track([2.0, 2.0])]) == 1.0


def test_scores_are_ranks_as_normal_values() -> None:
    pool = np.array([1.0, 2.0, 3.0, 3.0])
    found = normal_scores(np.array([0.0, 3.0, 9.0]), pool)
    assert found == pytest.approx(ndtri(np.array([0.5, 3.5, 4.5]) / 5))


def test_scores_of_a_sound_person_are_standard_normal_whatever_the_distribution() -> None:
    rng = np.random.default_rng(2)
    found = normal_scores(rng.exponential(size=3000), rng.exponential(size=3000))
    assert found.mean() == pytest.approx(0, abs=0.06)
    assert found.std() == pytest.approx(1, abs=0.04)


def test_labels_are_joined_clip_by_clip_in_their_own_units() -> None:
    one = Track(clips=np.array([0, 2]), counts=np.array([1.0, 3.0]), values=np.array([2.0, 4.0]))
    other = Track(clips=np.array([2]), counts=np.array([1.0]), values=np.array([10.0]))
    joined = merge_tracks([one, other], [2.0, 5.0])
    assert list(joined.clips) == [0, 2]
    assert list(joined.counts) == [1, 4]
    assert list(joined.values) == [1.0, (3 * 2 + 1 * 2) / 4]


def test_habits_are_measured_on_enough_people_and_granted_otherwise() -> None:
    pool = np.random.default_rng(3).normal(size=500)
    assert habit([track([0.0, 1.0])] * 4, pool).deviations == (USUAL_HABIT,)
    assert habit([track([0.0, 1.0])] * 9, np.zeros(5)).deviations == (USUAL_HABIT,)
    found = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        people = [track(list(rng.normal(rng.normal(0, 0.7), 1, size=25))) for _ in range(19)]
        found.append(habit(people, pool).deviations[2] ** 2)
    # 0.49, widened by the error of the common place: pi / 2 * (0.49 + 0.04) / 19.
    assert np.mean(found) == pytest.approx(0.49 + 0.044, abs=0.09)
