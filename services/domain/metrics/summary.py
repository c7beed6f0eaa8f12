"""The measures of pairs of opinions, pooled over clips, with intervals.

Conventions are those of ``services.domain.metrics.pair`` and ``.bootstrap``. Figures by name:

``bound_f1_tol{k}f``, ``bound_precision_tol{k}f``, ``bound_recall_tol{k}f``
    Boundary hit rate within k frames.
``seg_f1_label_tol{k}f``, ``seg_f1_anylabel_tol{k}f``
    Segments of which both ends lie within k frames.
``frame_agree``, ``frame_kappa``, ``edit``, ``f1_10``, ``f1_25``, ``f1_50``, ``tiou_mean``
    As for one pair.
``onset_delta_mean``, ``offset_delta_mean``, ``boundary_delta_mean``
    Mean signed delta in frames within the largest tolerance: positive where the second
    opinion is later. ``..._delta_abs`` is the mean distance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.domain.errors import InputError
from services.domain.metrics.bootstrap import RatioBootstrap, SummaryRow
from services.domain.metrics.pair import PairMetrics
from services.domain.metrics.ratio import Ratio

__all__ = ["Summary", "SummaryRow", "pair_figures", "pair_ratios"]


class Summary:
    """A running summary of pairs of opinions; its memory does not grow with them.

    Parameters
    ----------
    tolerances : sequence of int
        Those that every pair was measured at.
    seed, n_replicates, level
        Of the bootstrap over clips.
    """

    def __init__(
        self,
        *,
        tolerances: Sequence[int],
        seed: int = 0,
        n_replicates: int = 1000,
        level: float = 0.95,
    ) -> None:
        self.tolerances = tuple(tolerances)
        self.n_pairs = 0
        self._ratios = RatioBootstrap(
            list(pair_figures(self.tolerances)), seed=seed, n_replicates=n_replicates, level=level
        )

    def add(self, item: str, metrics: PairMetrics) -> None:
        """Add one pair of opinions on the clip ``item``.

        Raises
        ------
        InputError
            If the pair was measured at other tolerances.
        """
        if metrics.tolerances != self.tolerances:
            raise InputError(
                f"The pair was measured at {metrics.tolerances} frames, not {self.tolerances}."
            )
        self._ratios.add(item, pair_ratios(metrics))
        self.n_pairs += 1

    def merge(self, other: Summary) -> None:
        """Add all that another summary holds.

        Raises
        ------
        InputError
            If it was set up differently.
        """
        self._ratios.merge(other._ratios)
        self.n_pairs += other.n_pairs

    def rows(self) -> list[SummaryRow]:
        """Return every figure, in a fixed order; ``n`` counts pairs."""
        return self._ratios.rows()


def pair_figures(tolerances: tuple[int, ...]) -> Iterator[str]:
    """Yield the names of a pair's figures."""
    for figure in (
        "bound_f1",
        "bound_precision",
        "bound_recall",
        "seg_f1_label",
        "seg_f1_anylabel",
    ):
        yield from (f"{figure}_tol{tolerance}f" for tolerance in tolerances)
    yield from ("frame_agree", "frame_kappa", "edit", "f1_10", "f1_25", "f1_50", "tiou_mean")
    for boundary in ("onset", "offset", "boundary"):
        yield from (f"{boundary}_delta_mean", f"{boundary}_delta_abs")


def pair_ratios(metrics: PairMetrics) -> Iterator[Ratio]:
    """Yield a pair's figures in the order of their names."""
    n_bound_a, n_bound_b = metrics.n_bound_a, metrics.n_bound_b
    n_segments = metrics.n_seg_a + metrics.n_seg_b
    yield from (Ratio(2 * count, n_bound_a + n_bound_b) for count in metrics.bound_match)
    yield from (Ratio(count, n_bound_b) for count in metrics.bound_match)
    yield from (Ratio(count, n_bound_a) for count in metrics.bound_match)
    yield from (Ratio(2 * count, n_segments) for count in metrics.seg_match_label)
    yield from (Ratio(2 * count, n_segments) for count in metrics.seg_match_anylabel)
    frames, runs = metrics.frames, metrics.runs
    yield from (frames.agreement, frames.kappa, runs.edit, *runs.f1s, runs.tiou_mean)
    for deltas in (metrics.onset_deltas, metrics.offset_deltas, metrics.boundary_deltas):
        yield Ratio(deltas.total, deltas.n)
        yield Ratio(deltas.absolute, deltas.n)
