"""Where a long recording is cut into shards, which people label apart.

Conventions
-----------
A *seam* is the frame at which one shard's core ends and the next one's begins. The cores
partition the clip. Around each seam lies an *overlap* ``[seam - half, seam + half)`` that both
shards show, so that what happens there is seen whole by at least one of them, and by both
where it is short. No frame is in more than two shards.

Seams lie at shot boundaries where one is near, because little goes on across a cut; else at the
regular place. Each seam depends only on its own surroundings: a shot more or less somewhere
moves no other seam.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

from services.domain.errors import InputError

Seconds = Fraction | int | float
# A seam moves to a shot boundary within this part of the longest shard, or less.
REACH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One part of a recording.

    Parameters
    ----------
    index : int
        Its place among the shards, from 0.
    onset, offset : int
        The frames ``[onset, offset)`` that it shows.
    core_onset, core_offset : int
        The frames of those that no other shard's core holds.
    """

    index: int
    onset: int
    offset: int
    core_onset: int
    core_offset: int

    @property
    def n_frames(self) -> int:
        """Number of frames that it shows."""
        return self.offset - self.onset


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """The frame between two cores, and whether a shot begins there."""

    frame: int
    at_shot: bool = False


@dataclass(frozen=True, kw_only=True)
class ShardPlan:
    """How a clip of ``n_frames`` is cut; one shard where there is no seam.

    Parameters
    ----------
    n_frames : int
        Length of the clip.
    half_overlap : int
        Frames that both shards show on either side of a seam.
    seams : tuple of Seam
        In order, far enough apart that overlaps do not meet, and from the clip's ends too.

    Raises
    ------
    InputError
        ``shards_too_short`` if they are not.
    """

    n_frames: int
    half_overlap: int
    seams: tuple[Seam, ...] = ()

    def __post_init__(self) -> None:
        if self.n_frames < 1 or (self.seams and self.half_overlap < 1):
            raise InputError("A plan needs a frame, and an overlap of at least one on each side.")
        frames = [seam.frame for seam in self.seams]
        half = self.half_overlap
        if frames and not half <= frames[0] <= frames[-1] <= self.n_frames - half:
            raise _too_short("An overlap reaches over the clip's end")
        if any(after - before < 2 * half for before, after in pairwise(frames)):
            raise _too_short("Two overlaps share a frame")

    @cached_property
    def shards(self) -> tuple[Shard, ...]:
        """All shards, in order."""
        edges = [0, *(seam.frame for seam in self.seams), self.n_frames]
        return tuple(
            Shard(
                index=index,
                onset=max(0, core_onset - self.half_overlap),
                offset=min(self.n_frames, core_offset + self.half_overlap),
                core_onset=core_onset,
                core_offset=core_offset,
            )
            for index, (core_onset, core_offset) in enumerate(pairwise(edges))
        )

    def overlap(self, seam: int) -> tuple[int, int]:
        """Return the frames ``[onset, offset)`` that both shards at a seam's index show."""
        frame = self.seams[seam].frame
        return frame - self.half_overlap, frame + self.half_overlap

    def check_tolerance(self, frames: int) -> None:
        """Hold the overlaps against a tolerance.

        Two boundaries that only count as the same could otherwise lie on both sides of an
        overlap, and a segment over several seams could be joined out of what nobody saw.

        Raises
        ------
        InputError
            ``overlap_too_short`` if an overlap is not longer than two tolerances.
        """
        if self.seams and self.half_overlap <= frames:
            raise InputError(
                f"Shards overlap by {2 * self.half_overlap} frames; with a tolerance of {frames} "
                f"frames it takes more than {2 * frames}. Make the overlap longer or the "
                "tolerance smaller.",
                code="overlap_too_short",
            )

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, with the shards for the reader's sake."""
        return {
            "n_frames": self.n_frames,
            "half_overlap": self.half_overlap,
            "seams": [asdict(seam) for seam in self.seams],
            "shards": [asdict(shard) for shard in self.shards],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote; the shards follow from the seams.

        Raises
        ------
        InputError
            If a field is missing or unsound.
        """
        try:
            return cls(
                n_frames=data["n_frames"],
                half_overlap=data["half_overlap"],
                seams=tuple(Seam(**seam) for seam in data["seams"]),
            )
        except (KeyError, TypeError) as error:
            raise InputError(f"This is not a shard plan: {error!r}.") from error


def plan_shards(
    n_frames: int,
    *,
    rate: Fraction,
    shots: Sequence[int] = (),
    longest_s: Seconds,
    overlap_s: Seconds,
    tolerance_frames: int = 0,
) -> ShardPlan:
    """Cut a recording into overlapping shards.

    Parameters
    ----------
    n_frames : int
        Length of the clip.
    rate : Fraction
        Frames per second at which people watch it.
    shots : sequence of int
        The first frames of its shots, in order (``services.domain.hints``).
    longest_s : number
        The most that one shard may last, overlaps included. Nothing longer is shown to anyone;
        a clip that is not longer stays whole.
    overlap_s : number
        What both shards at a seam show; rounded up to an even number of frames, at least 2.
        It has to be longer than two tolerances and should be than most events at a seam.
    tolerance_frames : int
        The largest tolerance by which the shards will be stitched
        (:func:`services.domain.sharding.stitch.largest_tolerance`).

    Raises
    ------
    InputError
        ``shards_too_short`` if a shard may not last three overlaps and a few frames,
        ``overlap_too_short`` if an overlap is not longer than two tolerances.
    """
    if n_frames < 1 or overlap_s < 0:
        raise InputError(f"A clip of {n_frames} frames cannot overlap by {overlap_s} s.")
    longest = int(Fraction(longest_s) * rate)
    half = max(1, -(-Fraction(overlap_s) * rate // 2))
    if n_frames <= longest:
        return ShardPlan(n_frames=n_frames, half_overlap=half)
    # With cores of at most ``most``, planned ``2 * reach`` shorter, no move of two seams makes
    # one too long, and none makes one shorter than the two overlaps in it (module's tests).
    most = longest - 2 * half
    reach = min(longest // REACH, (longest - 6 * half - 2) // 6)
    if reach < 0:
        raise _too_short(f"A shard of {longest} frames is too short for overlaps of {2 * half}")
    n_cores = -(-n_frames // (most - 2 * reach))
    places = [round(Fraction(n_frames * k, n_cores)) for k in range(1, n_cores)]
    plan = ShardPlan(
        n_frames=n_frames,
        half_overlap=half,
        seams=tuple(_seam(place, shots, reach=reach) for place in places),
    )
    plan.check_tolerance(tolerance_frames)
    return plan


def _seam(place: int, shots: Sequence[int], *, reach: int) -> Seam:
    """Return the seam at the nearest shot within reach, the earlier of two, or at the place."""
    after = bisect_left(shots, place)
    near = [shot for shot in shots[max(0, after - 1) : after + 1] if abs(shot - place) <= reach]
    if not near:
        return Seam(frame=place)
    return Seam(frame=min(near, key=lambda shot: abs(shot - place)), at_shot=True)


def _too_short(what: str) -> InputError:
    return InputError(
        f"{what}. Make the shards longer or the overlap shorter.", code="shards_too_short"
    )
