from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.metrics import gamma_alignment
from services.domain.metrics.gamma import Gamma, measure_gamma
from services.domain.metrics.gamma_alignment import (
    Costs,
    Units,
    dissimilarity,
    least_disorder,
)
from services.domain.segments import Segment
from tests.domain.metrics.notation import listed, opinions

ALEX = "1 2-9, 2 11-17, 5 24-30, 6 32-36, 6 36-44, 7 44-60"
PAUL = "1 2-9, 3 11-17, 5 19-25, 6 32-44"
SUZAN = "1 2-9, 4 11-17, 5 21-27, 6 32-36, 6 36-40, 6 40-44"
AS_IN_THE_PROGRAM = Costs(position=3)


def units(text: str) -> Units:
    segments = listed(text)
    return Units(
        onsets=np.array([segment.onset for segment in segments]),
        offsets=np.array([segment.offset for segment in segments]),
        labels=np.array([ord(segment.label) for segment in segments]),
    )


def gamma(*texts: str, n_frames: int, seed: int = 1, **more: object) -> Gamma:
    return measure_gamma(
        [listed(text) for text in texts],
        n_frames=n_frames,
        generator=np.random.default_rng(seed),
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("a", "b", "published"),
    [
        ("X 4-14", "X 40-44", 22.2),
        ("X 4-14", "X 20-25", 3.2),
        ("X 4-14", "X 14-24", 1.0),
        ("X 20-30", "X 20-25", 0.11),
        ("X 20-25", "X 14-24", 0.22),
        ("X 4-14", "X 4-14", 0.0),
    ],
)
def test_positions_are_as_dissimilar_as_published(a: str, b: str, published: float) -> None:
    """Mathet et al. 2015, figure 10."""
    found = dissimilarity(units(a), units(b), Costs())
    assert found.item() == pytest.approx(published, rel=0.05)


def test_scale_does_not_matter_and_labels_do() -> None:
    near, far = (
        dissimilarity(units(a), units(b), Costs()).item()
        for a, b in (("X 0-7", "X 0-10"), ("X 0-21", "X 0-30"))
    )
    assert near == far
    assert dissimilarity(units("X 0-7"), units("Y 0-10"), Costs(label=2)).item() == near + 2


def test_the_published_example_has_the_published_disorder_and_gamma() -> None:
    """Alex, Paul and Suzan, with the weights of the authors' program."""
    found = gamma(ALEX, PAUL, SUZAN, n_frames=60, costs=AS_IN_THE_PROGRAM, precision=0.01)
    assert found.disorder == pytest.approx(0.960625)
    assert found.value is not None
    assert 0.44 <= found.value <= 0.48
    assert found.interval is not None
    low, high = found.interval
    assert 0 < high - low < 0.02


def test_identity_is_one_and_equal_seeds_are_equal() -> None:
    texts = ("X 0-10, Y 20-30",) * 2
    assert gamma(*texts, n_frames=100).value == 1.0
    assert gamma(ALEX, PAUL, n_frames=60) == gamma(ALEX, PAUL, n_frames=60)
    assert gamma(ALEX, PAUL, n_frames=60) != gamma(ALEX, PAUL, n_frames=60, seed=2)


def test_precision_asks_for_draws_up_to_a_limit() -> None:
    few = gamma(ALEX, PAUL, n_frames=60, precision=0.5)
    many = gamma(ALEX, PAUL, n_frames=60, precision=0.02, most_draws=80)
    assert (few.n_draws, many.n_draws) == (30, 80)
    assert many.expected_error < few.expected_error


def test_without_a_unit_there_is_nothing_to_compare() -> None:
    found = gamma("", "", n_frames=10)
    assert (found.value, found.interval, found.n_draws) == (None, None, 0)
    assert gamma("X 0-1", "X 0-1", n_frames=1).value is None  # chance can only repeat it


def test_an_empty_opinion_is_as_far_away_as_can_be() -> None:
    found = gamma("X 0-10", "", n_frames=100)
    assert found.disorder == 2.0  # one unit alone, over half a unit an opinion
    assert found.value is not None
    assert found.value <= 0


def test_opinions_by_chance_agree_by_chance() -> None:
    dice = np.random.default_rng(5)
    values = []
    for _ in range(12):
        texts = []
        for _ in range(2):
            onsets = np.sort(dice.choice(190, size=12, replace=False)) * 10
            labels = dice.choice(list("XYZ"), size=12)
            texts.append(", ".join(f"{x} {o}-{o + 8}" for x, o in zip(labels, onsets, strict=True)))
        found = gamma(*texts, n_frames=2000, precision=0.05).value
        assert found is not None
        values.append(found)
    assert abs(np.mean(values)) < 0.05


def test_one_opinion_cannot_agree() -> None:
    with pytest.raises(InputError, match="two opinions"):
        gamma("X 0-1", n_frames=2)


def test_too_many_ways_to_align_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gamma_alignment, "MOST_GROUPS", 5)
    with pytest.raises(InputError, match="too many ways"):
        gamma(ALEX, PAUL, SUZAN, n_frames=60)


def as_units(segments: list[Segment]) -> Units:
    return Units(
        onsets=np.array([s.onset for s in segments], dtype=np.int64),
        offsets=np.array([s.offset for s in segments], dtype=np.int64),
        labels=np.array([ord(s.label) for s in segments], dtype=np.int64),
    )


@given(opinions, opinions)
def test_two_are_aligned_the_same_by_assignment_and_by_programme(
    a: list[Segment], b: list[Segment]
) -> None:
    sides = [as_units(a), as_units(b)]
    by_assignment = least_disorder(sides, Costs())
    assert gamma_alignment._of_many(sides, Costs()) == pytest.approx(by_assignment)


def everyway(sides: list[list[int]]) -> list[list[tuple[int | None, ...]]]:
    """All ways to put each unit into exactly one group."""
    place = next((place for place, own in enumerate(sides) if own), None)
    if place is None:
        return [[]]
    found = []
    choices = [[side[0]] if k == place else [None, *side] for k, side in enumerate(sides)]
    choices[:place] = [[None]] * place
    for group in product(*choices):
        rest = [[u for u in side if u != group[k]] for k, side in enumerate(sides)]
        found += [[group, *others] for others in everyway(rest)]
    return found


@settings(max_examples=40)
@given(st.lists(opinions.map(lambda one: one[:2]), min_size=3, max_size=3), st.integers(1, 3))
def test_three_are_aligned_as_well_as_in_any_other_way(
    several: list[list[Segment]], position: int
) -> None:
    costs = Costs(position=position)
    sides = [as_units(one) for one in several]
    between = {
        (i, j): dissimilarity(sides[i], sides[j], costs) for i in range(3) for j in range(i + 1, 3)
    }

    def disorder(group: tuple[int | None, ...]) -> float:
        return sum(
            1.0 if (x := group[i]) is None or (y := group[j]) is None else float(found[x, y])
            for (i, j), found in between.items()
        ) / len(between)

    ways = everyway([list(range(len(side))) for side in sides])
    best = min(sum(map(disorder, way)) for way in ways)
    assert least_disorder(sides, costs) == pytest.approx(best, abs=1e-7)
