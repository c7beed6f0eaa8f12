"""Seams by hand: clips of 300 frames, one seam at 150, both shards showing 140 to 160.

The left shard shows 0-160 and the right one 140-300; what is written here is in the clip's
frames, so a label at a shard's edge is one that goes on unseen. The tolerance is 3.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from services.domain.sharding.pieces import cut
from services.domain.sharding.plan import ShardPlan
from services.domain.sharding.report import SeamCounts, SeamReport, Stitched
from services.domain.sharding.stitch import stitch
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase
from tests.domain.notation import opinion, taxonomy, write
from tests.domain.sharding.plans import plan_of

POLICY = Policy(tolerance_frames=3)
ONE = plan_of(150)
TWO = plan_of(100, 200)  # 0-110, 90-210, 190-300


def shards(plan: ShardPlan, *texts: str) -> list[Segmentation]:
    answered = []
    for shard, text in zip(plan.shards, texts, strict=True):
        whole = opinion(text, n_frames=plan.n_frames)
        answered.append(
            Segmentation.of(
                (
                    replace(s, onset=s.onset - shard.onset, offset=s.offset - shard.onset)
                    for s in whole
                ),
                n_frames=shard.n_frames,
            )
        )
    return answered


def put_together(
    *texts: str, plan: ShardPlan = ONE, labels: Taxonomy | None = None, policy: Policy = POLICY
) -> Stitched:
    return stitch(shards(plan, *texts), plan, taxonomy=labels or taxonomy(), policy=policy)


def kept(stitched: Stitched) -> list[str]:
    return [write(segment) for segment in stitched.segmentation]


def disputed(stitched: Stitched) -> list[str]:
    return [
        " + ".join(
            f"{clash.kind}@{clash.seam}: "
            + " | ".join(
                ", ".join(write(piece.segment) for piece in side)
                for side in (clash.left, clash.right)
            )
            for clash in dispute.clashes
        )
        for dispute in stitched.report.disputes
    ]


AGREED = {
    "nothing at all": (("", ""), []),
    "an empty shard": (("X 10-20", ""), ["X 10-20"]),
    "far from the seam": (("X 10-20", "X 200-220"), ["X 10-20", "X 200-220"]),
    "over the seam": (("X 10-160", "X 140-200"), ["X 10-200"]),
    "in the overlap, seen by both": (("X 145-155", "X 147-155"), ["X 146-155"]),
    "one frame": (("X 150-151", "X 150-151"), ["X 150-151"]),
    "the overlap's first and last frame": (
        ("X 140-141, Y 159-160", "X 140-141, Y 159-160"),
        ["X 140-141, Y 159-160"],
    ),
    "ends in the overlap": (("X 10-150", "X 140-152"), ["X 10-151"]),
    "begins in the overlap": (("X 151-160", "X 149-200"), ["X 150-200"]),
    "touching instances stay two": (("X 10-150, X 150-160", "X 140-150, X 150-200"),
                                    ["X 10-150", "X 150-200"]),
    # The right shard shows three frames of X; to leave them out is within tolerance ...
    "ends just inside, left out": (("X 10-143", ""), ["X 10-143"]),
    "begins just inside, left out": (("", "X 157-200"), ["X 157-200"]),
    # ... as it is to see some where the left shard saw it end before the overlap.
    "ended just before": (("X 10-139", "X 140-142"), ["X 10-140"]),
    "begins just after": (("X 158-160", "X 161-200"), ["X 160-200"]),
    # 138 against 141: both saw it begin, one outside of the overlap. Three frames pass.
    "seen to begin outside": (("X 138-160", "X 141-200"), ["X 140-200"]),
    "seen to end outside": (("X 100-159", "X 140-162"), ["X 100-160"]),
}  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), AGREED.values(), ids=AGREED.keys())
def test_what_agrees_is_joined(given, expected):
    stitched = put_together(*given)
    assert ", ".join(kept(stitched)) == ", ".join(expected)
    assert stitched.report.is_clean


CLASHES = {
    "only the left": (("X 145-150", ""), [], ["missing@150: X 145-150 | "]),
    "only the right": (("", "X 145-150"), [], ["extra@150:  | X 145-150"]),
    "four frames are too many": (
        ("X 145-150", "X 145-154"), [], ["boundary_shift@150: X 145-150 | X 145-154"],
    ),
    "another label": (
        ("X 145-150", "Y 145-150"), [], ["label_mismatch@150: X 145-150 | Y 145-150"],
    ),
    "one or two": (
        ("X 10-160", "X 140-150, X 152-200"), [],
        ["split@150: X 10-160 | X 140-150, X 152-200"],
    ),
    "two or one": (
        ("X 10-148, X 150-160", "X 140-200"), [],
        ["merge@150: X 10-148, X 150-160 | X 140-200"],
    ),
    "goes on, or ended": (
        ("X 10-160", "X 140-150"), [], ["boundary_shift@150: X 10-160 | X 140-150"],
    ),
    "went on, or begins": (
        ("X 150-160", "X 140-200"), [], ["boundary_shift@150: X 150-160 | X 140-200"],
    ),
    # 137 against 141, though only 140 against 141 lie in the overlap.
    "four frames over the edge": (
        ("X 137-160", "X 141-200"), [], ["boundary_shift@150: X 137-160 | X 141-200"],
    ),
    "reaches four frames in": (("X 10-144", ""), [], ["missing@150: X 10-144 | "]),
    "ended too long before": (("X 10-137", "X 140-141"), ["X 10-137"],
                              ["extra@150:  | X 140-141"]),
    "the rest does not wait": (
        ("X 10-20, X 145-150, Y 155-160", "Y 140-145, Y 155-200, Z 210-220"),
        ["X 10-20", "Y 155-200", "Z 210-220"],
        ["label_mismatch@150: X 145-150 | Y 140-145"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "left", "clashes"), CLASHES.values(), ids=CLASHES.keys())
def test_what_differs_waits_for_a_person(given, left, clashes):
    stitched = put_together(*given)
    assert kept(stitched) == left
    assert disputed(stitched) == clashes
    assert not stitched.report.is_clean
    assert not stitched.report.findings


def test_one_segment_runs_over_several_seams():
    stitched = put_together("X 10-110", "X 90-210", "X 190-250", plan=TWO)
    assert kept(stitched) == ["X 10-250"]
    assert [seam.n_joined for seam in stitched.report.seams] == [1, 1]


def test_a_segment_disputed_at_two_seams_is_one_dispute():
    stitched = put_together("Y 80-110", "X 90-210", "X 190-200", plan=TWO)
    assert kept(stitched) == []
    assert disputed(stitched) == [
        "label_mismatch@100: Y 80-110 | X 90-210 + boundary_shift@200: X 90-210 | X 190-200"
    ]
    dispute = stitched.report.disputes[0]
    assert (dispute.onset, dispute.offset) == (80, 210)
    assert [write(piece.segment) for piece in dispute.pieces] == [
        "Y 80-110", "X 90-210", "X 190-200"
    ]  # fmt: skip


def test_what_was_joined_elsewhere_waits_with_it():
    stitched = put_together("X 10-110", "X 90-210", "X 190-200", plan=TWO)
    (dispute,) = stitched.report.disputes
    assert (dispute.onset, dispute.offset) == (10, 210)
    assert [(piece.cut_onset, piece.cut_offset) for piece in dispute.pieces] == [
        (False, True), (True, True), (True, False)
    ]  # fmt: skip


def test_like_segments_through_a_whole_overlap_cannot_be_told_apart():
    overlapping = taxonomy(exclusive=False)
    stitched = put_together("X 10-160, X 20-160", "X 140-200, X 140-220", labels=overlapping)
    assert kept(stitched) == []
    assert disputed(stitched) == ["ambiguous_join@150: X 10-160, X 20-160 | X 140-200, X 140-220"]


def test_like_segments_with_one_end_in_common_are_no_riddle():
    overlapping = taxonomy(exclusive=False)
    stitched = put_together("X 10-160, X 20-160", "X 140-200, X 140-200", labels=overlapping)
    assert kept(stitched) == ["X 10-200", "X 20-200"]


def test_boundaries_that_cross_only_after_accepting_meet():
    # Y: 143 and 141 make 142, but X was seen to last until 143, by the left shard alone.
    stitched = put_together("X 10-143, Y 143-160", "Y 141-200")
    assert kept(stitched) == ["X 10-143", "Y 143-200"]
    assert not stitched.report.disputes


def test_rules_that_pull_neighbours_together_give_way_to_the_mean():
    labels = taxonomy(X={"accepted_offset": "latest"}, Y={"accepted_onset": "earliest"})
    stitched = put_together("X 145-148, Y 148-155", "X 145-150, Y 150-155", labels=labels)
    assert kept(stitched) == ["X 145-149", "Y 149-155"]


@pytest.mark.parametrize(
    "labels",
    [{}, {"X": {"onset_tolerance": 4}}, {"Y": {"offset_tolerance": 4}}],
    ids=["policy", "onset", "offset"],
)
def test_an_overlap_that_is_not_longer_than_two_tolerances_is_refused(labels):
    most = 4 if labels else 3
    with pytest.raises(InputError, match=f"more than {2 * most}") as caught:
        put_together(
            "X 10-151", "Y 149-200", plan=plan_of(150, half=most), labels=taxonomy(**labels)
        )
    assert caught.value.code == "overlap_too_short"
    put_together(
        "X 10-150", "Y 150-200", plan=plan_of(150, half=most + 1), labels=taxonomy(**labels)
    )


def test_the_frames_of_a_zone_of_doubt_are_a_tolerance_too():
    labels = taxonomy(Z={"widens_tolerance_to": 10})
    with pytest.raises(InputError, match="more than 20"):
        put_together("X 10-20", "Y 170-200", labels=labels)


def test_the_labels_own_rules_and_tolerances_hold():
    labels = taxonomy(X={"accepted_onset": "earliest", "offset_tolerance": 0})
    assert kept(put_together("X 145-155", "X 147-155", labels=labels)) == ["X 145-155"]
    assert disputed(put_together("X 145-155", "X 145-156", labels=labels)) == [
        "boundary_shift@150: X 145-155 | X 145-156"
    ]


def test_the_accepted_boundary_keeps_its_spread():
    (segment,) = put_together("X 145-150", "X 147-150").segmentation
    assert (segment.onset_spread, segment.offset_spread) == (2, 0)


def test_older_names_are_read_as_the_ones_in_use():
    labels = taxonomy(X={"aliases": ["Old"]})
    assert kept(put_together("Old 10-160", "X 140-200", labels=labels)) == ["X 10-200"]


def test_doubt_widens_the_tolerance_at_a_seam():
    labels = taxonomy(exclusive=False, Z={"widens_tolerance_to": 8})
    stitched = put_together("X 145-160, Z 140-160", "X 151-200, Z 140-160", labels=labels)
    assert kept(stitched) == ["Z 140-160", "X 148-200"]


def test_the_cap_in_time_holds_at_a_seam():
    policy = Policy(tolerance_frames=3, tolerance_max_ms=100)
    given = shards(ONE, "X 145-150", "X 147-150")
    slow, fast = (Timebase.constant(rate=Fraction(rate), n_frames=300) for rate in (10, 25))
    held = [
        kept(stitch(given, ONE, taxonomy=taxonomy(), policy=policy, times=times))
        for times in (slow, fast)
    ]
    assert held == [[], ["X 146-150"]]
    with pytest.raises(InputError) as caught:
        stitch(given, ONE, taxonomy=taxonomy(), policy=policy)
    assert caught.value.code == "times_missing"


def test_a_forbidden_transition_that_no_shard_shows_is_found():
    labels = taxonomy(X={"followed_by": ["Y"]})
    stitched = put_together("X 10-20", "Z 200-220", labels=labels)
    assert kept(stitched) == ["X 10-20", "Z 200-220"]
    (finding,) = stitched.report.findings
    assert (finding.code, finding.onset, finding.offset) == ("forbidden_transition", 10, 220)
    assert finding.region_ids == ("0", "1")
    assert not stitched.report.is_clean
    assert put_together("X 10-20", "Y 200-220", labels=labels).report.is_clean


def test_a_joined_segment_may_be_too_long():
    labels = taxonomy(X={"max_frames": 160})
    stitched = put_together("X 10-160", "X 140-200", labels=labels)
    assert [finding.code for finding in stitched.report.findings] == ["too_long"]


def test_what_one_shard_shows_is_not_found_again():
    labels = taxonomy(X={"min_frames": 30, "followed_by": ["Y"]})
    assert put_together("X 10-20, Z 30-40", "", labels=labels).report.findings == ()


def test_each_seam_is_counted():
    stitched = put_together("X 10-160, Y 100-142", "X 140-200, Z 145-147", labels=taxonomy(
        exclusive=False
    ))  # fmt: skip
    assert stitched.report.seams == (
        SeamCounts(
            frame=150, at_shot=False, n_left=2, n_right=2, n_joined=1, n_alone=1, n_clashes=1
        ),
    )


def test_the_report_is_json():
    stitched = put_together("X 145-150, Y 10-20", "Z 145-150")
    data = json.loads(json.dumps(stitched.report.as_json()))
    assert data["disputes"][0]["clashes"][0]["kind"] == "label_mismatch"
    assert data["disputes"][0]["pieces"][0] == {
        "shard": 0,
        "segment": {"layer": "main", "label": "X", "onset": 145, "offset": 150},
        "cut_onset": False,
        "cut_offset": False,
    }
    assert data["seams"][0]["n_clashes"] == 1


@pytest.mark.parametrize(
    "data", [{}, {"seams": [], "disputes": [{"clashes": [], "pieces": []}], "findings": []}]
)
def test_what_is_no_report_is_refused(data):
    with pytest.raises(InputError, match="not a seam report"):
        SeamReport.from_json(data)


def test_a_missing_or_wrong_shard_is_refused():
    for given in ([opinion("")], [opinion("", n_frames=150)] * 2):
        with pytest.raises(InputError) as caught:
            stitch(given, ONE, taxonomy=taxonomy(), policy=POLICY)
        assert caught.value.code == "different_clips"


def test_cutting_keeps_what_each_shard_shows():
    whole = opinion("X 10-145, Y 145-170", n_frames=300)
    left, right = cut(whole, ONE)
    assert [write(s) for s in left] == ["X 10-145", "Y 145-160"]
    assert [write(s) for s in right] == ["X 0-5", "Y 5-30"]
    with pytest.raises(InputError):
        cut(opinion("", n_frames=299), ONE)


def test_a_clip_that_was_never_cut_is_itself():
    whole = opinion("X 10-20, Y 20-290", n_frames=300)
    stitched = stitch([whole], plan_of(), taxonomy=taxonomy(), policy=POLICY)
    assert stitched.segmentation == whole
    assert stitched.report.seams == ()
