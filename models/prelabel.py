"""The machine's first draft of a clip: where something changes, and a label to correct.

Cold start: only the boundaries mean something. Without accepted examples the labels are
placeholders: parts that look alike get the same label of the taxonomy, in the taxonomy's order
of first appearance. With examples a part gets the label of the nearest one. ``details`` says
which of the two it was, and ``score`` is about a segment's boundaries in both cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from models.changepoints import Array, ChangePoint, find_change_points
from models.lowres import LowRes, read_lowres
from services.domain.errors import InputError
from services.domain.segments import Segment
from services.domain.taxonomy import LabelClass, Layer, Taxonomy

MODEL = "change-points@1"
WINDOW_S = 0.5
PENALTY = 3.0
# Below these a feature group counts as still; in the features' own 0..1.
STILL = {"appearance": 0.01, "histogram": 0.01, "motion": 0.003}
# Segments whose mean features are nearer than this look alike.
ALIKE = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An accepted segment's label and look, from :func:`describe`."""

    label: str
    look: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prelabel:
    """A draft: proposals, which model made them, and what it wants known (JSON values)."""

    segments: tuple[Segment, ...]
    model: str = MODEL
    details: dict[str, Any] = field(default_factory=dict)


def propose(
    proxy: Path | str,
    *,
    n_frames: int,
    taxonomy: Taxonomy,
    max_segments: int = 200,
    examples: Sequence[Example] = (),
    penalty: float = PENALTY,
) -> Prelabel:
    """Draft the first exclusive layer of a taxonomy.

    Parameters
    ----------
    proxy : Path
        The clip's proxy; its frames are the source's.
    n_frames : int
        Frames of the clip.
    taxonomy : Taxonomy
        Its label limits are kept: a segment is as long as its label demands.
    max_segments : int
        Most segments.
    examples : sequence of Example
        Accepted segments of the project, if there are any.
    penalty : float
        Price of a boundary; more gives fewer.

    Returns
    -------
    Prelabel
        Segments in order without overlap. None where no layer is exclusive, or where the clip
        is shorter than every label.

    Raises
    ------
    InputError
        If the proxy does not hold ``n_frames`` frames.
    """
    layer = next((layer for layer in taxonomy.layers if layer.exclusive), None)
    if layer is None:
        return Prelabel(segments=(), details={"reason": "no layer is exclusive"})
    lowres = read_lowres(proxy)
    if lowres.n_frames != n_frames:
        raise InputError(f"The proxy holds {lowres.n_frames} frames, the clip {n_frames}.")
    window = max(4, round(WINDOW_S * lowres.rate))
    points = find_change_points(
        scaled(lowres),
        window=window,
        min_frames=max(window // 2, min(label.min_frames for label in layer.labels)),
        max_segments=max_segments,
        penalty=penalty,
    )
    looks = _looks(lowres, points)
    wishes = _nearest_labels(looks, examples, layer) if examples else _groups(looks, layer)
    return Prelabel(
        segments=tuple(label_parts(points, wishes, layer, n_frames=n_frames)),
        details={
            "layer": layer.name,
            "labels": "nearest accepted example" if examples else "placeholders",
            "n_examples": len(examples),
            "penalty": penalty,
            "window_frames": window,
        },
    )


def describe(lowres: LowRes, onset: int, offset: int) -> tuple[float, ...]:
    """Return the look of a stretch of frames: its mean features, comparable between clips."""
    groups = (lowres.appearance, lowres.histogram, lowres.motion * 4)
    # Each group counts for its mean difference, not for how many numbers it has.
    parts = [group[onset:offset].mean(axis=0) / np.sqrt(group.shape[1]) for group in groups]
    return tuple(float(value) for value in np.concatenate(parts))


def scaled(lowres: LowRes) -> Array:
    """Return all features with each group's total variance brought to at most 1; (n, d)."""
    groups = []
    for name, still in STILL.items():
        group = getattr(lowres, name).astype(np.float64)
        spread = float(np.sqrt(group.var(axis=0).mean()))
        groups.append(group / max(spread, still) / np.sqrt(group.shape[1]))
    return np.concatenate(groups, axis=1)


def _looks(lowres: LowRes, points: Sequence[ChangePoint]) -> Array:
    edges = [0, *(point.frame for point in points), lowres.n_frames]
    return np.array([describe(lowres, low, high) for low, high in pairwise(edges)])


def _groups(looks: Array, layer: Layer) -> list[list[str]]:
    """Return each segment's label wishes: one label a group of like segments, then the rest."""
    names = [label.name for label in layer.labels]
    if len(looks) == 1:
        numbers = [0]
    else:
        tree = linkage(looks, method="average")
        distant = min(ALIKE, float(tree[-1, 2]) * 0.999)
        numbers = fcluster(tree, t=max(distant, 1e-9), criterion="distance").tolist()
    order = list(dict.fromkeys(numbers))
    firsts = [order.index(number) % len(names) for number in numbers]
    return [names[first:] + names[:first] for first in firsts]


def _nearest_labels(looks: Array, examples: Sequence[Example], layer: Layer) -> list[list[str]]:
    """Return each segment's label wishes: by distance of the nearest example, then the rest."""
    names = [label.name for label in layer.labels]
    known = [example for example in examples if example.label in names]
    if not known:
        return _groups(looks, layer)
    places = np.array([example.look for example in known])
    wishes = []
    for look in looks:
        nearest = np.argsort(np.linalg.norm(places - look, axis=1), kind="stable")
        wishes.append(list(dict.fromkeys([*(known[int(i)].label for i in nearest), *names])))
    return wishes


def label_parts(
    points: Sequence[ChangePoint], wishes: Sequence[list[str]], layer: Layer, *, n_frames: int
) -> list[Segment]:
    """Put labels between the change points, keeping the labels' limits.

    Notes
    -----
    A stretch that no label may cover stays free. A label that may not follow the one before,
    or that repeats it (which would hide the boundary), is taken only when no other fits.
    """
    classes = {label.name: label for label in layer.labels}
    bounds: list[ChangePoint | None] = [None, *points, None]
    segments: list[Segment] = []
    for before, after, wish in zip(bounds, bounds[1:], wishes, strict=False):
        onset, offset = before.frame if before else 0, after.frame if after else n_frames
        fitting = [classes[name] for name in wish if _fits(classes[name], offset - onset)]
        previous = classes[segments[-1].label] if segments else None
        label = _choose(fitting, previous)
        if label is None:
            continue
        strengths = [point.strength for point in (before, after) if point]
        segments.append(
            Segment(
                label=label.name,
                onset=onset,
                offset=offset,
                layer=layer.name,
                score=min(strengths, default=0.5),
                onset_spread=before.spread if before else 0,
                offset_spread=after.spread if after else 0,
            )
        )
    return segments


def _fits(label: LabelClass, length: int) -> bool:
    return label.min_frames <= length and (label.max_frames is None or length <= label.max_frames)


def _choose(fitting: Sequence[LabelClass], previous: LabelClass | None) -> LabelClass | None:
    """Return the first label that may follow, else the first at all."""
    if previous is None:
        return next(iter(fitting), None)
    may_follow = [
        label
        for label in fitting
        if label.name != previous.name
        and (previous.followed_by is None or label.name in previous.followed_by)
    ]
    return next(iter(may_follow or fitting), None)
