"""Every figure of two opinions on one layer, as whole numbers that add up over any number of clips.

Conventions
-----------
A figure is a ratio of sums, named and defined as in ``summary`` and ``batch``, and kept as
its two sums. Most count something. Where chance or an IoU comes in, both sums are in
billionths, rounded clip by clip: whole numbers add up to the same in any order and can be
taken out again, so sums that grew clip by clip equal a count of all clips to the last digit.
64 bits hold the billionths of nine thousand million frames, for each group of clips.

The alphas are those of the two opinions; a layer on which a clip has more labels than
``MOST_LABELS`` has none, because their table is the square of that.

Clips fall by lot into groups whose sums are kept apart, for the intervals (``bootstrap``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self
from uuid import UUID

import numpy as np

from services.domain.metrics.batch import ALPHAS, alpha_ratios
from services.domain.metrics.bootstrap import SummaryRow, Values, grouped_rows
from services.domain.metrics.pair import measure_pair
from services.domain.metrics.ratio import Ratio
from services.domain.metrics.summary import pair_figures, pair_ratios
from services.domain.metrics.tolerances import TOLERANCES
from services.domain.metrics.unitizing import MOST_LABELS, measure_unitizing
from services.domain.segments import Segment

FIGURES = (*pair_figures(TOLERANCES), *ALPHAS)
"""In this order sums are kept: who changes it has them counted anew."""
N_GROUPS = 128
BILLION = 10**9
UNITS = tuple(BILLION if name in {"frame_kappa", "tiou_mean", *ALPHAS} else 1 for name in FIGURES)
"""What a sum is multiplied by to be whole."""

_UNDEFINED = (Ratio(0, 0),) * len(ALPHAS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSums:
    """Sums over pairs of opinions, each pair measured on one layer.

    Parameters
    ----------
    n_pairs : int
        Pairs that were measured, also those that said nothing.
    above, below : sequence of int
        What is divided by what, for each of ``FIGURES``, in ``UNITS``.
    n_defined : sequence of int
        Pairs that had something to compare, for each of ``FIGURES``.
    """

    n_pairs: int
    above: Sequence[int]
    below: Sequence[int]
    n_defined: Sequence[int]

    @classmethod
    def of_pair(cls, a: Sequence[Segment], b: Sequence[Segment], *, n_frames: int) -> Self:
        """Measure two opinions on one layer of a clip; ``a`` is the reference."""
        metrics = measure_pair(a, b, n_frames=n_frames, tolerances=TOLERANCES)
        n_labels = len({segment.label for segment in chain(a, b)})
        alphas = (
            alpha_ratios(measure_unitizing([a, b], n_frames=n_frames))
            if n_labels <= MOST_LABELS
            else _UNDEFINED
        )
        ratios = [*pair_ratios(metrics), *alphas]
        below = _whole([ratio.below for ratio in ratios])
        return cls(
            n_pairs=1,
            above=_whole([ratio.above for ratio in ratios]),
            below=below,
            n_defined=[int(n > 0) for n in below],
        )


def group_of(clip: UUID) -> int:
    """Return the group of a clip, by the lot that its name is."""
    return clip.int % N_GROUPS


def figures_of(groups: Sequence[tuple[int, LayerSums]]) -> list[SummaryRow]:
    """Return every figure over sums that are kept by group, with its interval.

    A group may come more than once; ``n`` counts pairs.
    """
    places = [group for group, _ in groups]
    n_defined = _rows([sums.n_defined for _, sums in groups]).sum(axis=0)
    return grouped_rows(
        FIGURES,
        above=_by_group(places, [sums.above for _, sums in groups]),
        below=_by_group(places, [sums.below for _, sums in groups]),
        n_defined=[int(n) for n in n_defined],
    )


def _by_group(places: Sequence[int], values: Sequence[Sequence[int]]) -> Values:
    table = np.zeros((N_GROUPS, len(FIGURES)))
    np.add.at(table, places, _rows(values))
    return table / UNITS


def _rows(values: Sequence[Sequence[int]]) -> Values:
    return np.array(values, dtype=np.float64).reshape(-1, len(FIGURES))


def _whole(parts: Sequence[float]) -> list[int]:
    return [round(part * unit) for part, unit in zip(parts, UNITS, strict=True)]
