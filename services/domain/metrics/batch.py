"""Chance-corrected agreement of whole timelines over many clips: alphas and gamma.

For two or more opinions a clip, and for batches that may take minutes: gamma draws chance
anew for every clip. Figures over clips divide sums, weighted by a clip's length in frames
(alphas) or by its number of units (gamma). Intervals are over clips (``bootstrap``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from services.domain.metrics.bootstrap import RatioBootstrap, SummaryRow
from services.domain.metrics.gamma import Gamma, measure_gamma
from services.domain.metrics.ratio import Ratio
from services.domain.metrics.unitizing import (
    Disagreement,
    LabelDisagreement,
    Unitizing,
    measure_unitizing,
)
from services.domain.segments import Segment

ALPHAS = ("alpha_binary", "alpha_nominal", "alpha_coding")
"""The names of ``alpha_ratios``."""


class AgreementBatch:
    """A running summary of Krippendorff's unitizing alphas and, if asked for, of gamma.

    Parameters
    ----------
    with_gamma : bool
        Whether to compute gamma, which costs far more than the rest.
    seed : int
        Of the bootstrap and of gamma's chance; a clip's draws depend on its name, too, and
        not on the order of the clips.
    """

    def __init__(self, *, with_gamma: bool = False, seed: int = 0) -> None:
        self.seed = seed
        self.with_gamma = with_gamma
        # Added to in place: a file may have a thousand labels and a million clips.
        self._kinds = [Disagreement()] * len(ALPHAS)
        self._per_label: dict[str, LabelDisagreement] = {}
        self._is_empty = True
        self._ratios = RatioBootstrap([*ALPHAS, "gamma"] if with_gamma else ALPHAS, seed=seed)

    def add(
        self, item: str, opinions: Sequence[Sequence[Segment]], *, n_frames: int
    ) -> tuple[Unitizing, Gamma | None]:
        """Measure the opinions on the clip ``item`` and add them; return the clip's own.

        Raises
        ------
        InputError
            With fewer than two opinions, or with too many segments for gamma.
        """
        alphas = measure_unitizing(opinions, n_frames=n_frames)
        gamma = self._gamma(item, opinions, n_frames) if self.with_gamma else None
        self._ratios.add(item, _ratios(alphas, gamma))
        self._pool(alphas)
        return alphas, gamma

    @property
    def pooled(self) -> Unitizing | None:
        """The sum over all clips; None without any."""
        if self._is_empty:
            return None
        binary, nominal, coding = self._kinds
        per_label = dict(sorted(self._per_label.items()))
        return Unitizing(binary=binary, nominal=nominal, coding=coding, per_label=per_label)

    @property
    def n_labels(self) -> int:
        """Number of labels that sums are kept of."""
        return len(self._per_label)

    def forget_labels(self) -> None:
        """Let go of the sums by label."""
        self._per_label.clear()

    def rows(self) -> list[SummaryRow]:
        """Return every figure; ``n`` counts clips."""
        return self._ratios.rows()

    def _pool(self, alphas: Unitizing) -> None:
        self._is_empty = False
        found = (alphas.binary, alphas.nominal, alphas.coding)
        self._kinds = [before + more for before, more in zip(self._kinds, found, strict=True)]
        for label, more in alphas.per_label.items():
            self._per_label[label] = self._per_label.get(label, LabelDisagreement()) + more

    def _gamma(self, item: str, opinions: Sequence[Sequence[Segment]], n_frames: int) -> Gamma:
        digest = hashlib.sha256(f"{self.seed}\n{item}\ngamma".encode()).digest()
        generator = np.random.default_rng(int.from_bytes(digest, "big"))
        return measure_gamma(opinions, n_frames=n_frames, generator=generator)


def alpha_ratios(alphas: Unitizing) -> Iterator[Ratio]:
    """Yield the alphas in the order of their names."""
    yield from map(_ratio, (alphas.binary, alphas.nominal, alphas.coding))


def _ratios(alphas: Unitizing, gamma: Gamma | None) -> Iterator[Ratio]:
    yield from alpha_ratios(alphas)
    if gamma is not None:
        expected = gamma.expected * gamma.n_units
        yield Ratio(expected - gamma.disorder * gamma.n_units, expected)


def _ratio(disagreement: Disagreement) -> Ratio:
    return Ratio(disagreement.expected - disagreement.observed, disagreement.expected)
