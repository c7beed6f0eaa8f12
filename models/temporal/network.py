"""MS-TCN++ with a boundary head.

References
----------
Li, Abu Farha, Liu, Cheng and Gall, "MS-TCN++: multi-stage temporal convolutional network for
action segmentation", TPAMI 2020 (dual dilated prediction stage, refinement stages); Ishikawa,
Kasai, Aoki and Kataoka, "Alleviating over-segmentation errors by detecting action boundaries",
WACV 2021 (a boundary branch beside the classes).

Shapes: B clips, D features, F channels, C classes of all tracks together, S tracks, T steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from services.domain.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """A network's shape.

    Parameters
    ----------
    rate_hz : float
        Steps a second it sees, as near as whole frames allow.
    channels : int
        Width of every hidden layer.
    n_prediction_layers, n_refinements, n_refinement_layers, n_boundary_layers : int
        Depths; layer ``i`` is dilated ``2 ** i`` steps.
    dropout : float
        Share of hidden channels left out in training.
    """

    rate_hz: float = 15.0
    channels: int = 32
    n_prediction_layers: int = 9
    n_refinements: int = 2
    n_refinement_layers: int = 8
    n_boundary_layers: int = 3
    dropout: float = 0.3

    def __post_init__(self) -> None:
        counts = (self.channels, self.n_prediction_layers, self.n_boundary_layers)
        if min(counts) < 1 or self.n_refinements < 0 or self.n_refinement_layers < 1:
            raise InputError("A network needs at least one channel and one layer a stage.")
        depths = (self.n_prediction_layers, self.n_refinement_layers, self.n_boundary_layers)
        if self.channels > 1024 or max(depths) > 16 or self.n_refinements > 8:
            raise InputError(
                "A network has at most 1024 channels, 16 layers a stage and 8 refinements."
            )
        if not (0 < self.rate_hz <= 1000 and 0 <= self.dropout < 1):
            raise InputError("A network needs a rate_hz in (0, 1000] and a dropout in [0, 1).")

    @property
    def halo(self) -> int:
        """Steps to either side that one output depends on."""
        deepest = self.n_prediction_layers - 1
        prediction = sum(1 << max(i, deepest - i) for i in range(deepest + 1))
        refinements = self.n_refinements * ((1 << self.n_refinement_layers) - 1)
        return prediction + max(refinements, (1 << self.n_boundary_layers) - 1)


@dataclass(frozen=True, slots=True)
class Outputs:
    """Logits of every stage (the last one counts), boundary logits, and the hidden features."""

    stages: tuple[Tensor, ...]  # each (B, C, T)
    boundaries: Tensor  # (B, 2 * S, T): onset and offset of track 0, of track 1, ...
    hidden: Tensor  # (B, F, T)


class TemporalNet(nn.Module):
    """Features of every step to logits of every step.

    Parameters
    ----------
    config : NetworkConfig
        Its shape.
    dim : int
        Features a step.
    track_sizes : tuple of int
        Classes of each track.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, config: NetworkConfig, *, dim: int, track_sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.track_sizes = list(track_sizes)
        n_classes = sum(track_sizes)
        # What the features are in training; set before it, kept with the weights.
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))
        self.prediction = PredictionStage(config, dim, n_classes)
        self.refinements = nn.ModuleList(
            RefinementStage(config, n_classes) for _ in range(config.n_refinements)
        )
        self.boundary = RefinementBody(config, config.n_boundary_layers)
        self.boundary_out = nn.Conv1d(config.channels, 2 * len(track_sizes), 1)

    def forward(self, features: Tensor, mask: Tensor) -> Outputs:
        """Predict; ``features`` (B, D, T), ``mask`` (B, 1, T) with 1 where there is a step."""
        x = (features - self.mean[:, None]) * self.scale[:, None] * mask  # (B, D, T)
        hidden, logits = self.prediction(x, mask)  # (B, F, T), (B, C, T)
        stages = [logits]
        for refinement in self.refinements:
            stages.append(refinement(self.shares(stages[-1]) * mask, mask))
        boundaries = self.boundary_out(self.boundary(hidden, mask)) * mask  # (B, 2 * S, T)
        return Outputs(tuple(stages), boundaries, hidden)

    def shares(self, logits: Tensor) -> Tensor:
        """Return the classes' probabilities, each track's adding up to one; (B, C, T)."""
        parts = torch.split(logits, self.track_sizes, dim=1)
        return torch.cat([functional.softmax(part, dim=1) for part in parts], dim=1)


class PredictionStage(nn.Module):
    """Layers that look near and far at once, from the first one on."""

    def __init__(self, config: NetworkConfig, dim: int, n_classes: int) -> None:
        super().__init__()
        width, depth = config.channels, config.n_prediction_layers
        self.enter = nn.Conv1d(dim, width, 1)
        self.layers = nn.ModuleList(
            DualDilatedLayer(width, 2**i, 2 ** (depth - 1 - i), config.dropout)
            for i in range(depth)
        )
        self.leave = nn.Conv1d(width, n_classes, 1)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden features (B, F, T) and the logits (B, C, T)."""
        hidden = self.enter(x) * mask  # (B, F, T)
        for layer in self.layers:
            hidden = layer(hidden, mask)  # (B, F, T)
        return hidden, self.leave(hidden) * mask


class DualDilatedLayer(nn.Module):
    """Two dilated convolutions side by side, fused, added to what came in."""

    def __init__(self, width: int, near: int, far: int, dropout: float) -> None:
        super().__init__()
        self.near = nn.Conv1d(width, width, 3, padding=near, dilation=near)
        self.far = nn.Conv1d(width, width, 3, padding=far, dilation=far)
        self.fuse = nn.Conv1d(2 * width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return (B, F, T)."""
        both = torch.cat([self.near(x), self.far(x)], dim=1)  # (B, 2 * F, T)
        update: Tensor = self.dropout(functional.relu(self.fuse(both)))
        return (x + update) * mask


class RefinementStage(nn.Module):
    """Class probabilities in, better logits out."""

    def __init__(self, config: NetworkConfig, n_classes: int) -> None:
        super().__init__()
        self.enter = nn.Conv1d(n_classes, config.channels, 1)
        self.body = RefinementBody(config, config.n_refinement_layers)
        self.leave = nn.Conv1d(config.channels, n_classes, 1)

    def forward(self, shares: Tensor, mask: Tensor) -> Tensor:
        """Return logits (B, C, T)."""
        hidden = self.body(self.enter(shares) * mask, mask)  # (B, F, T)
        logits: Tensor = self.leave(hidden) * mask
        return logits


class RefinementBody(nn.Module):
    """Residual layers whose dilation doubles."""

    def __init__(self, config: NetworkConfig, depth: int) -> None:
        super().__init__()
        width = config.channels
        self.dilated = nn.ModuleList(
            nn.Conv1d(width, width, 3, padding=2**i, dilation=2**i) for i in range(depth)
        )
        self.mixed = nn.ModuleList(nn.Conv1d(width, width, 1) for _ in range(depth))
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return (B, F, T)."""
        for dilated, mixed in zip(self.dilated, self.mixed, strict=True):
            update = self.dropout(mixed(functional.relu(dilated(x))))
            x = (x + update) * mask
        return x
