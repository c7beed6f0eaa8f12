"""What is accepted where two opinions agree, with both values' distance kept.

Conventions
-----------
The taxonomy says for each label and side which value is accepted: the mean of the two,
rounded half to even (the default, and the only rule that favours neither opinion and, over
many boundaries, neither direction), the earliest or the latest. Whatever the rule, the
accepted value lies between the two, both included.

Where these rules would make two accepted neighbours on an exclusive layer overlap (a late
offset against an early onset), the two boundaries that meet take the mean instead, and only
those two.

Notes
-----
The mean needs no repair: pairs keep their order in time, so ``a1.offset <= a2.onset`` and
``b1.offset <= b2.onset``, and the rounded mean never decreases when both of its arguments do
not. Nor can a segment vanish: the two share a frame ``f``, and whatever lies between two
onsets or two offsets stays on its own side of it (``onset <= f < offset``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from services.domain.comparison.disputes import AgreedSegment, Comparison
from services.domain.segments import Segment
from services.domain.taxonomy import AcceptedRule, Taxonomy

Rules = tuple[AcceptedRule, AcceptedRule]
"""How the accepted onset and the accepted offset follow from two that agree."""

MEANS: Rules = ("mean", "mean")


def merge_boundary(a: int, b: int, *, rule: AcceptedRule = "mean") -> int:
    """Return the accepted frame of two that agree; the mean rounds half to even."""
    if rule == "mean":
        low, is_half = divmod(a + b, 2)
        return low + (is_half & low & 1)
    return min(a, b) if rule == "earliest" else max(a, b)


def merge_segments(a: Segment, b: Segment, *, rules: Rules = MEANS) -> Segment:
    """Return the accepted form of two agreeing segments.

    Parameters
    ----------
    a, b : Segment
        Same layer and label, with at least one common frame.
    rules : pair of AcceptedRule
        For the onset and for the offset.

    Returns
    -------
    Segment
        Each boundary lies between the two given; the spreads tell how far apart they were.
    """
    onset_rule, offset_rule = rules
    return Segment(
        layer=a.layer,
        label=a.label,
        onset=merge_boundary(a.onset, b.onset, rule=onset_rule),
        offset=merge_boundary(a.offset, b.offset, rule=offset_rule),
        onset_spread=abs(b.onset - a.onset),
        offset_spread=abs(b.offset - a.offset),
    )


def accepted_rules(taxonomy: Taxonomy, layer: str, label: str) -> Rules:
    """Return a label's rules; means where the taxonomy does not have it."""
    found = taxonomy.find(layer, label)
    return MEANS if found is None else (found.accepted_onset, found.accepted_offset)


def accept(
    pairs: Iterable[tuple[Segment, Segment]], *, taxonomy: Taxonomy, in_order: bool
) -> list[AgreedSegment]:
    """Accept the pairs of one layer that agree.

    Parameters
    ----------
    pairs : iterable of (Segment, Segment)
        Segments of one layer that agree, of each opinion one.
    taxonomy : Taxonomy
        Holds the labels' rules.
    in_order : bool
        Whether the pairs come in order of time and each opinion's segments are disjoint.
        The accepted ones then are disjoint too.
    """
    agreed: list[AgreedSegment] = []
    for a, b in pairs:
        segment = merge_segments(a, b, rules=accepted_rules(taxonomy, a.layer, a.label))
        if in_order and agreed and agreed[-1].segment.offset > segment.onset:
            before = agreed[-1]
            offset = merge_boundary(before.a.offset, before.b.offset)
            agreed[-1] = replace(before, segment=replace(before.segment, offset=offset))
            segment = replace(segment, onset=merge_boundary(a.onset, b.onset))
        agreed.append(AgreedSegment(segment=segment, a=a, b=b))
    return agreed


def consensus(comparison: Comparison) -> tuple[Segment, ...]:
    """Return the accepted segments of a comparison, in order of time.

    With disputes open this is the agreed part only, which the arbiter starts from.
    """
    accepted = (agreed.segment for agreed in comparison.agreed)
    return tuple(sorted(accepted, key=lambda segment: segment.order))
