"""Which frame of a view belongs to each frame of the group's reference view.

Conventions
-----------
A reference frame shows the view's frame whose presentation time is nearest to the same moment;
halfway between two it is the earlier one. The first and the last frame reach half a frame of the
view's nominal rate beyond themselves; where the view has nothing, there is NO_FRAME.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import lcm
from typing import Any

import numpy as np

from services.domain.multiview.alignment import Alignment
from services.domain.timebase import Timebase

NO_FRAME = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameMap:
    """One view's frame, or NO_FRAME, for each frame of the reference.

    Parameters
    ----------
    frames : array of int, shape (n_frames of the reference,)
        Never decreasing, but for NO_FRAME.
    n_view_frames : int
        Frames that the view has.
    """

    frames: array[int]
    n_view_frames: int

    @property
    def n_missing(self) -> int:
        """Reference frames for which the view has nothing."""
        return self.frames.count(NO_FRAME)

    @property
    def n_repeated(self) -> int:
        """Reference frames that show what the one before showed."""
        return sum(now == then != NO_FRAME for then, now in pairwise(self.frames))

    @property
    def n_unseen(self) -> int:
        """Frames of the view that no reference frame shows."""
        return self.n_view_frames - (len(self.frames) - self.n_missing - self.n_repeated)

    @property
    def sha256(self) -> str:
        """Digest of the frames as little-endian 64-bit integers."""
        return hashlib.sha256(np.asarray(self.frames, dtype="<i8").tobytes()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return what is declared of it; the map itself follows from the timebases."""
        return {
            "n_missing": self.n_missing,
            "n_repeated": self.n_repeated,
            "n_unseen": self.n_unseen,
            "sha256": self.sha256,
        }


def frame_map(reference: Timebase, view: Timebase, alignment: Alignment) -> FrameMap:
    """Return which frame of ``view`` each frame of ``reference`` shows.

    Notes
    -----
    All times are made integers of one common unit, so nothing is rounded, and each is looked at
    once: a million frames take a second.
    """
    pace, half_s = alignment.pace, 1 / (2 * view.rate)
    units = (reference.tick * pace, alignment.offset_s * pace, view.tick, half_s)
    scale = 2 * lcm(*(unit.denominator for unit in units))
    step, shift, tick, half = (int(unit * scale) for unit in units)
    shown = _pts(view)
    shown_at = (next(shown) - view.first_pts) * tick
    after = next(shown, None)
    after_at = None if after is None else (after - view.first_pts) * tick
    frames, number = array("q"), 0
    for pts in _pts(reference):
        now = (pts - reference.first_pts) * step - shift
        while after_at is not None and 2 * now > shown_at + after_at:
            number, shown_at = number + 1, after_at
            after = next(shown, None)
            after_at = None if after is None else (after - view.first_pts) * tick
        is_before = number == 0 and now <= shown_at - half
        is_after = after_at is None and now > shown_at + half
        frames.append(NO_FRAME if is_before or is_after else number)
    return FrameMap(frames=frames, n_view_frames=view.n_frames)


def _pts(timebase: Timebase) -> Iterator[int]:
    """Yield every frame's timestamp, in ticks."""
    pts = timebase.first_pts
    yield pts
    for run in timebase.runs:
        for _ in range(run.count):
            pts += run.step
            yield pts
