"""The first draft of a project that has no model yet: where something changes.

Only the boundaries mean something. Without accepted examples the labels are placeholders: parts
that look alike get the same label of the taxonomy, in the taxonomy's order of first appearance.
With examples a part gets the label of the nearest one. ``score`` is about a segment's boundaries
in both cases.

Notes
-----
A long clip is worked through in stretches of ten minutes, each beginning at the last boundary
that is certain from the one before, so memory does not grow with the clip. What counts as a
change is judged within a stretch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from models.changepoints import Array, ChangePoint, find_change_points
from models.features import Features, Group
from services.domain.segments import Segment
from services.domain.taxonomy import LabelClass, Layer

WINDOW_S = 0.5
PENALTY = 3.0
STRETCH_S = 600
# Boundaries this near a stretch's end are found again in the next one, with what follows.
MARGIN_S = 30
# Segments whose mean features are nearer than this look alike.
ALIKE = 0.12
MOST_LINKED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An accepted segment's label and look, from :func:`describe`."""

    label: str
    look: tuple[float, ...]


def change_points(
    features: Features, *, min_frames: int, max_segments: int, penalty: float
) -> tuple[ChangePoint, ...]:
    """Find the frames at which a clip's features take on another mean.

    Parameters
    ----------
    features : Features
        Of any length.
    min_frames : int
        Least length of a part, in frames.
    max_segments : int
        Most parts in ten minutes.
    penalty : float
        Price of a boundary.
    """
    step_rate = float(features.rate) / features.stride
    window = max(4, round(WINDOW_S * step_rate))
    stretch, margin = round(STRETCH_S * step_rate), round(MARGIN_S * step_rate)
    shares = _group_scales(features)
    found: list[ChangePoint] = []
    low = 0
    while low < features.n_steps:
        high = min(low + stretch, features.n_steps)
        is_last = high == features.n_steps
        points = find_change_points(
            features.read(low, high).astype(np.float64) * shares,
            window=window,
            min_frames=max(window // 2, -(-min_frames // features.stride)),
            max_segments=max_segments,
            penalty=penalty,
        )
        certain = [point for point in points if is_last or low + point.frame < high - margin]
        found += [_in_frames(point, low, features.stride) for point in certain]
        if is_last:
            break
        low = low + certain[-1].frame if certain else high - margin
    return tuple(found)


def _in_frames(point: ChangePoint, low: int, stride: int) -> ChangePoint:
    return replace(
        point, frame=(low + point.frame) * stride, spread=point.spread * stride + stride // 2
    )


def _group_scales(features: Features) -> Array:
    """Return what to multiply the columns by to bring each group's variance to at most 1."""
    totals, squares = np.zeros(features.dim), np.zeros(features.dim)
    for low in range(0, features.n_steps, 4096):
        rows = features.read(low, low + 4096).astype(np.float64)
        totals += rows.sum(axis=0)
        squares += np.einsum("nd,nd->d", rows, rows)
    variance = np.maximum(squares / features.n_steps - (totals / features.n_steps) ** 2, 0)
    scales = []
    for group, columns in _columns(features.groups):
        spread = float(np.sqrt(variance[columns].mean()))
        scales.append(np.full(group.width, 1 / max(spread, group.still) / np.sqrt(group.width)))
    joined: Array = np.concatenate(scales)
    return joined


def _columns(groups: Sequence[Group]) -> list[tuple[Group, slice]]:
    ends = np.cumsum([group.width for group in groups]).tolist()
    return [(group, slice(end - group.width, end)) for group, end in zip(groups, ends, strict=True)]


def describe(features: Features, onset: int, offset: int) -> tuple[float, ...]:
    """Return the look of the frames ``[onset, offset)``: mean features, comparable by clips."""
    low = onset // features.stride
    high = max(low + 1, -(-offset // features.stride))
    total = np.zeros(features.dim)
    for start in range(low, high, 4096):
        total += features.read(start, min(start + 4096, high)).sum(axis=0, dtype=np.float64)
    mean = total / (min(high, features.n_steps) - low)
    # Each group counts for its mean difference, not for how many numbers it has.
    parts = [
        mean[columns] * group.weight / np.sqrt(group.width)
        for group, columns in _columns(features.groups)
    ]
    return tuple(float(value) for value in np.concatenate(parts))


def draft_layer(
    features: Features,
    layer: Layer,
    *,
    examples: Sequence[Example] = (),
    max_segments: int = 200,
    penalty: float = PENALTY,
) -> list[Segment]:
    """Draft one exclusive layer.

    Returns
    -------
    list of Segment
        In order without overlap; each as long as its label demands.
    """
    points = change_points(
        features,
        min_frames=min(label.min_frames for label in layer.labels),
        max_segments=max_segments,
        penalty=penalty,
    )
    edges = [0, *(point.frame for point in points), features.n_frames]
    looks = np.array([describe(features, low, high) for low, high in pairwise(edges)])
    known = _known(examples, layer)
    wishes = _nearest_labels(looks, known, layer) if known else _groups(looks, layer)
    return label_parts(points, wishes, layer, n_frames=features.n_frames)


def _known(examples: Sequence[Example], layer: Layer) -> list[Example]:
    names = {label.name for label in layer.labels}
    return [example for example in examples if example.label in names]


def _groups(looks: Array, layer: Layer) -> list[list[str]]:
    """Return each segment's label wishes: one label a group of like segments, then the rest."""
    names = [label.name for label in layer.labels]
    linked = looks[:MOST_LINKED]
    if len(linked) == 1:
        numbers = [0]
    else:
        tree = linkage(linked, method="average")
        distant = min(ALIKE, float(tree[-1, 2]) * 0.999)
        numbers = fcluster(tree, t=max(distant, 1e-9), criterion="distance").tolist()
    # Linking takes memory with the square of the parts: later ones go with the nearest.
    for look in looks[MOST_LINKED:]:
        numbers.append(numbers[int(np.argmin(np.linalg.norm(linked - look, axis=1)))])
    order = {number: place for place, number in enumerate(dict.fromkeys(numbers))}
    firsts = [order[number] % len(names) for number in numbers]
    return [names[first:] + names[:first] for first in firsts]


def _nearest_labels(looks: Array, known: Sequence[Example], layer: Layer) -> list[list[str]]:
    """Return each segment's label wishes: by distance of the nearest example, then the rest."""
    names = [label.name for label in layer.labels]
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
