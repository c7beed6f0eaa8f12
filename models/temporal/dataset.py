"""Clips with accepted labels as batches of windows on steps.

Which windows an epoch sees, and in which order, depends on the seed, the epoch and the clips, and
on nothing else: a training that was killed goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from models.features import Features, Floats, stride_for
from models.proof import sha256_of
from models.temporal.losses import Balance, Targets
from models.temporal.tracks import (
    IGNORED,
    Grid,
    Indices,
    Track,
    boundary_targets,
    class_targets,
)
from services.domain.canonical import content_hash, unit_interval
from services.domain.errors import InputError
from services.domain.segments import Segmentation

MOST_EMPHASIS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledClip:
    """A clip to learn from.

    Parameters
    ----------
    name : str
        Of the clip, unique.
    source : str
        Clips of one source (a recording, a person, a site) are never on both sides of a split.
    features : Features
        On disk.
    truth : Segmentation
        Accepted segments, on frames.
    """

    name: str
    source: str
    features: Features
    truth: Segmentation


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Windows padded to one length; B windows, D features, T steps."""

    features: torch.Tensor  # (B, D, T)
    targets: Targets


class Pooled:
    """A clip's features at a model's own rate: means over whole numbers of their steps."""

    def __init__(self, features: Features, rate_hz: float) -> None:
        self.features = features
        self.factor = stride_for(features.rate / features.stride, rate_hz)
        self.grid = Grid(n_frames=features.n_frames, stride=features.stride * self.factor)

    def read(self, low: int, high: int) -> Floats:
        """Return the rows of the steps ``[low, high)`` that there are, shape (n, dim)."""
        low, high = max(0, low), min(high, self.grid.n_steps)
        rows = self.features.read(low * self.factor, high * self.factor)
        if self.factor == 1:
            return rows
        starts = np.arange(0, len(rows), self.factor)
        counts = np.diff(np.append(starts, len(rows))).astype(np.float32)
        sums: Floats = np.add.reduceat(rows, starts, axis=0)
        return sums / counts[:, None]


def check_clips(clips: Sequence[LabelledClip]) -> tuple[str, int]:
    """Return the extractor and width that all clips share.

    Raises
    ------
    InputError
        If there is no clip, two have one name, their features differ in kind, or a truth is as
        long as another clip.
    """
    if not clips:
        raise InputError("There is no accepted clip to learn from.", code="too_few_clips")
    kinds = {(clip.features.extractor, clip.features.dim) for clip in clips}
    if len(kinds) > 1:
        raise InputError(f"The clips' features are of several kinds: {sorted(kinds)}.")
    if len({clip.name for clip in clips}) < len(clips):
        raise InputError("Two clips have one name.")
    for clip in clips:
        if clip.truth.n_frames != clip.features.n_frames:
            raise InputError(
                f"Clip {clip.name}: its labels are for {clip.truth.n_frames} frames, its features "
                f"for {clip.features.n_frames}."
            )
    return kinds.pop()


def split_by_source(
    clips: Sequence[LabelledClip], *, share: float, seed: int
) -> tuple[list[LabelledClip], list[LabelledClip]]:
    """Return (training, held-out) clips with no source on both sides.

    Sources are drawn by a seeded hash, so a source stays where it is when others come.

    Raises
    ------
    InputError
        With fewer than two sources (code ``too_few_clips``).
    """
    sources = {clip.source for clip in clips}
    if len(sources) < 2:
        raise InputError(
            "Clips of at least two sources are needed, so that one can be held out.",
            code="too_few_clips",
        )
    lots = {source: unit_interval(seed, "held-out", source) for source in sources}
    held_out = {source for source, lot in lots.items() if lot < share}
    by_lot = sorted(sources, key=lots.__getitem__)
    held_out = held_out or {by_lot[0]}
    if held_out == sources:
        held_out = set(by_lot[:-1])
    return (
        [clip for clip in clips if clip.source not in held_out],
        [clip for clip in clips if clip.source in held_out],
    )


def data_hash(train: Sequence[LabelledClip], held_out: Sequence[LabelledClip]) -> str:
    """Return the hash of what was learnt from: names, sources, truths, features of both sides."""

    def facts(clips: Sequence[LabelledClip]) -> list[list[object]]:
        rows = [
            [
                clip.name,
                clip.source,
                clip.truth.n_frames,
                clip.truth.as_json(),
                sha256_of(clip.features.path),
            ]
            for clip in clips
        ]
        return sorted(rows, key=lambda row: str(row[0]))

    return content_hash({"train": facts(train), "held_out": facts(held_out)})


class Batches:
    """Batches of labelled clips for one network.

    Parameters
    ----------
    clips : sequence of LabelledClip
        In any order.
    tracks : sequence of Track
        What is predicted.
    rate_hz, sigma : float
        The network's rate; width of a boundary in steps.
    window : int
        Most steps of a clip in a batch; of a longer one an epoch sees a piece, drawn anew.
    size : int
        Windows a batch.
    least : int
        Batches an epoch has at least; of few clips it sees each several times.
    """

    def __init__(
        self,
        clips: Sequence[LabelledClip],
        tracks: Sequence[Track],
        *,
        rate_hz: float,
        sigma: float,
        window: int,
        size: int,
        least: int = 1,
    ) -> None:
        self.clips = sorted(clips, key=lambda clip: clip.name)
        self.tracks = tuple(tracks)
        self.pooled = [Pooled(clip.features, rate_hz) for clip in self.clips]
        self.sigma, self.window, self.size = sigma, window, size
        self.n_rounds = max(1, -(-least * size // len(self.clips)))

    def epoch(self, number: int, *, seed: int) -> Iterator[Batch]:
        """Yield the batches of one epoch of training."""
        generator = np.random.default_rng((seed, number))
        rounds = [generator.permutation(len(self.clips)) for _ in range(self.n_rounds)]
        order = np.concatenate(rounds).tolist()
        lows = [self._draw(self.pooled[index].grid, generator) for index in order]
        for first in range(0, len(order), self.size):
            chosen = slice(first, first + self.size)
            yield self._batch(order[chosen], lows[chosen])

    def balance(self) -> Balance:
        """Weigh classes by the square root of how rare they are, boundaries likewise."""
        counts = [np.zeros(track.n_classes) for track in self.tracks]
        for clip, pooled in zip(self.clips, self.pooled, strict=True):
            for track, count in zip(self.tracks, counts, strict=True):
                classes = class_targets(clip.truth, track, pooled.grid)
                np.add(count, np.bincount(classes, minlength=track.n_classes), out=count)
        n_steps = sum(pooled.grid.n_steps for pooled in self.pooled)
        n_boundaries = sum(
            2 * len(track.segments_of(clip.truth.segments))
            for clip in self.clips
            for track in self.tracks
        )
        rarity = 2 * len(self.tracks) * n_steps / max(1, n_boundaries)
        return Balance(
            classes=tuple(torch.from_numpy(_weights(count)) for count in counts),
            boundary=min(MOST_EMPHASIS, rarity**0.5),
        )

    def statistics(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the features' means and the factors that bring their spread to one, (D,)."""
        dim = self.clips[0].features.dim
        total, squares, count = np.zeros(dim), np.zeros(dim), 0
        for pooled in self.pooled:
            for low in range(0, pooled.grid.n_steps, 4096):
                rows = pooled.read(low, low + 4096).astype(np.float64)
                total += rows.sum(axis=0)
                squares += np.einsum("nd,nd->d", rows, rows)
                count += len(rows)
        mean = total / count
        spread = np.sqrt(np.maximum(squares / count - mean**2, 0))
        # A column that hardly varies shall not be blown up to look as if it did.
        scale = 1 / np.maximum(spread, max(1e-6, 0.01 * float(spread.max())))
        return torch.from_numpy(mean).float(), torch.from_numpy(scale).float()

    def _draw(self, grid: Grid, generator: np.random.Generator) -> int:
        return int(generator.integers(0, max(1, grid.n_steps - self.window + 1)))

    def _batch(self, order: Sequence[int], lows: Sequence[int]) -> Batch:
        lengths = [
            min(self.window, self.pooled[index].grid.n_steps - low)
            for index, low in zip(order, lows, strict=True)
        ]
        size, longest, n_tracks = len(order), max(lengths), len(self.tracks)
        dim = self.clips[0].features.dim
        features = np.zeros((size, dim, longest), dtype=np.float32)
        classes: Indices = np.full((size, n_tracks, longest), IGNORED, dtype=np.int64)
        heat = np.zeros((size, 2 * n_tracks, longest), dtype=np.float32)
        mask = np.zeros((size, 1, longest), dtype=np.float32)
        for row, (index, low, length) in enumerate(zip(order, lows, lengths, strict=True)):
            clip, pooled = self.clips[index], self.pooled[index]
            features[row, :, :length] = pooled.read(low, low + length).T
            mask[row, 0, :length] = 1
            for place, track in enumerate(self.tracks):
                wanted = class_targets(clip.truth, track, pooled.grid)
                near = boundary_targets(clip.truth, track, pooled.grid, sigma=self.sigma)
                classes[row, place, :length] = wanted[low : low + length]
                heat[row, 2 * place : 2 * place + 2, :length] = near[:, low : low + length]
        return Batch(
            features=torch.from_numpy(features),
            targets=Targets(
                torch.from_numpy(classes), torch.from_numpy(heat), torch.from_numpy(mask)
            ),
        )


def _weights(counts: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Floats:
    """Return a weight a class, one on average over the steps; 0 for a class never seen."""
    seen = counts > 0
    weights = np.where(seen, 1 / np.sqrt(np.maximum(counts, 1)), 0)
    weights *= counts.sum() / max(float((weights * counts).sum()), 1e-12)
    light: Floats = weights.astype(np.float32)
    return light
