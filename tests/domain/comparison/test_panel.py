from __future__ import annotations

import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.comparison.compare import compare
from services.domain.comparison.disputes import ComparisonCounts
from services.domain.comparison.panel import Panel, compare_all
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from services.domain.timebase import Timebase
from tests.domain.notation import opinion, taxonomy, write_dispute
from tests.strategies import RATES, segmentations


def panel_of(**texts: str) -> Panel:
    opinions = {name: opinion(text) for name, text in texts.items()}
    return compare_all(opinions, taxonomy=taxonomy(), policy=Policy())


def test_everyone_is_compared_with_everyone() -> None:
    # p and q agree on both segments, r has one of them and one of its own.
    panel = panel_of(r="X 0-10, Z 50-60", q="X 0-10, Y 20-30", p="X 1-10, Y 20-31")
    assert panel.names == ("p", "q", "r")
    assert list(panel.pairs) == [("p", "q"), ("p", "r"), ("q", "r")]
    assert panel.counts("p", "q").agreement == 1
    assert panel.counts("r", "p").agreement == 1 / 2
    assert panel.total == ComparisonCounts(
        n_a=6, n_b=6, n_agreed=4, n_missing=2, n_extra=2, n_same_label=4,
        n_onsets_within=4, n_offsets_within=4,
    )  # fmt: skip


def test_either_way_round_is_the_same_comparison_mirrored() -> None:
    panel = panel_of(p="X 0-30", q="X 0-10, X 12-30, Y 40-50")
    there = panel.comparison("p", "q")
    assert [write_dispute(dispute) for dispute in there.disputes] == [
        "split: X 0-30 | X 0-10, X 12-30",
        "extra:  | Y 40-50",
    ]
    back = panel.comparison("q", "p")
    assert [write_dispute(dispute) for dispute in back.disputes] == [
        "merge: X 0-10, X 12-30 | X 0-30",
        "missing: Y 40-50 | ",
    ]
    assert (back.counts.n_a, back.counts.n_b) == (3, 1)
    assert (back.counts.n_merge, back.counts.n_missing) == (1, 1)
    assert panel.counts("q", "p") == back.counts


def test_the_medoid_is_the_opinion_in_the_middle() -> None:
    # q shares X with p and Y with r, who share nothing with each other.
    panel = panel_of(p="X 0-10", q="X 0-10, Y 20-30", r="Y 20-30")
    assert panel.medoid == "q"
    star = panel.star()
    assert list(star) == ["p", "r"]
    assert [write_dispute(d) for d in star["p"].disputes] == ["missing: Y 20-30 | "]
    assert [write_dispute(d) for d in star["r"].disputes] == ["missing: X 0-10 | "]


def test_of_equally_near_ones_the_one_in_fewer_disputes_is_the_medoid() -> None:
    # Nobody agrees with anybody; a is in five disputes, b in four, c in three.
    panel = panel_of(a="X 0-10, X 100-110", b="X 500-510", c="")
    assert [panel.counts(*pair).n_disputes for pair in panel.pairs] == [3, 2, 1]
    assert panel.medoid == "c"


def test_of_equal_ones_the_first_name_is_the_medoid() -> None:
    for names in permutations("pqr"):
        panel = panel_of(**dict.fromkeys(names, "X 0-10"))
        assert panel.medoid == "p"
        assert panel.star().keys() == {"q", "r"}


def test_empty_opinions_agree() -> None:
    panel = panel_of(p="", q="", r="X 0-10")
    assert panel.counts("p", "q").agreement is None
    assert panel.counts("p", "r").agreement == 0
    assert panel.medoid == "p"


def test_one_opinion_is_too_few() -> None:
    for opinions in ({}, {"p": opinion("X 0-10")}):
        with pytest.raises(InputError, match=f"not {len(opinions)}") as caught:
            compare_all(opinions, taxonomy=taxonomy(), policy=Policy())
        assert caught.value.code == "too_few_opinions"


def test_frame_times_reach_every_pair() -> None:
    times = Timebase.constant(rate=RATES[0], n_frames=1000)
    opinions = {name: opinion("X 0-10") for name in "pq"}
    policy = Policy(tolerance_max_ms=10)
    panel = compare_all(opinions, taxonomy=taxonomy(), policy=policy, times=times)
    assert panel.counts("p", "q").agreement == 1


def test_the_matrix_is_json() -> None:
    panel = panel_of(p="X 0-10", q="X 0-10, Y 20-30")
    form = json.loads(json.dumps(panel.as_json()))
    assert (form["names"], form["medoid"]) == (["p", "q"], "p")
    (cell,) = form["pairs"]
    assert (cell["a"], cell["b"], cell["agreement"]) == ("p", "q", 2 / 3)
    assert ComparisonCounts(**cell["counts"]) == panel.counts("p", "q")


@given(st.lists(segmentations(max_size=4), min_size=2, max_size=4))
def test_no_opinion_is_nearer_to_the_others_than_the_medoid(drawn: list[Segmentation]) -> None:
    opinions = dict(zip("pqrs", drawn, strict=False))
    panel = compare_all(opinions, taxonomy=taxonomy(), policy=Policy())

    def total(name: str) -> float:
        ratios = [panel.counts(name, other).agreement for other in panel.names if other != name]
        return sum(1.0 if ratio is None else ratio for ratio in ratios)

    assert all(total(panel.medoid) >= total(name) - 1e-9 for name in panel.names)
    for a, b in permutations(panel.names, 2):
        direct = compare(opinions[a], opinions[b], taxonomy=taxonomy(), policy=Policy())
        assert panel.comparison(a, b) == direct
