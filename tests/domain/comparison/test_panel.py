from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, permutations

from hypothesis import given
from hypothesis import strategies as st

from services.domain.comparison.compare import compare
from services.domain.comparison.disputes import ComparisonCounts
from services.domain.comparison.panel import Panel
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from tests.domain.notation import opinion, taxonomy
from tests.strategies import segmentations


def counts(a: Segmentation, b: Segmentation) -> ComparisonCounts:
    return compare(a, b, taxonomy=taxonomy(), policy=Policy()).counts


def panel_over(opinions: Mapping[str, Segmentation]) -> Panel:
    return Panel(
        names=tuple(sorted(opinions)),
        pairs={
            (a, b): compare(opinions[a], opinions[b], taxonomy=taxonomy(), policy=Policy())
            for a, b in combinations(opinions, 2)
        },
    )


def panel_of(**texts: str) -> Panel:
    return panel_over({name: opinion(text) for name, text in texts.items()})


def test_the_medoid_is_the_opinion_in_the_middle() -> None:
    # q shares X with p and Y with r, who share nothing with each other.
    assert panel_of(p="X 0-10", q="X 0-10, Y 20-30", r="Y 20-30").medoid == "q"


def test_of_equally_near_ones_the_one_in_fewer_disputes_is_the_medoid() -> None:
    # Nobody agrees with anybody; a is in five disputes, b in four, c in three.
    panel = panel_of(a="X 0-10, X 100-110", b="X 500-510", c="")
    assert [comparison.counts.n_disputes for comparison in panel.pairs.values()] == [3, 2, 1]
    assert panel.medoid == "c"


def test_of_equal_ones_the_first_name_is_the_medoid() -> None:
    for names in permutations("pqr"):
        assert panel_of(**dict.fromkeys(names, "X 0-10")).medoid == "p"


def test_empty_opinions_agree() -> None:
    assert panel_of(p="", q="", r="X 0-10").medoid == "p"


@given(st.lists(segmentations(max_size=4), min_size=2, max_size=4))
def test_no_opinion_is_nearer_to_the_others_than_the_medoid(drawn: list[Segmentation]) -> None:
    opinions = dict(zip("pqrs", drawn, strict=False))
    medoid = panel_over(opinions).medoid

    def total(name: str) -> float:
        ratios = [
            counts(opinions[name], opinions[other]).agreement for other in opinions if other != name
        ]
        return sum(1.0 if ratio is None else ratio for ratio in ratios)

    assert all(total(medoid) >= total(name) - 1e-9 for name in opinions)
    backwards = dict(reversed(opinions.items()))
    assert panel_over(backwards).medoid == medoid
