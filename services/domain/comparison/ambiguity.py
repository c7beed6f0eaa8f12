"""Zones of doubt: stretches that a person marked as unclear, in which boundaries may lie freer.

Conventions
-----------
A label with ``widens_tolerance_to`` marks doubt. Where either opinion has such a segment, a
boundary counts as the same within at least that many frames, on any layer. A boundary is an
instant between two frames, so the zone ``[onset, offset)`` holds the boundaries ``onset`` to
``offset``, both included: the marked segment's own two among them. Nothing in a zone is
dropped, and labels must be equal there as elsewhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from heapq import heappop, heappush

from services.domain.segments import Segment
from services.domain.taxonomy import Taxonomy


class Doubt:
    """How far apart boundaries may lie for the sake of doubt, at each frame.

    Parameters
    ----------
    zones : iterable of (onset, offset, frames)
        Where doubt was marked, and the inclusive tolerance it asks for. Of zones that
        overlap the widest counts.
    """

    def __init__(self, zones: Iterable[tuple[int, int, int]] = ()) -> None:
        waiting = sorted(zones, reverse=True)
        self._cuts = sorted({cut for onset, offset, _ in waiting for cut in (onset, offset + 1)})
        self._frames: list[int] = []
        open_zones: list[tuple[int, int]] = []
        for cut in self._cuts:
            while waiting and waiting[-1][0] <= cut:
                _, offset, frames = waiting.pop()
                heappush(open_zones, (-frames, offset))
            while open_zones and open_zones[0][1] < cut:
                heappop(open_zones)
            self._frames.append(-open_zones[0][0] if open_zones else 0)

    @classmethod
    def marked(cls, segments: Iterable[Segment], *, taxonomy: Taxonomy) -> Doubt:
        """Collect the zones that these segments mark, by whomever."""
        widened = {
            (layer.name, label.name): label.widens_tolerance_to
            for layer in taxonomy.layers
            for label in layer.labels
            if label.widens_tolerance_to
        }
        if not widened:
            return NO_DOUBT
        return cls(
            (segment.onset, segment.offset, frames)
            for segment in segments
            if (frames := widened.get((segment.layer, segment.label)))
        )

    def __bool__(self) -> bool:
        return bool(self._cuts)

    def frames(self, boundary: int) -> int:
        """Return the tolerance that doubt asks for at a boundary; 0 outside every zone."""
        place = bisect_right(self._cuts, boundary)
        return self._frames[place - 1] if place else 0


NO_DOUBT = Doubt()
