"""What holds for any recording, however it is cut and whoever labelled its shards."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from services.domain.comparison.matching import keeps_order
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from services.domain.sharding.pieces import cut, read_pieces
from services.domain.sharding.plan import Seam, ShardPlan
from services.domain.sharding.report import ClashKind, SeamReport, Stitched
from services.domain.sharding.stitch import stitch
from tests.domain.notation import taxonomy as taxonomy_named
from tests.domain.sharding.plans import plans
from tests.strategies import jittered, policies, segmentations, taxonomies

LARGEST = 6
"""Tolerance that the drawn policies and taxonomies have at most."""


PLAIN = taxonomy_named()


@st.composite
def answers_in_turn(draw):
    """Shards whose labels differ a little, under every tolerance that their overlaps allow."""
    tolerance = draw(st.integers(0, LARGEST))
    plan = draw(plans(n_frames=200, tolerance=tolerance))
    whole = draw(segmentations(n_frames=200, exclusive=True))
    answered = [draw(jittered(shard)) for shard in cut(whole, plan)]
    return answered, plan, Policy(tolerance_frames=tolerance)


@given(segmentations(exclusive=True), plans(tolerance=LARGEST), taxonomies(), policies())
def test_it_gives_back_what_was_cut(whole, plan, taxonomy, policy):
    stitched = stitch(cut(whole, plan), plan, taxonomy=taxonomy, policy=policy)
    assert stitched.segmentation == whole
    assert not stitched.report.disputes


@given(segmentations(exclusive=True), plans())
def test_with_no_tolerance_a_short_overlap_gives_it_back_too(whole, plan):
    stitched = stitch(cut(whole, plan), plan, taxonomy=PLAIN, policy=Policy(tolerance_frames=0))
    assert stitched.segmentation == whole
    assert not stitched.report.disputes


@given(answers_in_turn())
def test_an_accepted_boundary_lies_within_a_tolerance_of_everybody_who_saw_it(drawn):
    answered, plan, policy = drawn
    stitched = stitch(answered, plan, taxonomy=PLAIN, policy=policy)
    disputed = [piece for dispute in stitched.report.disputes for piece in dispute.pieces]
    for piece in read_pieces(answered, plan):
        one = piece.segment
        if piece in disputed:
            continue
        assert any(
            whole.label == one.label
            and (piece.cut_onset or abs(whole.onset - one.onset) <= policy.tolerance_frames)
            and (piece.cut_offset or abs(whole.offset - one.offset) <= policy.tolerance_frames)
            for whole in stitched.segmentation
        )


@given(segmentations(exclusive=False), plans(tolerance=LARGEST), taxonomies(), policies())
def test_where_labels_overlap_it_does_too_or_says_that_nobody_can_tell(
    whole, plan, taxonomy, policy
):
    stitched = stitch(cut(whole, plan), plan, taxonomy=taxonomy, policy=policy)
    kinds = {clash.kind for dispute in stitched.report.disputes for clash in dispute.clashes}
    assert kinds <= {ClashKind.AMBIGUOUS_JOIN}
    if kinds:
        through = [
            [s.label for s in whole if s.onset <= onset and s.offset >= offset]
            for onset, offset in map(plan.overlap, range(len(plan.seams)))
        ]
        assert any(len(set(labels)) < len(labels) for labels in through)
    else:
        assert stitched.segmentation == whole


@given(segmentations(exclusive=True), plans(tolerance=LARGEST), taxonomies(), policies(), st.data())
def test_spreads_and_scores_come_back(whole, plan, taxonomy, policy, data):
    numbers = st.integers(0, 3)
    whole = Segmentation.of(
        (
            replace(
                segment,
                onset_spread=data.draw(numbers),
                offset_spread=data.draw(numbers),
                score=data.draw(st.none() | st.just(0.5)),
            )
            for segment in whole
        ),
        n_frames=whole.n_frames,
    )
    stitched = stitch(cut(whole, plan), plan, taxonomy=taxonomy, policy=policy)
    assert stitched.segmentation == whole


@st.composite
def answers(draw, *, exclusive):
    """Shards labelled by people who saw nearly the same, or nothing of the kind."""
    plan = draw(plans(tolerance=LARGEST))
    whole = draw(segmentations(exclusive=exclusive))
    given = []
    for shard in cut(whole, plan):
        if exclusive:
            given.append(draw(jittered(shard)))
        else:
            given.append(draw(segmentations(n_frames=shard.n_frames, exclusive=False)))
    return given, plan


@given(st.booleans().flatmap(lambda one: answers(exclusive=one)), taxonomies(), policies())
def test_nothing_is_lost_or_doubled(drawn, taxonomy, policy):
    answered, plan = drawn
    pieces = read_pieces(answered, plan)
    stitched = stitch(answered, plan, taxonomy=taxonomy, policy=policy)
    disputed = [piece for dispute in stitched.report.disputes for piece in dispute.pieces]
    n_joined = sum(seam.n_joined for seam in stitched.report.seams)
    # Each join takes one segment away; those inside a dispute are counted there by piece.
    joins_in_disputes = n_joined - (len(pieces) - len(disputed) - len(stitched.segmentation))
    assert 0 <= joins_in_disputes <= max(0, len(disputed) - len(stitched.report.disputes))
    rest = list(pieces)
    for piece in disputed:
        rest.remove(piece)
    # Every kept piece lies in a stitched segment of its label, but for the values agreed on.
    slack = 12
    for piece in rest:
        one = piece.segment
        assert any(
            whole.label == one.label
            and whole.onset <= one.onset + slack
            and whole.offset >= one.offset - slack
            for whole in stitched.segmentation
        )
    assert SeamReport.from_json(json.loads(json.dumps(stitched.report.as_json()))) == (
        stitched.report
    )
    for dispute in stitched.report.disputes:
        for clash in dispute.clashes:
            for piece in (*clash.left, *clash.right):
                assert piece in dispute.pieces


@given(answers(exclusive=True), taxonomies(exclusive=True), policies())
def test_a_layer_of_one_label_at_a_time_stays_one(drawn, taxonomy, policy):
    answered, plan = drawn
    stitched = stitch(answered, plan, taxonomy=taxonomy, policy=policy)
    assert keeps_order(stitched.segmentation.segments)


@given(answers(exclusive=True), taxonomies(), policies(), st.integers(1, 20))
def test_a_longer_first_shard_only_moves_the_frames(drawn, taxonomy, policy, pairs):
    by = 2 * pairs  # means round half to even
    answered, plan = drawn
    stitched = stitch(answered, plan, taxonomy=taxonomy, policy=policy)
    assume(plan.seams)
    later = ShardPlan(
        n_frames=plan.n_frames + by,
        half_overlap=plan.half_overlap,
        seams=tuple(Seam(frame=seam.frame + by) for seam in plan.seams),
    )
    first = moved(answered[0], by)
    # Findings speak of the whole clip and of one shard's length; the rest knows neither.
    again = stitch([first, *answered[1:]], later, taxonomy=taxonomy, policy=policy)
    assert again.segmentation == moved(stitched.segmentation, by)
    assert disputed_frames(again) == [
        (onset + by, offset + by, kinds) for onset, offset, kinds in disputed_frames(stitched)
    ]


def moved(segmentation: Segmentation, by: int) -> Segmentation:
    return Segmentation.of(
        (replace(s, onset=s.onset + by, offset=s.offset + by) for s in segmentation),
        n_frames=segmentation.n_frames + by,
    )


def disputed_frames(stitched: Stitched):
    return [
        (dispute.onset, dispute.offset, [clash.kind for clash in dispute.clashes])
        for dispute in stitched.report.disputes
    ]
