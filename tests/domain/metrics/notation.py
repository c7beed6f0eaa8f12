"""Opinions written by hand, in list order: ``listed("X 0-10, Y 5-20")``, half-open frames."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from services.domain.segments import Segment

N_FRAMES = 40
TOLERANCES = (0, 1, 2, 3, 4, 5, 10)


def listed(text: str) -> list[Segment]:
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        label, frames = part.split()
        onset, offset = map(int, frames.split("-"))
        found.append(Segment(label=label, onset=onset, offset=offset))
    return found


def painted(segments: list[Segment], n_frames: int) -> list[str]:
    """The class of every frame, by the slow and obvious way; "" is no segment."""
    frames = [""] * n_frames
    for segment in segments:
        for frame in range(segment.onset, segment.offset):
            frames[frame] = segment.label
    return frames


@st.composite
def _segment(draw: st.DrawFn) -> Segment:
    onset = draw(st.integers(0, N_FRAMES - 1))
    offset = draw(st.integers(onset + 1, min(N_FRAMES, onset + 15)))
    return Segment(label=draw(st.sampled_from("XYZ")), onset=onset, offset=offset)


@st.composite
def _in_turn(draw: st.DrawFn) -> list[Segment]:
    """Segments none of which overlaps another, in order."""
    cuts = sorted(draw(st.sets(st.integers(0, N_FRAMES), max_size=14)))
    return [
        Segment(label=label, onset=onset, offset=offset)
        for onset, offset in pairwise(cuts)
        if (label := draw(st.sampled_from(["X", "Y", "Z", ""])))
    ]


overlapping = st.lists(_segment(), max_size=10)
in_turn = _in_turn()
opinions = st.one_of(overlapping, in_turn)
"""Segments within ``N_FRAMES`` frames, in any list order, overlapping or not."""
