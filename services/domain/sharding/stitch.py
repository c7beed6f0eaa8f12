"""Labelled shards to one clip: a segment over a seam is one again, and each seam is checked.

Conventions
-----------
Every piece of every shard ends in exactly one stitched segment or one dispute. What both shards
say of an overlap is compared as two opinions are (``seams``); where they agree
the pieces are joined, by the label's own rule for accepted values. A segment may run over any
number of seams. What clashes at one of them waits for a person with all its pieces, and what
does not clash does not wait for it.

Labels carry the names that the taxonomy has now, as in a comparison.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from services.domain.comparison.ambiguity import Doubt
from services.domain.comparison.consensus import accepted_rules
from services.domain.comparison.matching import keeps_order
from services.domain.comparison.tolerances import FrameTimes, TimeCap, Tolerances
from services.domain.policy import Policy
from services.domain.sanity.check import check_submission
from services.domain.sanity.findings import Finding
from services.domain.segments import Segmentation, SubmittedSegment
from services.domain.sharding.chains import Chain, chains_of, make_room
from services.domain.sharding.pieces import Piece, read_pieces
from services.domain.sharding.plan import ShardPlan
from services.domain.sharding.report import (
    Clash,
    ClashKind,
    SeamCounts,
    SeamDispute,
    SeamReport,
    Stitched,
)
from services.domain.sharding.seams import Overlap, Pair, judge
from services.domain.taxonomy import Taxonomy


def stitch(
    segmentations: Sequence[Segmentation],
    plan: ShardPlan,
    *,
    taxonomy: Taxonomy,
    policy: Policy,
    times: FrameTimes | None = None,
) -> Stitched:
    """Put a clip's shards together.

    Parameters
    ----------
    segmentations : sequence of Segmentation
        What was accepted on each shard, in the shard's own frames.
    plan : ShardPlan
        By which the clip was cut.
    taxonomy : Taxonomy
        Says which layers are exclusive, which tolerances differ and which values are accepted.
    policy : Policy
        Gives the default tolerance, its cap in time and the pairing window.
    times : FrameTimes, optional
        The whole clip's frame times; only a cap needs them.

    Raises
    ------
    InputError
        ``different_clips`` if a shard is missing or of another length, ``times_missing`` when
        the policy has a cap and there are no times, ``overlap_too_short`` if an overlap is not
        longer than two of the largest tolerance.
    """
    plan.check_tolerance(largest_tolerance(taxonomy, policy))
    pieces = [_named(piece, taxonomy) for piece in read_pieces(segmentations, plan)]
    layers: defaultdict[str, list[Piece]] = defaultdict(list)
    for piece in sorted(pieces, key=lambda piece: piece.order):
        layers[piece.segment.layer].append(piece)
    cap = TimeCap.of(policy, times)
    doubt = Doubt.marked((piece.segment for piece in pieces), taxonomy=taxonomy)
    seams = [SeamCounts(frame=seam.frame, at_shot=seam.at_shot) for seam in plan.seams]
    kept: list[Chain] = []
    disputes: list[SeamDispute] = []
    for name, held in sorted(layers.items()):
        found = taxonomy.layer(name)
        layer = _Layer(
            held,
            plan,
            exclusive=found is not None and found.exclusive,
            tolerances=Tolerances.of_layer(
                name, taxonomy=taxonomy, policy=policy, cap=cap, doubt=doubt
            ),
            window=policy.pairing_window_frames,
        )
        layer.join(taxonomy)
        seams = [layer.count(index, counts) for index, counts in enumerate(seams)]
        disputes += layer.disputes()
        kept += layer.undisputed()
    whole = Segmentation.of((chain.segment for chain in kept), n_frames=plan.n_frames)
    report = SeamReport(
        seams=tuple(seams),
        disputes=tuple(sorted(disputes, key=lambda dispute: dispute.order)),
        findings=() if disputes else _findings(whole, plan, taxonomy),
    )
    return Stitched(segmentation=whole, report=report)


def largest_tolerance(taxonomy: Taxonomy, policy: Policy) -> int:
    """Return the most frames by which any two boundaries may differ and count as the same."""
    labels = [label for layer in taxonomy.layers for label in layer.labels]
    own = (
        frames
        for label in labels
        for frames in (label.onset_tolerance, label.offset_tolerance, label.widens_tolerance_to)
        if frames is not None
    )
    return max(policy.tolerance_frames, *own, 0)


class _Layer:
    """One layer over all seams."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        plan: ShardPlan,
        *,
        exclusive: bool,
        tolerances: Tolerances,
        window: int,
    ) -> None:
        self._plan = plan
        self._shards: list[list[Piece]] = [[] for _ in plan.shards]
        for piece in pieces:
            self._shards[piece.shard].append(piece)
        self._in_order = exclusive and all(
            keeps_order([piece.segment for piece in shard]) for shard in self._shards
        )
        self._overlaps = [
            Overlap(
                onset=onset,
                offset=offset,
                tolerances=tolerances,
                window=window,
                exclusive=exclusive,
            )
            for onset, offset in map(plan.overlap, range(len(plan.seams)))
        ]
        self._found = [
            judge(self._shards[index], self._shards[index + 1], overlap)
            for index, overlap in enumerate(self._overlaps)
        ]
        self._clashes = [
            Clash(seam=seam.frame, kind=kind, left=left, right=right)
            for seam, found in zip(plan.seams, self._found, strict=True)
            for kind, left, right in found.clashes
        ]
        self._chains: list[Chain] = []
        self._chain_of: dict[int, int] = {}

    def join(self, taxonomy: Taxonomy) -> None:
        """Make the chains, and point out what only the whole of them shows."""
        follows = {id(left): right for found in self._found for left, right in found.joined}
        pieces = [piece for shard in self._shards for piece in shard]
        for held in chains_of(pieces, follows):
            first = held[0].segment
            rules = accepted_rules(taxonomy, first.layer, first.label)
            self._chain_of |= {id(piece): len(self._chains) for piece in held}
            self._chains.append(Chain.of(held, rules=rules))
        for seam, found in zip(self._plan.seams, self._found, strict=True):
            self._clashes += [
                _ambiguous(bundle, seam=seam.frame)
                for bundle in found.bundles
                if self._is_ambiguous(bundle)
            ]
        if self._in_order:
            self._make_disjoint()

    def count(self, seam: int, counts: SeamCounts) -> SeamCounts:
        """Add this layer to a seam's counts."""
        found, overlap = self._found[seam], self._overlaps[seam]
        n_left, n_right = (
            sum(overlap.holds(piece) for piece in self._shards[shard]) for shard in (seam, seam + 1)
        )
        n_clashes = sum(clash.seam == counts.frame for clash in self._clashes)
        return replace(
            counts,
            n_left=counts.n_left + n_left,
            n_right=counts.n_right + n_right,
            n_joined=counts.n_joined + len(found.joined),
            n_alone=counts.n_alone + len(found.alone),
            n_clashes=counts.n_clashes + n_clashes,
        )

    def disputes(self) -> list[SeamDispute]:
        """Return one dispute for all that hangs together."""
        groups: list[tuple[set[int], list[Clash]]] = []
        for clash in self._clashes:
            own, clashes = self._of(clash), [clash]
            apart = []
            for group in groups:
                if group[0] & own:
                    own, clashes = own | group[0], group[1] + clashes
                else:
                    apart.append(group)
            groups = [*apart, (own, clashes)]
        return [
            SeamDispute.over(
                clashes, (piece for number in own for piece in self._chains[number].pieces)
            )
            for own, clashes in groups
        ]

    def undisputed(self) -> list[Chain]:
        """Return the chains that wait for nobody."""
        waiting = {number for clash in self._clashes for number in self._of(clash)}
        return [chain for number, chain in enumerate(self._chains) if number not in waiting]

    def _of(self, clash: Clash) -> set[int]:
        return {self._chain_of[id(piece)] for piece in (*clash.left, *clash.right)}

    def _is_ambiguous(self, bundle: Sequence[Pair]) -> bool:
        """Whether another pairing of like pieces would make other segments."""
        chains = [self._chains[self._chain_of[id(left)]].segment for left, _ in bundle]
        return len({s.onset for s in chains}) > 1 and len({s.offset for s in chains}) > 1

    def _make_disjoint(self) -> None:
        """Part accepted neighbours that overlap, or point them out."""
        waiting = {number for clash in self._clashes for number in self._of(clash)}
        numbers = [number for number in range(len(self._chains)) if number not in waiting]
        numbers.sort(key=lambda number: self._chains[number].segment.order)
        for before, number in pairwise(numbers):
            early, late = self._chains[before], self._chains[number]
            if early.segment.offset <= late.segment.onset:
                continue
            parted = make_room(early, late)
            if parted is None:
                self._clashes.append(self._overlapping(early, late))
            else:
                self._chains[before], self._chains[number] = parted

    def _overlapping(self, early: Chain, late: Chain) -> Clash:
        left, right = sorted((early.pieces[-1], late.pieces[0]), key=lambda piece: piece.shard)
        seam = self._plan.seams[min(left.shard, len(self._plan.seams) - 1)]
        return Clash(seam=seam.frame, kind=ClashKind.OVERLAP, left=(left,), right=(right,))


def _ambiguous(bundle: Sequence[Pair], *, seam: int) -> Clash:
    lefts, rights = zip(*bundle, strict=True)
    return Clash(seam=seam, kind=ClashKind.AMBIGUOUS_JOIN, left=lefts, right=rights)


def _named(piece: Piece, taxonomy: Taxonomy) -> Piece:
    """Give a piece the name that the taxonomy has for its label now."""
    segment = piece.segment
    found = taxonomy.resolve(segment.layer, segment.label)
    label = found.label or segment.label
    if (found.layer, label) == (segment.layer, segment.label):
        return piece
    return replace(piece, segment=replace(segment, layer=found.layer, label=label))


def _findings(whole: Segmentation, plan: ShardPlan, taxonomy: Taxonomy) -> tuple[Finding, ...]:
    """Check the whole, and leave out what one shard shows: there it was checked already."""
    report = check_submission(
        [
            SubmittedSegment(
                region_id=str(place),
                layer=segment.layer,
                label=segment.label,
                onset=segment.onset,
                offset=segment.offset,
            )
            for place, segment in enumerate(whole)
        ],
        n_frames=plan.n_frames,
        taxonomy=taxonomy,
    )

    def is_new(finding: Finding) -> bool:
        onset, offset = finding.onset, finding.offset
        return (
            finding.code != "empty"
            and onset is not None
            and offset is not None
            and not any(s.onset <= onset and offset <= s.offset for s in plan.shards)
        )

    return tuple(finding for finding in report.findings if is_new(finding))
