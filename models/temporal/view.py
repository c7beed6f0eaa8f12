"""What a temporal model says of a whole clip, computed window by window and kept on disk.

Each window has a halo on either side that is as wide as the model sees, so that the result is
that of the whole clip at once while memory stays that of a window.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Protocol

import numpy as np
import torch
from torch import Tensor

from models.temporal.dataset import Pooled
from models.temporal.decode import Array, Evidence
from models.temporal.tracks import Track, tracks_of
from services.domain.errors import InputError
from services.domain.taxonomy import Taxonomy

WINDOW = 18_000
"""Steps a window: twenty minutes at fifteen a second."""


class TemporalModel(Protocol):
    """What turns features into what is seen at each step; an external one needs no more.

    ``extractor`` (``id@version``) and ``dim`` name the features it reads, ``rate_hz`` is how many
    steps a second it wants, ``halo`` how many steps to either side one output depends on,
    ``taxonomy`` what its classes mean (:func:`models.temporal.tracks.tracks_of`).
    """

    @property
    def model_id(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def extractor(self) -> str: ...  # noqa: D102
    @property
    def dim(self) -> int: ...  # noqa: D102
    @property
    def rate_hz(self) -> float: ...  # noqa: D102
    @property
    def halo(self) -> int: ...  # noqa: D102
    @property
    def taxonomy(self) -> Taxonomy: ...  # noqa: D102

    def see(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return class logits (C, T), boundary logits (2 S, T) and hidden features (F, T).

        ``features`` is (D, T) float32. Classes are those of all tracks in turn, each track's
        "nothing" first; boundaries are onset and offset of track 0, of track 1, and so on.
        """


@dataclass(slots=True)
class Seen:
    """A model's view of a clip: a row a step in a file that vanishes with it.

    ``uncertainty`` is the mean over steps and tracks of the classes' entropy over its greatest
    possible value; ``embedding`` the mean of the hidden features.
    """

    file: IO[bytes]
    tracks: tuple[Track, ...]
    n_steps: int
    uncertainty: float
    embedding: tuple[float, ...]

    def evidence(self, place: int, low: int, high: int) -> Evidence:
        """Return what is said of one track on the steps ``[low, high)``."""
        n_classes = sum(track.n_classes for track in self.tracks)
        width = n_classes + 2 * len(self.tracks)
        self.file.seek(low * width * 4)
        flat = np.fromfile(self.file, dtype=np.float32, count=(high - low) * width)
        rows = flat.astype(np.float64).reshape(-1, width)
        first = sum(track.n_classes for track in self.tracks[:place])
        heat = n_classes + 2 * place
        return Evidence(
            logs=rows[:, first : first + self.tracks[place].n_classes],
            heat=rows[:, heat : heat + 2],
            low=low,
        )


@contextmanager
def seen_by(model: TemporalModel, pooled: Pooled, *, window: int = WINDOW) -> Iterator[Seen]:
    """Run a model over a clip.

    Raises
    ------
    InputError
        If the model's answer has another shape than its taxonomy asks for, or is not finite.
    """
    tracks, n_steps = tracks_of(model.taxonomy), pooled.grid.n_steps
    entropy = 0.0
    hidden_sum: Array = np.zeros(0)
    with tempfile.TemporaryFile(prefix="segue-view-") as file:
        for low in range(0, n_steps, window):
            logs, heat, hidden = _look(model, tracks, pooled, low, min(low + window, n_steps))
            np.concatenate([logs, heat], axis=1).astype(np.float32).tofile(file)
            entropy += _entropy(logs, tracks)
            hidden_sum = hidden if low == 0 else hidden_sum + hidden
        yield Seen(
            file=file,
            tracks=tracks,
            n_steps=n_steps,
            uncertainty=round(entropy / n_steps / len(tracks), 6),
            embedding=tuple(round(float(value), 5) for value in hidden_sum / n_steps),
        )


def _look(
    model: TemporalModel, tracks: tuple[Track, ...], pooled: Pooled, low: int, high: int
) -> tuple[Array, Array, Array]:
    """Return log-probabilities (n, C), heat (n, 2 S) and the sum of hidden features (F,)."""
    begin, end = max(0, low - model.halo), min(pooled.grid.n_steps, high + model.halo)
    rows = torch.from_numpy(pooled.read(begin, end).T.copy())  # (D, T)
    with torch.inference_mode():
        logits, boundaries, hidden = model.see(rows)
        sizes = [track.n_classes for track in tracks]
        wanted = ((sum(sizes), end - begin), (2 * len(tracks), end - begin))
        given = (tuple(logits.shape), tuple(boundaries.shape))
        if given != wanted or hidden.shape[-1] != end - begin:
            raise InputError(
                f"The model answers with shapes {given}; its taxonomy asks for {wanted}.",
                code="model_shape",
            )
        inner = slice(low - begin, high - begin)
        parts = torch.split(logits[:, inner].double(), sizes)
        logs = torch.cat([torch.log_softmax(part, dim=0) for part in parts]).T
        heat = torch.sigmoid(boundaries[:, inner].double()).T
        total = hidden[:, inner].double().sum(dim=1)
    found = tuple(part.cpu().numpy() for part in (logs, heat, total))
    if not all(np.isfinite(part).all() for part in found):
        raise InputError("The model answers with numbers that are not finite.", code="model_shape")
    return found[0], found[1], found[2]


def _entropy(logs: Array, tracks: tuple[Track, ...]) -> float:
    total, first = 0.0, 0
    for track in tracks:
        part = logs[:, first : first + track.n_classes]
        total -= float((np.exp(part) * part).sum()) / float(np.log(track.n_classes))
        first += track.n_classes
    return total
