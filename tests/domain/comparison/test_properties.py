"""What holds for every pair of opinions."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from services.domain.comparison.compare import compare
from services.domain.comparison.disputes import Comparison, DisputeKind
from services.domain.policy import Policy
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase
from tests.domain.notation import taxonomy
from tests.strategies import opinion_pairs, policies, taxonomies


@given(opinion_pairs(), taxonomies(), policies())
def test_json_holds_everything(
    pair: tuple[Segmentation, Segmentation], labels: Taxonomy, policy: Policy
) -> None:
    comparison = compare(*pair, taxonomy=labels, policy=policy)
    assert Comparison.from_json(json.loads(json.dumps(comparison.as_json()))) == comparison


@given(opinion_pairs(), taxonomies(), policies())
def test_every_segment_is_agreed_or_disputed_once(
    pair: tuple[Segmentation, Segmentation], labels: Taxonomy, policy: Policy
) -> None:
    comparison = compare(*pair, taxonomy=labels, policy=policy)
    agreed, disputes = comparison.agreed, comparison.disputes
    held_a = [item.a for item in agreed] + [s for item in disputes for s in item.a]
    held_b = [item.b for item in agreed] + [s for item in disputes for s in item.b]
    assert Counter(held_a) == Counter(pair[0])
    assert Counter(held_b) == Counter(pair[1])
    counts = comparison.counts
    assert (counts.n_a, counts.n_b) == (len(pair[0]), len(pair[1]))
    assert counts.n_agreed == len(comparison.agreed)
    assert counts.n_disputes == len(comparison.disputes)
    kinds = Counter(dispute.kind for dispute in comparison.disputes)
    assert kinds == +Counter({kind: getattr(counts, f"n_{kind}") for kind in DisputeKind})


@given(opinion_pairs(), taxonomies(), policies())
def test_swapping_the_opinions_mirrors_the_result(
    pair: tuple[Segmentation, Segmentation], labels: Taxonomy, policy: Policy
) -> None:
    a, b = pair
    there = compare(a, b, taxonomy=labels, policy=policy)
    back = compare(b, a, taxonomy=labels, policy=policy)
    assert back == there.mirrored()
    assert there == back.mirrored()
    for here, mirrored in zip(there.disputes, back.disputes, strict=True):
        assert here.onset_delta == (None if mirrored.onset_delta is None else -mirrored.onset_delta)
        assert {str(here.kind), str(mirrored.kind)} in (
            {"missing", "extra"}, {"split", "merge"}, {"label_mismatch"}, {"boundary_shift"},
        )  # fmt: skip


@given(opinion_pairs(), taxonomies(), policies(), st.integers(1, 500))
def test_shifting_both_opinions_changes_nothing(
    pair: tuple[Segmentation, Segmentation], labels: Taxonomy, policy: Policy, by: int
) -> None:
    def shift(given_: Segmentation) -> Segmentation:
        moved = (
            Segment(label=s.label, layer=s.layer, onset=s.onset + by, offset=s.offset + by)
            for s in given_
        )
        return Segmentation.of(moved, n_frames=given_.n_frames + by)

    a, b = pair
    here = compare(a, b, taxonomy=labels, policy=policy)
    there = compare(shift(a), shift(b), taxonomy=labels, policy=policy)
    assert here.counts == there.counts
    assert [(d.kind, d.onset + by, d.offset + by) for d in here.disputes] == [
        (d.kind, d.onset, d.offset) for d in there.disputes
    ]


@given(opinion_pairs(), st.integers(0, 6), st.integers(0, 6))
def test_a_wider_tolerance_never_agrees_on_less(
    pair: tuple[Segmentation, Segmentation], tolerance: int, more: int
) -> None:
    for exclusive in (True, False):
        narrow, wide = (
            compare(
                *pair,
                taxonomy=taxonomy(exclusive=exclusive),
                policy=Policy(tolerance_frames=frames),
            )
            for frames in (tolerance, tolerance + more)
        )
        assert wide.counts.n_agreed >= narrow.counts.n_agreed


@given(opinion_pairs(), policies())
def test_an_opinion_agrees_with_itself(
    pair: tuple[Segmentation, Segmentation], policy: Policy
) -> None:
    comparison = compare(pair[0], pair[0], taxonomy=taxonomy(exclusive=False), policy=policy)
    assert comparison.is_agreed
    assert all(item.segment == item.a == item.b for item in comparison.agreed)


@given(
    opinion_pairs(),
    st.integers(0, 6),
    st.sampled_from([1, 40, 130, 400]),
    st.lists(st.sampled_from([1, 33, 40, 500]), min_size=59, max_size=59),
)
def test_a_wider_cap_never_agrees_on_less(
    pair: tuple[Segmentation, Segmentation], tolerance: int, cap: int, steps: list[int]
) -> None:
    pts = accumulate(steps, initial=0)
    times = Timebase.from_pts(pts, rate=Fraction(25), tick=Fraction(1, 1000))
    uncapped = compare(*pair, taxonomy=taxonomy(), policy=Policy(tolerance_frames=tolerance))
    narrow, wide = (
        compare(
            *pair,
            taxonomy=taxonomy(),
            policy=Policy(tolerance_frames=tolerance, tolerance_max_ms=max_ms),
            times=times,
        )
        for max_ms in (cap, 2 * cap)
    )
    assert narrow.counts.n_agreed <= wide.counts.n_agreed <= uncapped.counts.n_agreed


@given(opinion_pairs(), st.integers(0, 6), st.integers(0, 4), st.integers(1, 4), st.booleans())
def test_doubt_never_makes_anything_disagree(
    pair: tuple[Segmentation, Segmentation],
    tolerance: int,
    frames: int,
    more: int,
    exclusive: bool,
) -> None:
    none, narrow, wide = (
        compare(
            *pair,
            taxonomy=taxonomy(exclusive=exclusive, Z={"widens_tolerance_to": widened}),
            policy=Policy(tolerance_frames=tolerance),
        )
        for widened in (None, frames, frames + more)
    )
    assert none.counts.n_agreed <= narrow.counts.n_agreed <= wide.counts.n_agreed
    assert none.counts.n_a == wide.counts.n_a, "nothing is dropped"
