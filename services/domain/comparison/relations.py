"""How two segments of one layer stand to each other, boundary by boundary.

Conventions
-----------
Two segments *agree* when they carry the same label, both boundaries count as the same
(``tolerances``), and they share a frame. Without the last rule two flashes
of one frame each, two frames apart, would count as one event.
"""

from __future__ import annotations

from typing import NamedTuple

from services.domain.comparison.tolerances import Tolerances
from services.domain.segments import Segment


class Relation(NamedTuple):
    """How two segments stand to each other.

    Parameters
    ----------
    onset_delta, offset_delta : int
        Frames by which the second comes later than the first.
    same_label, shares_frame : bool
        Whether the labels are equal, and whether any frame is in both.
    onset_within, offset_within : bool
        Whether each boundary counts as the same. For two labels with different tolerances
        the larger one counts.

    Notes
    -----
    A tuple, unlike the other types here, as a comparison makes some of these per segment.
    """

    onset_delta: int
    offset_delta: int
    same_label: bool
    shares_frame: bool
    onset_within: bool
    offset_within: bool

    @property
    def is_near(self) -> bool:
        """Whether both carry one label and share a frame."""
        return self.same_label and self.shares_frame

    @property
    def agrees(self) -> bool:
        """Whether the two are one segment, by the rule in the module's docstring."""
        return self.same_label and self.shares_frame and self.onset_within and self.offset_within

    @property
    def n_outside(self) -> int:
        """Number of boundaries outside tolerance: 0, 1 or 2."""
        return 2 - self.onset_within - self.offset_within

    @property
    def distance(self) -> int:
        """Frames that the two boundaries are apart, added up."""
        return abs(self.onset_delta) + abs(self.offset_delta)


def relate(a: Segment, b: Segment, *, tolerances: Tolerances) -> Relation:
    """Compare two segments of one layer."""
    onset_a, offset_a, onset_b, offset_b = a.onset, a.offset, b.onset, b.offset
    onset_frames, offset_frames = tolerances.of_labels(a.label, b.label)
    return Relation(
        onset_b - onset_a,
        offset_b - offset_a,
        a.label == b.label,
        onset_a < offset_b and onset_b < offset_a,
        tolerances.within(onset_a, onset_b, onset_frames),
        tolerances.within(offset_a, offset_b, offset_frames),
    )
