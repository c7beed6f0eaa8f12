"""What a model predicts of a taxonomy: tracks of classes on steps, and back to frames.

Conventions
-----------
A *track* is a set of classes of which each step has exactly one; class 0 is "nothing marked".
An exclusive layer is one track. A layer whose labels may overlap is one track a label, each with
the classes "nothing" and that label, whose softmax is a sigmoid. Two overlapping segments of one
label are one to a track: that cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.features import Floats
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Layer, Taxonomy

Indices = NDArray[np.int64]
IGNORED = -100


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Labels of one layer that exclude each other; class ``k`` is ``labels[k - 1]``."""

    layer: str
    labels: tuple[str, ...]

    @property
    def n_classes(self) -> int:
        """Classes, with "nothing"."""
        return 1 + len(self.labels)

    def segments_of(self, segments: Sequence[Segment]) -> list[Segment]:
        """Return those that lie on this track."""
        return [one for one in segments if one.layer == self.layer and one.label in self.labels]


def tracks_of(taxonomy: Taxonomy) -> tuple[Track, ...]:
    """Return a taxonomy's tracks, in its order."""
    tracks: list[Track] = []
    for layer in taxonomy.layers:
        names = tuple(label.name for label in layer.labels)
        groups = [names] if layer.exclusive else [(name,) for name in names]
        tracks += [Track(layer=layer.name, labels=group) for group in groups]
    return tuple(tracks)


def layer_of(track: Track, taxonomy: Taxonomy) -> Layer:
    """Return the rules that hold on one track.

    A single label of a layer whose labels overlap keeps only its own limits.
    """
    layer = next(layer for layer in taxonomy.layers if layer.name == track.layer)
    if layer.exclusive:
        return layer
    labels = [label for label in layer.labels if label.name in track.labels]
    free = tuple(label.model_copy(update={"followed_by": None}) for label in labels)
    return Layer(name=layer.name, labels=free)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A clip's frames in steps of ``stride``; the last step may be shorter."""

    n_frames: int
    stride: int

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return -(-self.n_frames // self.stride)

    def frame(self, step: int) -> int:
        """Return the first frame of a step; of the one after the last, the clip's end."""
        return min(step * self.stride, self.n_frames)

    def step(self, frame: int) -> int:
        """Return the step whose first frame is nearest; halves go to the even one."""
        if frame >= self.n_frames:
            return self.n_steps
        return min(round(frame / self.stride), self.n_steps)


def class_targets(truth: Segmentation, track: Track, grid: Grid) -> Indices:
    """Return the class of every step, shape (n_steps,).

    The longest come first, so that a neighbour does not cover what is shorter than a step.
    """
    classes = np.zeros(grid.n_steps, dtype=np.int64)
    segments = track.segments_of(truth.segments)
    for segment in sorted(segments, key=lambda one: one.onset - one.offset):
        low = min(grid.step(segment.onset), grid.n_steps - 1)
        # A segment shorter than a step still has one.
        high = max(grid.step(segment.offset), low + 1)
        classes[low:high] = 1 + track.labels.index(segment.label)
    return classes


def boundary_targets(truth: Segmentation, track: Track, grid: Grid, *, sigma: float) -> Floats:
    """Return how near an onset (row 0) and an offset (row 1) each step is, shape (2, n_steps).

    A Gaussian of ``sigma`` steps around the first step of what begins, or follows. The clip's two
    ends are forced and say nothing.
    """
    heat = np.zeros((2, grid.n_steps), dtype=np.float32)
    reach = max(1, int(3 * sigma))
    bump = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    for segment in track.segments_of(truth.segments):
        for row, frame in enumerate((segment.onset, segment.offset)):
            step = grid.step(frame)
            if not 0 < step < grid.n_steps:
                continue
            low, high = max(0, step - reach), min(grid.n_steps, step + reach + 1)
            here = bump[low - step + reach : high - step + reach]
            heat[row, low:high] = np.maximum(heat[row, low:high], here)
    return heat
