"""How a model is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from models.temporal.network import NetworkConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """How a model is trained.

    Parameters
    ----------
    network : NetworkConfig
        Its shape.
    seed : int
        Of everything drawn: the split, the weights, the order, the dropout.
    n_epochs, patience : int
        Most epochs, and after how many without a better held-out result training stops.
    learning_rate, weight_decay, clip_norm : float
        Of AdamW, the first falling to nothing over ``n_epochs``; and the greatest norm of a
        gradient.
    batch_size, window, least_batches : int
        Windows a batch; most steps a window; batches an epoch has at least.
    held_out_share : float
        Share of the sources that are not trained on and choose the epoch.
    sigma : float
        Width of a boundary's target, in steps.
    n_threads : int
        Of the processor; small networks on small batches do not gain from more, and on a busy
        machine lose tenfold.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    seed: int = 0
    n_epochs: int = 40
    patience: int = 15
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    clip_norm: float = 5.0
    batch_size: int = 4
    window: int = 6000
    least_batches: int = 8
    held_out_share: float = 0.2
    sigma: float = 1.0
    n_threads: int = 1

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, without the network."""
        facts = asdict(self)
        del facts["network"]
        return facts
