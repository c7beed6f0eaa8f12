"""What is "really" in the demo's videos: the hidden timeline its simulated people see.

For clips the demo makes, the timeline is the one they were drawn from. For a folder of
somebody's own videos nobody knows, so one is drawn by lot from the clip's name and length:
enough to exercise the machinery, and no claim about the video.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.domain.canonical import unit_interval

Span = tuple[str, int, int]
"""Label, onset, offset in half-open source frames."""

LABELS = ("reach", "grasp", "move", "place", "rest")
MIN_FRAMES = 12
"""Shortest drawn span: longer than any jitter, so that people's opinions stay in order."""


def drawn_timeline(name: str, n_frames: int) -> list[Span]:
    """Draw a timeline for a video about which nothing is known."""
    n_spans = max(1, min(8, n_frames // 45))
    cuts = [0]
    for index in range(1, n_spans):
        nominal = n_frames * index / n_spans
        sway = (unit_interval("cut", name, index) - 0.5) * n_frames / n_spans / 2
        cuts.append(max(cuts[-1] + min(MIN_FRAMES, n_frames), round(nominal + sway)))
    first = int(unit_interval("first", name) * len(LABELS))
    ends = [*cuts[1:], n_frames]
    return [
        (LABELS[(first + index) % len(LABELS)], onset, offset)
        for index, (onset, offset) in enumerate(zip(cuts, ends, strict=True))
        if onset < offset
    ]


class Truth:
    """The hidden timelines of one demo run, by clip name."""

    def __init__(self, known: Mapping[str, list[Span]]) -> None:
        self._known = dict(known)

    def timeline(self, name: str, n_frames: int) -> list[Span]:
        """Return a clip's hidden timeline."""
        return self._known.get(name) or drawn_timeline(name, n_frames)
