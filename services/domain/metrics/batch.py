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
from services.domain.metrics.unitizing import Disagreement, Unitizing, measure_unitizing
from services.domain.segments import Segment


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
        self.pooled: Unitizing | None = None
        names = ["alpha_binary", "alpha_nominal", "alpha_coding"]
        self._ratios = RatioBootstrap([*names, "gamma"] if with_gamma else names, seed=seed)

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
        self.pooled = alphas if self.pooled is None else self.pooled + alphas
        return alphas, gamma

    def rows(self) -> list[SummaryRow]:
        """Return every figure; ``n`` counts clips."""
        return self._ratios.rows()

    def _gamma(self, item: str, opinions: Sequence[Sequence[Segment]], n_frames: int) -> Gamma:
        digest = hashlib.sha256(f"{self.seed}\n{item}\ngamma".encode()).digest()
        generator = np.random.default_rng(int.from_bytes(digest, "big"))
        return measure_gamma(opinions, n_frames=n_frames, generator=generator)


def _ratios(alphas: Unitizing, gamma: Gamma | None) -> Iterator[tuple[float, float]]:
    yield from map(_of, (alphas.binary, alphas.nominal, alphas.coding))
    if gamma is not None:
        expected = gamma.expected * gamma.n_units
        yield expected - gamma.disorder * gamma.n_units, expected


def _of(disagreement: Disagreement) -> tuple[float, float]:
    return disagreement.expected - disagreement.observed, disagreement.expected
