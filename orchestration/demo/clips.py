"""The demo's own videos: small, with known boundaries, and one that is damaged on purpose."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from orchestration.demo.truth import Span, Truth

RECIPES: dict[str, tuple[Fraction, list[tuple[str, int]]]] = {
    "bench-01.mp4": (
        Fraction(25),
        [("rest", 40), ("reach", 35), ("grasp", 30), ("move", 60), ("place", 45)],
    ),
    "bench-02.mp4": (
        Fraction(30000, 1001),
        [("reach", 50), ("grasp", 40), ("move", 70), ("place", 50), ("rest", 40)],
    ),
    "bench-03.mp4": (
        Fraction(30),
        [("rest", 45), ("reach", 40), ("grasp", 40), ("move", 80), ("place", 40), ("rest", 30)],
    ),
    "bench-04.mp4": (
        Fraction(24000, 1001),
        [("grasp", 36), ("move", 72), ("place", 48), ("rest", 60)],
    ),
}
DAMAGED = "bench-05-damaged.mp4"


def make_clips(folder: Path) -> Truth:
    """Write the demo's videos into a folder, once; return what is in them."""
    from models.synthetic import make_clip

    folder.mkdir(parents=True, exist_ok=True)
    for name, (rate, timeline) in RECIPES.items():
        path = folder / name
        if not path.exists():
            make_clip(path, rate=rate, timeline=timeline)
    damaged = folder / DAMAGED
    if not damaged.exists():
        whole = (folder / next(iter(RECIPES))).read_bytes()
        # The index of an MP4 is at its end here: half a file opens nowhere.
        damaged.write_bytes(whole[: len(whole) // 2])
    return Truth({name: _spans(timeline) for name, (_, timeline) in RECIPES.items()})


def _spans(timeline: list[tuple[str, int]]) -> list[Span]:
    spans: list[Span] = []
    onset = 0
    for label, n_frames in timeline:
        spans.append((label, onset, onset + n_frames))
        onset += n_frames
    return spans
