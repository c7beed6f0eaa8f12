"""One layer at one seam: which pieces of two shards are one segment, and what they differ in.

Conventions
-----------
Both shards show the overlap ``[edge, other edge)``; what they say of it is two opinions, under
the tolerances of ``services.domain.comparison``. A cut boundary is no opinion: against it the
other shard's boundary only has to lie outside the overlap, or within tolerance of its edge. Two
boundaries that both shards saw are held to each other wherever they lie.

Of a segment that ends within tolerance of the overlap's edge one shard shows next to nothing:

- the shard that saw the rest of it holds it alone, and the other may leave it out;
- where the other has those few frames, they are held to the near boundary even of a segment
  that, for the first shard, ended before the overlap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.domain.comparison.matching import keeps_order, match_segments
from services.domain.comparison.tolerances import Tolerances
from services.domain.segments import Segment
from services.domain.sharding.pieces import Piece
from services.domain.sharding.report import ClashKind
from services.domain.taxonomy import Side

Pair = tuple[Piece, Piece]
Found = tuple[ClashKind, tuple[Piece, ...], tuple[Piece, ...]]


@dataclass(slots=True, kw_only=True)
class Judgement:
    """What one layer's pieces at one seam came to; each of them is in here exactly once.

    Parameters
    ----------
    joined : list of (Piece, Piece)
        Left and right halves of one segment each.
    bundles : list of list of (Piece, Piece)
        Those of ``joined`` that look alike all through the overlap, two or more at a time.
    alone : list of Piece
        Pieces that the other shard could leave out.
    clashes : list of Found
        Kind, left pieces and right pieces.
    """

    joined: list[Pair] = field(default_factory=list)
    bundles: list[list[Pair]] = field(default_factory=list)
    alone: list[Piece] = field(default_factory=list)
    clashes: list[Found] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What two shards both show of a layer, and the rules there.

    Parameters
    ----------
    onset, offset : int
        The frames ``[onset, offset)``.
    tolerances : Tolerances
        Which boundaries count as the same.
    window : int
        Pairing window in frames.
    exclusive : bool
        Whether the layer holds one label at a time.
    """

    onset: int
    offset: int
    tolerances: Tolerances
    window: int
    exclusive: bool

    def holds(self, piece: Piece) -> bool:
        """Whether the piece covers a frame of the overlap."""
        return piece.segment.offset > self.onset and piece.segment.onset < self.offset

    def shown(self, piece: Piece) -> Segment:
        """Return what the overlap shows of a piece."""
        onset, offset = piece.segment.onset, piece.segment.offset
        return replace(piece.segment, onset=max(onset, self.onset), offset=min(offset, self.offset))

    def agree(self, left: Piece, right: Piece) -> bool:
        """Whether two pieces are one segment."""
        one, other = left.segment, right.segment
        if one.label != other.label or not self.shown(left).overlap(self.shown(right)):
            return False
        onset_frames, offset_frames = self.tolerances.of_label(one.label)
        onset, offset = one.onset, other.offset
        if right.cut_onset:
            onset = max(onset, self.onset)
        if left.cut_offset:
            offset = min(offset, self.offset)
        within = self.tolerances.within
        return within(onset, other.onset, onset_frames) and within(
            one.offset, offset, offset_frames
        )


def judge(left: Sequence[Piece], right: Sequence[Piece], overlap: Overlap) -> Judgement:
    """Compare one layer's pieces of the shards before and after a seam.

    Parameters
    ----------
    left, right : sequence of Piece
        All of the layer's pieces of either shard, in order of time.
    overlap : Overlap
        What both shards show, and the rules there.
    """
    found = Judgement()
    lefts, rights = ([p for p in side if overlap.holds(p)] for side in (left, right))
    before = [piece for piece in left if not overlap.holds(piece)]
    after = [piece for piece in right if not overlap.holds(piece)]

    ends, alone = _settle_edge(rights, lefts, before, overlap, Side.OFFSET)
    found.joined += [(whole, brief) for brief, whole in ends]
    found.alone += alone
    lefts, rights = _without(lefts, alone), _without(rights, [brief for brief, _ in ends])

    begins, alone = _settle_edge(lefts, rights, after, overlap, Side.ONSET)
    found.joined += begins
    found.alone += alone
    lefts, rights = _without(lefts, [brief for brief, _ in begins]), _without(rights, alone)

    _compare(lefts, rights, overlap, found)
    return found


def _without(pieces: Sequence[Piece], settled: Sequence[Piece]) -> list[Piece]:
    """Leave pieces out by identity, as two of one shard may say the same."""
    gone = {id(piece) for piece in settled}
    return [piece for piece in pieces if id(piece) not in gone]


def _settle_edge(
    brief: Sequence[Piece],
    whole: Sequence[Piece],
    out: Sequence[Piece],
    overlap: Overlap,
    side: Side,
) -> tuple[list[Pair], list[Piece]]:
    """Settle what reaches no further into the overlap than its tolerance.

    Parameters
    ----------
    brief : sequence of Piece
        The overlap's pieces of the shard that begins (or ends) at the edge.
    whole, out : sequence of Piece
        The other shard's pieces, in the overlap and beyond the edge.
    side : Side
        The boundary that lies near the edge: the offset at the overlap's onset.

    Returns
    -------
    pairs, alone
        Pieces of ``brief`` with their answers from ``out``; pieces of ``whole`` that ``brief``
        could leave out.
    """
    edge = overlap.onset if side is Side.OFFSET else overlap.offset

    def near(piece: Piece, place: int) -> bool:
        onset_frames, offset_frames = overlap.tolerances.of_label(piece.segment.label)
        frames = onset_frames if side is Side.ONSET else offset_frames
        return overlap.tolerances.within(_at(piece, side), place, frames)

    def is_answered(piece: Piece, others: Sequence[Piece]) -> bool:
        return any(
            other.segment.label == piece.segment.label and other.segment.overlap(piece.segment)
            for other in others
        )

    cut_here = [
        piece
        for piece in brief
        if (piece.cut_onset if side is Side.OFFSET else piece.cut_offset)
        and near(piece, edge)
        and not is_answered(piece, whole)
    ]
    options = [
        (abs(_at(piece, side) - _at(other, side)), i, j)
        for i, piece in enumerate(cut_here)
        for j, other in enumerate(out)
        if other.segment.label == piece.segment.label and near(piece, _at(other, side))
    ]
    pairs: dict[int, int] = {}
    for _, i, j in sorted(options):
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    alone = [
        piece
        for piece in whole
        if _reaches_over(piece, edge) and near(piece, edge) and not is_answered(piece, brief)
    ]
    return [(cut_here[i], out[j]) for i, j in pairs.items()], alone


def _at(piece: Piece, side: Side) -> int:
    return piece.segment.onset if side is Side.ONSET else piece.segment.offset


def _reaches_over(piece: Piece, edge: int) -> bool:
    return piece.segment.onset < edge < piece.segment.offset


def _compare(
    lefts: Sequence[Piece], rights: Sequence[Piece], overlap: Overlap, found: Judgement
) -> None:
    """Match what both shards show, and enter each group's verdict."""
    a, b = ([overlap.shown(piece) for piece in side] for side in (lefts, rights))
    exclusive = overlap.exclusive and keeps_order(a) and keeps_order(b)
    groups = match_segments(
        a, b, tolerances=overlap.tolerances, window=overlap.window, exclusive=exclusive
    )
    taken: set[int] = set()
    pairs: list[Pair] = []
    for rows, columns in groups:
        held = tuple(lefts[i] for i in rows), tuple(rights[j] for j in columns)
        taken |= {id(piece) for side in held for piece in side}
        if len(rows) == len(columns) == 1:
            pairs.append((held[0][0], held[1][0]))
        else:
            kind = ClashKind.SPLIT if len(columns) > 1 else ClashKind.MERGE
            found.clashes.append((kind, *held))
    for left, right in _in_turn(pairs, overlap, found):
        if overlap.agree(left, right):
            found.joined.append((left, right))
        else:
            same = left.segment.label == right.segment.label
            kind = ClashKind.BOUNDARY_SHIFT if same else ClashKind.LABEL_MISMATCH
            found.clashes.append((kind, (left,), (right,)))
    found.clashes += [
        (ClashKind.MISSING, (piece,), ()) for piece in lefts if id(piece) not in taken
    ]
    found.clashes += [(ClashKind.EXTRA, (), (piece,)) for piece in rights if id(piece) not in taken]


def _in_turn(pairs: Sequence[Pair], overlap: Overlap, found: Judgement) -> list[Pair]:
    """Pair what looks alike all through the overlap first in, first out; note such bundles."""
    alike: defaultdict[str, list[Pair]] = defaultdict(list)
    rest: list[Pair] = []
    for pair in pairs:
        shown = [overlap.shown(piece) for piece in pair]
        through = (
            all((s.onset, s.offset) == (overlap.onset, overlap.offset) for s in shown)
            and shown[0].label == shown[1].label
        )
        (alike[shown[0].label] if through else rest).append(pair)
    for bundle in alike.values():
        lefts = sorted((left for left, _ in bundle), key=lambda p: p.segment.onset)
        rights = sorted((right for _, right in bundle), key=lambda p: p.segment.offset)
        turned = list(zip(lefts, rights, strict=True))
        rest += turned
        if len(turned) > 1:
            found.bundles.append(turned)
    return rest
