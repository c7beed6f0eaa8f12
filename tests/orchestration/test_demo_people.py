from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orchestration.demo.opinions import FAR, Part, careless, deal_parts, opinion
from orchestration.demo.truth import Truth, drawn_timeline

names = st.text(min_size=1, max_size=12)
lengths = st.integers(min_value=1, max_value=5000)


def is_partition(spans, n_frames):
    ends = [0, *(offset for _, _, offset in spans)]
    return (
        all(onset == end for (_, onset, _), end in zip(spans, ends, strict=False))
        and all(onset < offset for _, onset, offset in spans)
        and ends[-1] == n_frames
    )


@given(names, lengths)
def test_a_drawn_timeline_covers_the_clip(name, n_frames):
    assert is_partition(drawn_timeline(name, n_frames), n_frames)


@given(names, lengths)
def test_agreeing_people_are_within_two_frames(name, n_frames):
    truth = drawn_timeline(name, n_frames)
    ana = opinion("ana", name, truth, part=Part.AGREE, late=False)
    ben = opinion("ben", name, truth, part=Part.AGREE, late=True)
    assert is_partition(ana, n_frames)
    assert is_partition(ben, n_frames)
    for (label_a, *a), (label_b, *b) in zip(ana, ben, strict=True):
        assert label_a == label_b
        assert all(abs(x - y) <= 2 for x, y in zip(a, b, strict=True))


@given(names, lengths)
def test_disagreeing_people_differ_beyond_any_tolerance(name, n_frames):
    truth = drawn_timeline(name, n_frames)
    ana = opinion("ana", name, truth, part=Part.DISAGREE, late=False)
    ben = opinion("ben", name, truth, part=Part.DISAGREE, late=True)
    assert is_partition(ben, n_frames)
    assert any(a[0] != b[0] or abs(a[2] - b[2]) >= FAR - 2 for a, b in zip(ana, ben, strict=True))


@given(names, lengths)
def test_a_careless_answer_overlaps(name, n_frames):
    spans = careless(drawn_timeline(name, n_frames))
    assert any(a[2] > b[1] for a, b in pairwise(spans))


def test_the_parts_are_dealt_in_turn_whatever_the_order():
    dealt = deal_parts(["c", "a", "b", "d"])
    assert dealt == {"a": "agree", "b": "disagree", "c": "careless", "d": "agree"}
    assert deal_parts(["d", "b", "a", "c"]) == dealt


def test_a_known_timeline_is_not_drawn():
    truth = Truth({"one.mp4": [("rest", 0, 5), ("reach", 5, 9)]})
    assert truth.timeline("one.mp4", 9) == [("rest", 0, 5), ("reach", 5, 9)]
    assert truth.timeline("two.mp4", 90) == drawn_timeline("two.mp4", 90)
