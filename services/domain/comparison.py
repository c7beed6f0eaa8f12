"""Tier 2: two blind opinions side by side; what agrees is accepted, the rest is disputed.

Conventions
-----------
The verdict falls per boundary, in integer source frames, against the inclusive tolerance of
the label and side (the taxonomy's, else the policy's): with 3, a shift of 3 passes and one
of 4 is disputed. Layers are compared apart. Each segment of either opinion ends in exactly
one agreed segment or one dispute, so a long clip with one fault costs an arbiter one item.

Kinds of dispute, seen from opinion ``a``:

``missing``         ``a`` has the segment, ``b`` has nothing that pairs with it.
``extra``           ``b`` has the segment, ``a`` has nothing that pairs with it.
``label_mismatch``  the two are paired and carry different labels; whatever the boundaries,
                    no tolerance applies.
``boundary_shift``  the two are paired, with one label, and at least one boundary is outside
                    tolerance, or they share no frame (segments shorter than the tolerance).

Swapping the opinions swaps ``missing`` with ``extra`` and the signs of the deltas; nothing
else. Two empty opinions agree. Ratios over nothing are None, never 0 or 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from services.domain.consensus import merge_segments
from services.domain.disputes import (
    AgreedSegment,
    Comparison,
    ComparisonCounts,
    Dispute,
    DisputeKind,
)
from services.domain.errors import InputError
from services.domain.matching import Relation, Tolerance, match_segments, relate
from services.domain.policy import Policy
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Side, Taxonomy

__all__ = [
    "AgreedSegment",
    "Comparison",
    "ComparisonCounts",
    "Dispute",
    "DisputeKind",
    "compare",
]


def compare(a: Segmentation, b: Segmentation, *, taxonomy: Taxonomy, policy: Policy) -> Comparison:
    """Compare two opinions on one clip.

    Parameters
    ----------
    a, b : Segmentation
        Two people's segments on the same clip.
    taxonomy : Taxonomy
        Says which layers are exclusive and which tolerances differ. A layer that it does not
        have is compared as one that may overlap, under the policy's tolerance.
    policy : Policy
        Gives the default tolerance and the pairing window.

    Raises
    ------
    InputError
        ``different_clips`` when the frame counts differ.

    Notes
    -----
    An adjacent pair of one label (``A|A``) is two instances; against one long ``A`` it is
    a match and an extra until splits and merges are kinds of their own.
    """
    if a.n_frames != b.n_frames:
        raise InputError(
            f"The opinions are on clips of {a.n_frames} and {b.n_frames} frames.",
            code="different_clips",
        )
    agreed: list[AgreedSegment] = []
    disputes: list[Dispute] = []
    counts = ComparisonCounts(n_a=len(a), n_b=len(b))
    for layer in sorted({segment.layer for segment in (*a, *b)}):
        found = taxonomy.layer(layer)
        for one, other, relation in _paired(
            a.layer(layer),
            b.layer(layer),
            tolerance=_tolerances(layer, taxonomy=taxonomy, policy=policy),
            window=policy.pairing_window_frames,
            exclusive=found is not None and found.exclusive,
        ):
            counts += _count(one, relation)
            if one and other and relation and relation.agrees:
                agreed.append(AgreedSegment(segment=merge_segments(one, other), a=one, b=other))
            else:
                disputes.append(Dispute.over(_kind(one, relation), a=one, b=other))
    return Comparison(
        agreed=tuple(sorted(agreed, key=lambda item: item.segment.order)),
        disputes=tuple(sorted(disputes, key=_dispute_order)),
        counts=counts,
        n_frames=a.n_frames,
    )


_Outcome = tuple[Segment | None, Segment | None, Relation | None]


def _paired(
    a: tuple[Segment, ...],
    b: tuple[Segment, ...],
    *,
    tolerance: Callable[[str], Tolerance],
    window: int,
    exclusive: bool,
) -> Iterator[_Outcome]:
    """Yield every segment of both opinions exactly once, paired or alone."""
    pairs = match_segments(a, b, tolerance=tolerance, window=window, exclusive=exclusive)
    for i, j in pairs:
        yield a[i], b[j], relate(a[i], b[j], tolerance=tolerance)
    taken_a, taken_b = {i for i, _ in pairs}, {j for _, j in pairs}
    yield from ((one, None, None) for i, one in enumerate(a) if i not in taken_a)
    yield from ((None, other, None) for j, other in enumerate(b) if j not in taken_b)


def _kind(a: Segment | None, relation: Relation | None) -> DisputeKind:
    if relation is None:
        return DisputeKind.EXTRA if a is None else DisputeKind.MISSING
    return DisputeKind.BOUNDARY_SHIFT if relation.same_label else DisputeKind.LABEL_MISMATCH


def _count(a: Segment | None, relation: Relation | None) -> ComparisonCounts:
    if relation is None or not relation.same_label:
        return ComparisonCounts(**{f"n_{_kind(a, relation)}": 1})
    return ComparisonCounts(
        n_agreed=int(relation.agrees),
        n_boundary_shift=int(not relation.agrees),
        n_same_label=1,
        n_onsets_within=int(relation.onset_within),
        n_offsets_within=int(relation.offset_within),
    )


def _tolerances(layer: str, *, taxonomy: Taxonomy, policy: Policy) -> Callable[[str], Tolerance]:
    """Look each label's tolerances up once."""

    @cache
    def of_label(label: str) -> Tolerance:
        onset, offset = (
            taxonomy.tolerance(layer, label, side, default=policy.tolerance_frames)
            for side in (Side.ONSET, Side.OFFSET)
        )
        return onset, offset

    return of_label


def _dispute_order(dispute: Dispute) -> tuple[object, ...]:
    held = [segment.order for segment in (dispute.a, dispute.b) if segment is not None]
    return dispute.onset, dispute.offset, dispute.layer, held, dispute.kind
