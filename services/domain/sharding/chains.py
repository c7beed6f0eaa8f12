"""The pieces of one segment over all its seams, and the one segment they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from services.domain.comparison.consensus import Rules, merge_boundary
from services.domain.segments import Segment
from services.domain.sharding.pieces import Piece
from services.domain.taxonomy import AcceptedRule

# The values of one boundary that were seen, with the spread that each came with.
Seen = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Pieces of successive shards that are one segment, and that segment."""

    pieces: tuple[Piece, ...]
    segment: Segment

    @classmethod
    def of(cls, pieces: tuple[Piece, ...], *, rules: Rules) -> Self:
        """Join pieces: each boundary from those who saw it, by the label's rule if both did."""
        onset, onset_spread = _joined(_onsets(pieces), rules[0])
        offset, offset_spread = _joined(_offsets(pieces), rules[1])
        scores = {piece.segment.score for piece in pieces}
        said = [score for score in scores if score is not None]
        segment = replace(
            pieces[0].segment,
            onset=onset,
            offset=offset,
            onset_spread=onset_spread,
            offset_spread=offset_spread,
            score=min(said) if said else None,
        )
        return cls(pieces=pieces, segment=segment)

    @property
    def onsets(self) -> tuple[int, int]:
        """The earliest and the latest onset that was seen."""
        return _range(_onsets(self.pieces))

    @property
    def offsets(self) -> tuple[int, int]:
        """The earliest and the latest offset that was seen."""
        return _range(_offsets(self.pieces))


def make_room(early: Chain, late: Chain) -> tuple[Chain, Chain] | None:
    """Let two chains that overlap meet, if a frame suits everybody who saw either boundary.

    Notes
    -----
    Two accepted boundaries can only cross where the pairs' own rules pull them together, or
    where one of them was seen by one shard only. As with any two opinions both then take the
    mean; what still crosses meets in between. None where the two were never seen together.
    Neither can vanish: all onsets seen of a segment lie before all of its offsets, and either
    boundary moves within those that were seen.
    """
    offset, onset = merge_boundary(*early.offsets), merge_boundary(*late.onsets)
    if offset > onset:
        low = max(early.offsets[0], late.onsets[0])
        high = min(early.offsets[1], late.onsets[1])
        if low > high:
            return None
        offset = onset = min(max(merge_boundary(onset, offset), low), high)
    return (
        replace(early, segment=replace(early.segment, offset=offset)),
        replace(late, segment=replace(late.segment, onset=onset)),
    )


def chains_of(pieces: Iterable[Piece], follows: Mapping[int, Piece]) -> list[tuple[Piece, ...]]:
    """Follow the joins from every piece that continues no other.

    Parameters
    ----------
    pieces : iterable of Piece
        All of them.
    follows : mapping
        By the identity of a piece the one that continues it in the next shard.
    """
    continued = {id(piece) for piece in follows.values()}
    chains: list[tuple[Piece, ...]] = []
    for piece in pieces:
        if id(piece) in continued:
            continue
        chain = [piece]
        while (after := follows.get(id(chain[-1]))) is not None:
            chain.append(after)
        chains.append(tuple(chain))
    return chains


def _onsets(pieces: tuple[Piece, ...]) -> Seen:
    seen = tuple(
        (piece.segment.onset, piece.segment.onset_spread) for piece in pieces if not piece.cut_onset
    )
    # A piece that nobody answers may begin where its shard does.
    return seen or ((pieces[0].segment.onset, pieces[0].segment.onset_spread),)


def _offsets(pieces: tuple[Piece, ...]) -> Seen:
    seen = tuple(
        (piece.segment.offset, piece.segment.offset_spread)
        for piece in pieces
        if not piece.cut_offset
    )
    return seen or ((pieces[-1].segment.offset, pieces[-1].segment.offset_spread),)


def _range(seen: Seen) -> tuple[int, int]:
    values = [value for value, _ in seen]
    return min(values), max(values)


def _joined(seen: Seen, rule: AcceptedRule) -> tuple[int, int]:
    """Return the accepted value and its spread."""
    low, high = _range(seen)
    return merge_boundary(low, high, rule=rule), max(high - low, *(spread for _, spread in seen))
