"""Hypothesis strategies for the domain's types, small enough to hit every edge often."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from services.domain.policy import Policy
from services.domain.segments import DEFAULT_LAYER, Segment, Segmentation
from services.domain.taxonomy import AcceptedRule, LabelClass, Layer, Taxonomy
from services.domain.timebase import Timebase

RATES = tuple(
    Fraction(rate)
    for rate in ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60", "12.5")
)
LABELS = ("X", "Y", "Z")
ACCEPTED: tuple[AcceptedRule, ...] = ("mean", "earliest", "latest")


@st.composite
def timebases(draw: st.DrawFn, *, max_frames: int = 400) -> Timebase:
    """Constant or variable rate, any tick, starting anywhere."""
    rate = draw(st.sampled_from(RATES))
    if draw(st.booleans()):
        return Timebase.constant(rate=rate, n_frames=draw(st.integers(1, max_frames)))
    tick = draw(st.sampled_from([1 / rate, Fraction(1, 1000), Fraction(1, 90000)]))
    steps = draw(st.lists(st.integers(1, 5000), max_size=max_frames - 1))
    pts = [draw(st.integers(-90000, 90000))]
    for step in steps:
        pts.append(pts[-1] + step)
    return Timebase.from_pts(pts, rate=rate, tick=tick)


@st.composite
def segments(draw: st.DrawFn, *, n_frames: int = 60, labels: tuple[str, ...] = LABELS) -> Segment:
    """One segment anywhere in the clip."""
    onset = draw(st.integers(0, n_frames - 1))
    offset = draw(st.integers(onset + 1, n_frames))
    return Segment(label=draw(st.sampled_from(labels)), onset=onset, offset=offset)


@st.composite
def disjoint_segments(
    draw: st.DrawFn,
    *,
    n_frames: int = 60,
    labels: tuple[str, ...] = LABELS,
    layer: str = DEFAULT_LAYER,
    max_size: int = 12,
) -> list[Segment]:
    """Segments of an exclusive layer: short ones, touching ones, gaps."""
    found = []
    frame = 0
    for _ in range(draw(st.integers(0, max_size))):
        onset = frame + draw(st.sampled_from([0, 0, 1, 2, 5]))
        offset = onset + draw(st.sampled_from([1, 2, 3, 4, 5, 9]))
        if offset > n_frames:
            break
        label = draw(st.sampled_from(labels))
        found.append(Segment(label=label, layer=layer, onset=onset, offset=offset))
        frame = offset
    return found


@st.composite
def segmentations(
    draw: st.DrawFn, *, n_frames: int = 60, exclusive: bool | None = None, max_size: int = 12
) -> Segmentation:
    """One person's segments; ``exclusive`` None draws either kind."""
    if draw(st.booleans()) if exclusive is None else exclusive:
        drawn = draw(disjoint_segments(n_frames=n_frames, max_size=max_size))
    else:
        drawn = draw(st.lists(segments(n_frames=n_frames), max_size=max_size))
    return Segmentation.of(drawn, n_frames=n_frames)


@st.composite
def jittered(draw: st.DrawFn, base: Segmentation, *, most: int = 5) -> Segmentation:
    """A second opinion as people give it: the same events, each end a little off."""
    found: list[Segment] = []
    for segment in base:
        if draw(st.integers(0, 9)) == 0:
            continue
        floor = found[-1].offset if found else 0
        onset = max(floor, segment.onset + draw(st.integers(-most, most)))
        offset = min(base.n_frames, segment.offset + draw(st.integers(-most, most)))
        label = draw(st.sampled_from(LABELS)) if draw(st.integers(0, 9)) == 0 else segment.label
        if offset > onset:
            found.append(Segment(label=label, layer=segment.layer, onset=onset, offset=offset))
    return Segmentation.of(found, n_frames=base.n_frames)


@st.composite
def opinion_pairs(
    draw: st.DrawFn, *, exclusive: bool | None = None
) -> tuple[Segmentation, Segmentation]:
    """Two opinions on one clip, related or not."""
    if draw(st.booleans()) if exclusive is None else exclusive:
        a = draw(segmentations(exclusive=True))
        related = draw(st.booleans())
        return a, draw(jittered(a) if related else segmentations(exclusive=True))
    return draw(segmentations(exclusive=False)), draw(segmentations(exclusive=False))


def policies() -> st.SearchStrategy[Policy]:
    """Policies that differ in what the comparison reads."""
    return st.builds(
        Policy,
        tolerance_frames=st.integers(0, 6),
        pairing_window_frames=st.integers(0, 15),
        control_share=st.floats(0, 1),
    )


@st.composite
def taxonomies(draw: st.DrawFn, *, exclusive: bool | None = None) -> Taxonomy:
    """One layer of :data:`LABELS`, with own tolerances and limits here and there."""
    maybe_frames = st.none() | st.integers(0, 5)
    labels = tuple(
        LabelClass(
            name=name,
            onset_tolerance=draw(maybe_frames),
            offset_tolerance=draw(maybe_frames),
            min_frames=draw(st.sampled_from([1, 1, 1, 2])),
            max_frames=draw(st.sampled_from([None, None, 30])),
            followed_by=draw(st.none() | st.sampled_from([LABELS, LABELS[:2]])),
            accepted_onset=draw(st.sampled_from(ACCEPTED)),
            accepted_offset=draw(st.sampled_from(ACCEPTED)),
            widens_tolerance_to=draw(st.sampled_from([None, None, None, 6])),
        )
        for name in LABELS
    )
    layer = Layer(
        exclusive=draw(st.booleans()) if exclusive is None else exclusive,
        complete=draw(st.booleans()),
        labels=labels,
    )
    impossible = draw(st.sampled_from([(), (("X", "Y"),), (("Z", "Z"),)]))
    version = draw(st.integers(1, 9))
    return Taxonomy(name="drawn", version=version, layers=(layer,), impossible_together=impossible)
