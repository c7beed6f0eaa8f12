"""What one shard holds of the labels of a whole recording.

Conventions
-----------
A *piece* is a segment as one shard shows it, in the clip's frames. Where it reaches the shard's
edge, and the clip goes on there, its boundary is *cut*: the person saw no onset or offset, only
that the label holds in the first or last frame they were shown. (An event that truly begins in
that very frame looks the same, and nothing is lost by it: the neighbour saw it begin.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from services.domain.errors import InputError
from services.domain.segments import Segment, Segmentation
from services.domain.sharding.plan import Shard, ShardPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A segment of one shard.

    Parameters
    ----------
    shard : int
        The shard's index.
    segment : Segment
        In the clip's frames.
    cut_onset, cut_offset : bool
        Whether that boundary is the shard's edge, and not what a person saw.
    """

    shard: int
    segment: Segment
    cut_onset: bool
    cut_offset: bool

    @property
    def order(self) -> tuple[object, ...]:
        """Where the piece stands: by time, then shard, layer and label."""
        segment = self.segment
        return segment.onset, self.shard, segment.offset, segment.layer, segment.label

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "shard": self.shard,
            "segment": self.segment.as_json(),
            "cut_onset": self.cut_onset,
            "cut_offset": self.cut_offset,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote."""
        return cls(**{**data, "segment": Segment.from_json(data["segment"])})


def cut(segmentation: Segmentation, plan: ShardPlan) -> tuple[Segmentation, ...]:
    """Cut a whole clip's segments into each shard's own, in the shard's frames.

    Parameters
    ----------
    segmentation : Segmentation
        Of the clip, such as a pre-label.
    plan : ShardPlan
        Of the same clip.

    Returns
    -------
    tuple of Segmentation
        One a shard. A boundary at a cut has no spread: nobody saw it.

    Raises
    ------
    InputError
        ``different_clips`` if the frame counts differ.
    """
    _require_frames(segmentation, plan.n_frames, what="clip")
    return tuple(
        Segmentation.of(_held(segmentation, shard), n_frames=shard.n_frames)
        for shard in plan.shards
    )


def read_pieces(segmentations: Sequence[Segmentation], plan: ShardPlan) -> list[Piece]:
    """Put every shard's segments on the clip's frames.

    Raises
    ------
    InputError
        ``different_clips`` if there is not one segmentation a shard, of its length.
    """
    if len(segmentations) != len(plan.shards):
        raise InputError(
            f"{len(segmentations)} answers were given for {len(plan.shards)} shards.",
            code="different_clips",
        )
    found: list[Piece] = []
    for shard, segmentation in zip(plan.shards, segmentations, strict=True):
        _require_frames(segmentation, shard.n_frames, what=f"shard {shard.index}")
        for segment in segmentation:
            onset, offset = segment.onset + shard.onset, segment.offset + shard.onset
            found.append(
                Piece(
                    shard=shard.index,
                    segment=replace(segment, onset=onset, offset=offset),
                    cut_onset=onset == shard.onset and shard.onset > 0,
                    cut_offset=offset == shard.offset and shard.offset < plan.n_frames,
                )
            )
    return found


def _held(segmentation: Segmentation, shard: Shard) -> Iterable[Segment]:
    for segment in segmentation:
        onset, offset = max(segment.onset, shard.onset), min(segment.offset, shard.offset)
        if onset < offset:
            yield replace(
                segment,
                onset=onset - shard.onset,
                offset=offset - shard.onset,
                onset_spread=segment.onset_spread if onset == segment.onset else 0,
                offset_spread=segment.offset_spread if offset == segment.offset else 0,
            )


def _require_frames(segmentation: Segmentation, n_frames: int, *, what: str) -> None:
    if segmentation.n_frames != n_frames:
        raise InputError(
            f"The segments are on {segmentation.n_frames} frames, the {what} has {n_frames}.",
            code="different_clips",
        )
