"""What is accepted where two opinions agree, with both values' distance kept.

Conventions
-----------
The accepted boundary is the mean of the two, rounded half to even: the only rule that
favours neither opinion and, over many boundaries, neither direction.

Notes
-----
Agreed segments of an exclusive layer cannot overlap after merging, and need no repair:
pairs keep their order in time, so ``a1.offset <= a2.onset`` and ``b1.offset <= b2.onset``,
and the rounded mean never decreases when both of its arguments do not. Nor can a segment
vanish: the two share a frame ``f``, and each mean stays on its own side of it
(``onset <= f < offset``).
"""

from __future__ import annotations

from services.domain.disputes import Comparison
from services.domain.segments import Segment


def merge_boundary(a: int, b: int) -> int:
    """Return the mean of two frames, rounded half to even."""
    low, is_half = divmod(a + b, 2)
    return low + (is_half & low & 1)


def merge_segments(a: Segment, b: Segment) -> Segment:
    """Return the accepted form of two agreeing segments.

    Parameters
    ----------
    a, b : Segment
        Same layer and label, with at least one common frame.

    Returns
    -------
    Segment
        Each boundary lies between the two given; the spreads tell how far apart they were.
    """
    return Segment(
        layer=a.layer,
        label=a.label,
        onset=merge_boundary(a.onset, b.onset),
        offset=merge_boundary(a.offset, b.offset),
        onset_spread=abs(b.onset - a.onset),
        offset_spread=abs(b.offset - a.offset),
    )


def consensus(comparison: Comparison) -> tuple[Segment, ...]:
    """Return the accepted segments of a comparison, in order of time.

    With disputes open this is the agreed part only, which the arbiter starts from.
    """
    accepted = (agreed.segment for agreed in comparison.agreed)
    return tuple(sorted(accepted, key=lambda segment: segment.order))
