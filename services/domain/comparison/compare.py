"""Tier 2: two blind opinions side by side; what agrees is accepted, the rest is disputed.

Conventions
-----------
The verdict falls per boundary, in integer source frames, against the inclusive tolerance of
the label and side (the taxonomy's, else the policy's): with 3, a shift of 3 passes and one
of 4 is disputed. A policy's cap in milliseconds and zones of doubt are told of in
``services.domain.comparison.tolerances``. Layers are compared apart. Each segment of either opinion
ends in exactly one agreed segment or one dispute, so a long clip with one fault costs an
arbiter one item.

Labels carry the names of the taxonomy given: a name that an older version had is replaced by
its present one before anything is compared, and so in the outcome. A name that was retired,
or split into several, stays and agrees with nothing but itself.

Kinds of dispute, seen from opinion ``a``:

``missing``         ``a`` has the segment, ``b`` has nothing that pairs with it.
``extra``           ``b`` has the segment, ``a`` has nothing that pairs with it.
``label_mismatch``  the two are paired and carry different labels; whatever the boundaries,
                    no tolerance applies.
``boundary_shift``  the two are paired, with one label, and at least one boundary is outside
                    tolerance, or they share no frame (segments shorter than the tolerance).
``split``           ``a`` has one segment where ``b`` has several of the same label; however
                    well the outer boundaries lie, how many there are is disputed.
``merge``           ``a`` has several segments where ``b`` has one of the same label.

Splits and merges are told apart on layers that hold one label at a time; elsewhere each
piece but one is missing or extra. Two segments that touch are two instances, as one person
may have seen two events: against one long segment they are a split.

Swapping the opinions swaps ``missing`` with ``extra``, ``split`` with ``merge`` and the signs
of the deltas; nothing else. Two empty opinions agree. Ratios over nothing are None, never 0
or 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.domain.comparison.ambiguity import Doubt
from services.domain.comparison.consensus import accept
from services.domain.comparison.disputes import (
    AgreedSegment,
    Comparison,
    ComparisonCounts,
    Dispute,
    DisputeKind,
)
from services.domain.comparison.matching import keeps_order, match_segments
from services.domain.comparison.relations import relate
from services.domain.comparison.tolerances import FrameTimes, TimeCap, Tolerances
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy


def compare(
    a: Segmentation,
    b: Segmentation,
    *,
    taxonomy: Taxonomy,
    policy: Policy,
    times: FrameTimes | None = None,
) -> Comparison:
    """Compare two opinions on one clip.

    Parameters
    ----------
    a, b : Segmentation
        Two people's segments on the same clip.
    taxonomy : Taxonomy
        Says which layers are exclusive, which tolerances differ, what labels are called and
        which values are accepted. A layer that it does not have is compared as one that may
        overlap, under the policy's tolerance.
    policy : Policy
        Gives the default tolerance, its cap in time and the pairing window.
    times : FrameTimes, optional
        The clip's frame times; only a cap needs them.

    Raises
    ------
    InputError
        ``different_clips`` when the frame counts differ, ``times_missing`` when the policy
        has a cap and there are no times.
    """
    if a.n_frames != b.n_frames:
        raise InputError(
            f"The opinions are on clips of {a.n_frames} and {b.n_frames} frames.",
            code="different_clips",
        )
    cap = TimeCap.of(policy, times)
    sides = [_by_layer(side, taxonomy) for side in (a, b)]
    doubt = Doubt.marked(
        (segment for side in sides for held in side.values() for segment in held),
        taxonomy=taxonomy,
    )
    agreed: list[AgreedSegment] = []
    disputes: list[Dispute] = []
    counts = ComparisonCounts(n_a=len(a), n_b=len(b))
    for layer in sorted({*sides[0], *sides[1]}):
        tolerances = Tolerances.of_layer(
            layer, taxonomy=taxonomy, policy=policy, cap=cap, doubt=doubt
        )
        found = _compare_layer(
            *(side.get(layer, []) for side in sides),
            exclusive=_is_exclusive(layer, taxonomy),
            tolerances=tolerances,
            window=policy.pairing_window_frames,
        )
        agreed += accept(found.agreed, taxonomy=taxonomy, in_order=found.in_order)
        disputes += found.disputes
        counts += found.counts()
    return Comparison(
        agreed=tuple(sorted(agreed, key=lambda item: item.segment.order)),
        disputes=tuple(sorted(disputes, key=_dispute_order)),
        counts=counts,
        n_frames=a.n_frames,
    )


def _by_layer(opinion: Segmentation, taxonomy: Taxonomy) -> dict[str, list[Segment]]:
    """Put an opinion's segments by layer, under the names that the taxonomy has now."""
    places: dict[tuple[str, str], tuple[str, str]] = {}
    layers: dict[str, list[Segment]] = {}
    for segment in opinion:
        written = segment.layer, segment.label
        if written not in places:
            found = taxonomy.resolve(*written)
            places[written] = (found.layer, found.label or segment.label)
        layer, label = place = places[written]
        named = segment if place == written else replace(segment, layer=layer, label=label)
        layers.setdefault(layer, []).append(named)
    return layers


def _is_exclusive(layer: str, taxonomy: Taxonomy) -> bool:
    found = taxonomy.layer(layer)
    return found is not None and found.exclusive


@dataclass(slots=True, kw_only=True)
class _Found:
    """What one layer's segments came to; every one of them is in here exactly once."""

    in_order: bool
    agreed: list[tuple[Segment, Segment]] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    n_same_label: int = 0
    n_onsets_within: int = 0
    n_offsets_within: int = 0

    def counts(self) -> ComparisonCounts:
        kinds = Counter(f"n_{dispute.kind}" for dispute in self.disputes)
        return ComparisonCounts(
            n_agreed=len(self.agreed),
            n_same_label=self.n_same_label,
            n_onsets_within=self.n_onsets_within,
            n_offsets_within=self.n_offsets_within,
            **kinds,
        )


def _compare_layer(
    a: Sequence[Segment],
    b: Sequence[Segment],
    *,
    exclusive: bool,
    tolerances: Tolerances,
    window: int,
) -> _Found:
    in_order = exclusive and keeps_order(a) and keeps_order(b)
    groups = match_segments(a, b, tolerances=tolerances, window=window, exclusive=in_order)
    found = _Found(in_order=in_order)
    for rows, columns in groups:
        _judge([a[i] for i in rows], [b[j] for j in columns], tolerances, found)
    taken_a = {i for rows, _ in groups for i in rows}
    taken_b = {j for _, columns in groups for j in columns}
    found.disputes += (
        Dispute.over(DisputeKind.MISSING, a=(segment,), b=())
        for i, segment in enumerate(a)
        if i not in taken_a
    )
    found.disputes += (
        Dispute.over(DisputeKind.EXTRA, a=(), b=(segment,))
        for j, segment in enumerate(b)
        if j not in taken_b
    )
    return found


def _judge(a: list[Segment], b: list[Segment], tolerances: Tolerances, found: _Found) -> None:
    """Enter the verdict on segments that answer each other."""
    # Of several pieces the outer boundaries are compared; of one segment both are its own.
    first = last = relate(a[0], b[0], tolerances=tolerances)
    if len(a) > 1 or len(b) > 1:
        last = relate(a[-1], b[-1], tolerances=tolerances)
    if first.same_label:
        found.n_same_label += 1
        found.n_onsets_within += first.onset_within
        found.n_offsets_within += last.offset_within
    if len(b) > 1:
        kind = DisputeKind.SPLIT
    elif len(a) > 1:
        kind = DisputeKind.MERGE
    elif first.agrees:
        found.agreed.append((a[0], b[0]))
        return
    else:
        same = first.same_label
        kind = DisputeKind.BOUNDARY_SHIFT if same else DisputeKind.LABEL_MISMATCH
    found.disputes.append(Dispute.over(kind, a=a, b=b))


def _dispute_order(dispute: Dispute) -> tuple[object, ...]:
    # Sorted, so that the order is the same from either side.
    held = sorted(segment.order for segment in (*dispute.a, *dispute.b))
    return dispute.onset, dispute.offset, dispute.layer, held, dispute.kind
