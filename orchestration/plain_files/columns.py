"""The columns of a pair, in the order in which every output gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orchestration.plain_files.yardstick import Pair

Value = str | int | float | None

_WHO: Final = ("item", "annotator_a", "annotator_b")
_SIZES: Final = ("n_seg_a", "n_seg_b", "n_bound_a", "n_bound_b")
_PER_TOLERANCE: Final = ("bound_match", "seg_match_label", "seg_match_anylabel")
_SHARES: Final = (
    "frame_agree", "frame_kappa", "edit", "f1_10", "f1_25", "f1_50", "tiou_mean",
)  # fmt: skip


def columns(tolerances: Sequence[int]) -> tuple[str, ...]:
    """Return the columns' names."""
    counted = (f"{name}_tol{frames}f" for name in _PER_TOLERANCE for frames in tolerances)
    return (*_WHO, *_SIZES, *counted, *_SHARES, "n_disputes")


def values(pair: Pair) -> tuple[Value, ...]:
    """Return a pair's values in that order; None is undefined."""
    metrics = pair.metrics
    return (
        pair.a.item,
        pair.a.annotator,
        pair.b.annotator,
        *(getattr(metrics, name) for name in _SIZES),
        *(count for name in _PER_TOLERANCE for count in getattr(metrics, name)),
        *(getattr(metrics, name) for name in _SHARES),
        pair.comparison.counts.n_disputes,
    )
