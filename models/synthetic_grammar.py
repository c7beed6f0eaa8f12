"""Sequences with a known grammar, whose difficulty is a setting: what models are tried on.

A procedure of labels: each may be followed by one or two others, now and then nothing is marked,
lengths are skewed. The features are each label's own look, blurred at the boundaries, with an
offset of the clip's own (another camera, another light) and noise that lasts some frames. Two
labels look almost the same and are told apart by what comes before them. None of this is real
video: figures from it say what a method does where the truth is known, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.features import Features, Floats, Group, write_rows
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy

LABELS = ("take", "open", "pour", "stir", "close", "wipe")
FOLLOWERS = {
    "take": ("open", "wipe"),
    "open": ("pour", "stir"),
    "pour": ("stir", "close"),
    "stir": ("pour", "close"),
    "close": ("take", "wipe"),
    "wipe": ("take",),
}
ALIKE = ("open", "close")
EXTRACTOR = "synthetic@1"
RATE = Fraction(25)
DIM = 16
LEAST_FRAMES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Difficulty:
    """What makes a sequence hard.

    Parameters
    ----------
    noise : float
        Standard deviation of the noise, where two looks are about 1.4 apart in each of 16
        features.
    jitter : float
        Standard deviation, in frames, of what the labelled boundaries are off by.
    imbalance : float
        0: both followers of a label are as likely; towards 1 the second becomes rare.
    """

    noise: float = 1.0
    jitter: float = 0.0
    imbalance: float = 0.0


def grammar_taxonomy() -> Taxonomy:
    """Return the grammar as a taxonomy."""
    labels = [
        {"name": name, "followed_by": list(FOLLOWERS[name]), "min_frames": LEAST_FRAMES // 2}
        for name in LABELS
    ]
    return Taxonomy.parse({"name": "grammar", "version": 1, "layers": [{"labels": labels}]})


def draw_timeline(
    generator: np.random.Generator, *, n_segments: int = 12, imbalance: float = 0.0
) -> list[tuple[str | None, int]]:
    """Draw (label or None, n_frames) in order."""
    label = LABELS[int(generator.integers(len(LABELS)))]
    timeline: list[tuple[str | None, int]] = []
    for _ in range(n_segments):
        if generator.random() < 0.2:
            timeline.append((None, LEAST_FRAMES + int(generator.gamma(2, 10))))
        timeline.append((label, LEAST_FRAMES + int(generator.gamma(2, 25))))
        followers = FOLLOWERS[label]
        rare = len(followers) > 1 and generator.random() < 0.5 * (1 - imbalance)
        label = followers[1 if rare else 0]
    return timeline


def draw_sequence(
    path: Path, *, seed: int, difficulty: Difficulty, n_segments: int = 12
) -> tuple[Features, Segmentation]:
    """Write one sequence's features and return them with their truth.

    The looks are the same for every seed; all else is drawn from it.
    """
    generator = np.random.default_rng((7, seed))
    timeline = draw_timeline(generator, n_segments=n_segments, imbalance=difficulty.imbalance)
    n_frames = sum(length for _, length in timeline)
    rows = _render(timeline, generator, noise=difficulty.noise)
    features = write_rows(
        path,
        rows,
        extractor=EXTRACTOR,
        rate=RATE,
        groups=(Group(name="looks", width=DIM),),
    )
    truth = Segmentation.of(_marked(timeline, generator, difficulty.jitter), n_frames=n_frames)
    return features, truth


def _render(
    timeline: list[tuple[str | None, int]], generator: np.random.Generator, *, noise: float
) -> Floats:
    looks = _looks()
    clean = np.concatenate([np.tile(looks[label], (length, 1)) for label, length in timeline])
    blurred = _smoothed(clean, 5)
    # Noise that lasts: half of it is of about ten frames.
    white, slow = generator.normal(0, 1, (2, *clean.shape))
    grain = (white + _smoothed(slow, 11) * np.sqrt(11)) / np.sqrt(2)
    offset = generator.normal(0, 0.3, (1, DIM))
    rows: Floats = (blurred + offset + noise * grain).astype(np.float32)
    return rows


def _looks() -> dict[str | None, NDArray[np.float64]]:
    generator = np.random.default_rng(1)
    looks: dict[str | None, NDArray[np.float64]] = {
        label: generator.normal(0, 1, DIM) for label in LABELS
    }
    one, other = ALIKE
    looks[other] = looks[one] + generator.normal(0, 0.1, DIM)
    looks[None] = np.zeros(DIM)
    return looks


def _smoothed(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return running means over an odd number of rows."""
    padded = np.pad(values, ((width // 2, width // 2), (0, 0)), mode="edge")
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(padded, axis=0)])
    means: NDArray[np.float64] = (sums[width:] - sums[:-width]) / width
    return means


def _marked(
    timeline: list[tuple[str | None, int]], generator: np.random.Generator, jitter: float
) -> list[Segment]:
    """Return the segments as a person marks them: each boundary off by a little."""
    ends = np.cumsum([0, *(length for _, length in timeline)])
    shifts = np.clip(np.round(generator.normal(0, jitter, len(ends))), -5, 5).astype(int)
    shifts[[0, -1]] = 0
    seen = (ends + shifts).tolist()
    return [
        Segment(label=label, onset=low, offset=high)
        for (label, _), low, high in zip(timeline, seen, seen[1:], strict=False)
        if label is not None
    ]
