"""Segments of a whole clip from a temporal model.

The search goes through a clip in stretches: what ends well before a stretch's end is certain,
and the next stretch begins there. Clips up to one stretch are searched as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from models.features import Features
from models.temporal.checkpoint import Checkpoint
from models.temporal.dataset import Pooled
from models.temporal.decode import Evidence, Piece, decode, spread
from models.temporal.rules import Rules, rules_in_turn
from models.temporal.tracks import layer_of
from models.temporal.view import WINDOW, Seen, TemporalModel, seen_by
from services.domain.errors import InputError
from services.domain.segments import Segment
from services.domain.taxonomy import Taxonomy

MARGIN = 1_500
REACH_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A clip's draft and what active learning needs of it.

    Parameters
    ----------
    segments : tuple of Segment
        Of all tracks. ``score`` is the mean probability of the label over the segment; a spread is
        the half-width, in frames, that holds 80 % of the model's own probability of the boundary
        (not calibrated on people).
    uncertainty : float
        Mean over steps and tracks of the entropy of the classes, over its greatest possible
        value; 0..1.
    embedding : tuple of float
        Mean hidden features: near for clips that look and go alike to this model; not
        comparable between models.
    ignored : tuple of str
        Rules that the clip could not keep, as ``layer: rule``.
    """

    segments: tuple[Segment, ...]
    uncertainty: float
    embedding: tuple[float, ...]
    ignored: tuple[str, ...]


class NetModel:
    """A checkpoint on a device: the GPU when there is one, else the processor."""

    def __init__(self, checkpoint: Checkpoint, *, device: torch.device | None = None) -> None:
        self.model_id = checkpoint.model_id
        card = checkpoint.card
        self.extractor, self.dim, self.taxonomy = card.extractor, card.dim, card.taxonomy
        self.rate_hz, self.halo = card.network.rate_hz, card.network.halo
        self.device = device or device_of_choice()
        self.net = checkpoint.net.eval().to(self.device)

    def see(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predict every step; see :class:`models.temporal.view.TemporalModel`."""
        batch = features[None].to(self.device)
        outputs = self.net(batch, torch.ones_like(batch[:, :1]))
        return outputs.stages[-1][0], outputs.boundaries[0], outputs.hidden[0]


def device_of_choice(name: str = "auto") -> torch.device:
    """Return the device of a name; by default the GPU when there is one."""
    if name != "auto":
        return torch.device(name)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use so many of the processor's threads, and put it back."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def check_fit(model: TemporalModel, *, features: Features, taxonomy: Taxonomy | None) -> None:
    """Refuse a model that was made for other features or other labels.

    Raises
    ------
    InputError
        With codes ``feature_mismatch`` and ``taxonomy_mismatch``.
    """
    if (features.extractor, features.dim) != (model.extractor, model.dim):
        raise InputError(
            f"The model {model.model_id} reads {model.extractor} features ({model.dim} a step), "
            f"not {features.extractor} ({features.dim}). Extract those, or train on these.",
            code="feature_mismatch",
        )
    if taxonomy is not None and taxonomy.hash != model.taxonomy.hash:
        raise InputError(
            f"The model {model.model_id} was trained for {named(model.taxonomy)}, not for "
            f"{named(taxonomy)}. Train one for these labels, or leave the model out.",
            code="taxonomy_mismatch",
        )


def named(taxonomy: Taxonomy) -> str:
    """Name a taxonomy to a person."""
    return f"taxonomy {taxonomy.name} version {taxonomy.version} ({taxonomy.hash[:8]})"


def propose_segments(
    model: TemporalModel, features: Features, *, stretch: int = WINDOW, margin: int = MARGIN
) -> Proposal:
    """Draft every track of a clip.

    Parameters
    ----------
    model : TemporalModel
        That fits the features (:func:`check_fit`).
    features : Features
        Of the clip.
    stretch, margin : int
        Steps searched at once, and how far before a stretch's end a segment is certain.
    """
    pooled = Pooled(features, model.rate_hz)
    segments: list[Segment] = []
    ignored: list[str] = []
    with threads(1), seen_by(model, pooled, window=stretch) as seen:
        for place, track in enumerate(seen.tracks):
            for rules in rules_in_turn(layer_of(track, model.taxonomy)):
                search = _Search(seen, pooled, place, rules, stretch=stretch, margin=margin)
                found = search.run()
                if found is not None:  # the weakest rules let nothing be marked at all
                    segments += found
                    ignored += [f"{track.layer}: {rule}" for rule in rules.ignored]
                    break
        return Proposal(
            segments=tuple(sorted(segments, key=lambda one: one.order)),
            uncertainty=seen.uncertainty,
            embedding=seen.embedding,
            ignored=tuple(ignored),
        )


class _Search:
    """One track of one clip under one set of rules."""

    def __init__(
        self, seen: Seen, pooled: Pooled, place: int, rules: Rules, *, stretch: int, margin: int
    ) -> None:
        self.seen, self.place, self.rules = seen, place, rules
        self.track, self.grid = seen.tracks[place], pooled.grid
        self.reach = max(1, round(REACH_S * float(pooled.features.rate) / self.grid.stride))
        self.stretch, self.margin = stretch, margin
        self.carried = 0  # spread of the boundary at which a stretch begins

    def run(self) -> list[Segment] | None:
        """Return the segments, or None where the rules cannot be kept."""
        low, state, size = 0, 0, self.stretch
        segments: list[Segment] = []
        while low < self.grid.n_steps:
            high = min(low + size, self.grid.n_steps)
            is_last = high == self.grid.n_steps
            evidence = self.seen.evidence(self.place, low, high)
            pieces = decode(evidence, self.rules, self.grid, begin=state, is_last=is_last)
            if pieces is None:
                return None
            n_certain = sum(is_last or piece.high <= high - self.margin for piece in pieces)
            if not n_certain:
                size *= 2  # one segment fills the stretch
                continue
            segments += self._segments(evidence, pieces, n_certain)
            low, state, size = pieces[n_certain - 1].high, pieces[n_certain - 1].state, self.stretch
        return segments

    def _segments(self, evidence: Evidence, pieces: list[Piece], n_certain: int) -> list[Segment]:
        inner = [
            self._in_frames(spread(evidence, self.rules, before, after, reach=self.reach))
            for before, after in pairwise(pieces[: n_certain + 1])
        ]
        spreads = [self.carried, *inner, 0]
        self.carried = spreads[n_certain]
        found = []
        for index, piece in enumerate(pieces[:n_certain]):
            number = self.rules.states[piece.state].number
            if not number:
                continue
            logs = evidence.logs[piece.low - evidence.low : piece.high - evidence.low, number]
            found.append(
                Segment(
                    label=self.track.labels[number - 1],
                    onset=self.grid.frame(piece.low),
                    offset=self.grid.frame(piece.high),
                    layer=self.track.layer,
                    score=round(min(1.0, float(torch.from_numpy(logs).exp().mean())), 4),
                    onset_spread=spreads[index],
                    offset_spread=spreads[index + 1],
                )
            )
        return found

    def _in_frames(self, steps: int) -> int:
        # A step's own width is not known any better.
        return steps * self.grid.stride + self.grid.stride // 2
