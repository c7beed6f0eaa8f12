"""What training makes small.

References
----------
Abu Farha and Gall, "MS-TCN", CVPR 2019: cross entropy plus a truncated mean squared error of
the log-probabilities of successive steps, over all stages.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.temporal.network import Outputs

SMOOTH_LIMIT = 4.0
SMOOTH_WEIGHT = 0.15
BOUNDARY_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Targets:
    """What the outputs should be, padded to one length."""

    classes: Tensor  # (B, S, T) int64; IGNORED where there is no step
    boundaries: Tensor  # (B, 2 * S, T) in 0..1
    mask: Tensor  # (B, 1, T)


@dataclass(frozen=True, slots=True)
class Balance:
    """How much rare things count for: a weight a class of each track, and one for boundaries."""

    classes: tuple[Tensor, ...]
    boundary: float


def total_loss(outputs: Outputs, targets: Targets, balance: Balance) -> Tensor:
    """Return the loss of all stages, tracks and boundaries; a scalar."""
    sizes = [len(weights) for weights in balance.classes]
    terms = []
    for logits in outputs.stages:
        for track, part in enumerate(torch.split(logits, sizes, dim=1)):
            wanted = targets.classes[:, track]  # (B, T)
            terms.append(class_loss(part, wanted, balance.classes[track]))
            terms.append(SMOOTH_WEIGHT * smoothness(part, targets.mask))
    terms.append(BOUNDARY_WEIGHT * boundary_loss(outputs.boundaries, targets, balance.boundary))
    return torch.stack(terms).sum()


def class_loss(logits: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted cross entropy of logits (B, K, T) to classes (B, T).

    Written out, because the library's own cannot be repeated bit for bit on a GPU.
    """
    numbers = torch.arange(len(weights), device=wanted.device)[None, :, None]
    emphasis = (wanted[:, None] == numbers) * weights[:, None]  # (B, K, T); 0 where IGNORED
    logs = functional.log_softmax(logits, dim=1)
    return -(logs * emphasis).sum() / emphasis.sum().clamp(min=1e-6)


def smoothness(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the truncated squared change of log-probabilities, (B, K, T), from step to step.

    Both steps are pulled, where the paper's code holds the earlier one still: that draws every
    boundary late.
    """
    logs = functional.log_softmax(logits, dim=1)
    change = (logs[:, :, 1:] - logs[:, :, :-1]).clamp(-SMOOTH_LIMIT, SMOOTH_LIMIT)
    both = mask[:, :, 1:] * mask[:, :, :-1]  # (B, 1, T - 1)
    count = (both.sum() * logits.shape[1]).clamp(min=1)
    return (change**2 * both).sum() / count


def boundary_loss(logits: Tensor, targets: Targets, weight: float) -> Tensor:
    """Return the cross entropy of onsets and offsets, which are few and so count for more."""
    every = functional.binary_cross_entropy_with_logits(
        logits, targets.boundaries, reduction="none"
    )
    emphasis = (1 + (weight - 1) * targets.boundaries) * targets.mask
    return (every * emphasis).sum() / emphasis.sum().clamp(min=1)
