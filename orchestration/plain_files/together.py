"""All opinions on an item at once: Krippendorff's unitizing alphas and, if asked for, gamma.

Conventions
-----------
An item that is too much for a measure is left out of that measure, counted and named; the
others go on. What is kept does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from orchestration.plain_files.wording import counted
from orchestration.plain_files.yardstick import Item
from services.domain.errors import InputError
from services.domain.metrics.batch import AgreementBatch
from services.domain.metrics.bootstrap import SummaryRow
from services.domain.metrics.gamma import Gamma
from services.domain.metrics.unitizing import LabelDisagreement, Unitizing

MOST_LABELS: Final = 1_000
"""Labels of an item for alpha, whose table of coincidences is their square; and of a file, for
figures by label."""
MOST_PAIRINGS: Final = 1_000_000
"""Pairs of segments of two opinions, over all opinions of an item, that gamma may weigh: it
holds them all at once, and aligns them anew for every draw of chance."""
_N_NAMED: Final = 10
_ALPHAS: Final = ("binary", "nominal", "coding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What all opinions on one item come to; None where it was refused or not asked for."""

    alphas: Unitizing | None
    gamma: Gamma | None
    refused: Mapping[str, str]
    """Why a measure is missing, by measure."""

    def as_json(self) -> dict[str, Any]:
        """Return the item's figures; null is undefined, or refused."""
        found: dict[str, Any] = {
            f"alpha_{kind}": self.alphas and getattr(self.alphas, kind).alpha for kind in _ALPHAS
        }
        if self.gamma is not None:
            low, high = self.gamma.interval or (None, None)
            found |= {"gamma": self.gamma.value, "gamma_low": low, "gamma_high": high}
        return found | {f"{measure}_refused": why for measure, why in self.refused.items()}


@dataclass(slots=True)
class Refused:
    """Items that a measure was refused for: how many, and the first ones by name."""

    n: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, item: str) -> None:
        """Take note of an item."""
        self.n += 1
        if len(self.first) < _N_NAMED:
            self.first.append(item)

    def sentence(self, measure: str) -> str:
        """Name them to a person."""
        named = ", ".join(f'"{name}"' for name in self.first)
        more = f" and {self.n - len(self.first):,} more" if self.n > len(self.first) else ""
        return (
            f"{measure}: {counted(self.n, 'item')} too large for it and left out of it: "
            f"{named}{more}. The JSON output says why, item by item."
        )


class Agreement:
    """A running account over items."""

    def __init__(self, *, with_gamma: bool) -> None:
        # Two batches, so that an item without gamma still counts in the alphas.
        self._alphas = AgreementBatch()
        self._gamma = AgreementBatch(with_gamma=True) if with_gamma else None
        self.refused: dict[str, Refused] = {}
        self._many_labels = False

    def add(self, item: Item) -> Together:
        """Measure an item of two or more opinions."""
        refused: dict[str, str] = {}
        alphas = gamma = None
        labels = {segment.label for own in item.named for segment in own}
        if len(labels) > MOST_LABELS:
            refused["alpha"] = (
                f"{len(labels):,} labels, more than the {MOST_LABELS:,} that alpha tells apart."
            )
        else:
            alphas, _ = self._alphas.add(item.name, item.named, n_frames=item.n_frames)
            self._forget_many_labels()
        if self._gamma is not None:
            try:
                gamma = self._measure_gamma(self._gamma, item, n_labels=len(labels))
            except InputError as fault:
                refused["gamma"] = fault.detail
        for measure in refused:
            self.refused.setdefault(measure, Refused()).add(item.name)
        return Together(alphas=alphas, gamma=gamma, refused=refused)

    def rows(self) -> list[SummaryRow]:
        """Return every figure over items, with its interval; ``n`` counts items."""
        gamma = [] if self._gamma is None else self._gamma.rows()
        return [*self._alphas.rows(), *(row for row in gamma if row.name == "gamma")]

    def per_label(self) -> dict[str, dict[str, float | None]] | None:
        """Return each label's alpha and coverage; None where the file has too many labels."""
        if self._many_labels:
            return None
        pooled = self._alphas.pooled
        held: Mapping[str, LabelDisagreement] = {} if pooled is None else pooled.per_label
        return {
            label: {"alpha": found.alpha, "coverage": found.coverage}
            for label, found in held.items()
        }

    def sentences(self) -> Iterator[str]:
        """Name what was left out."""
        for measure, refused in self.refused.items():
            yield refused.sentence(measure)

    def _forget_many_labels(self) -> None:
        """Let go of sums by label where labels are free text, which would grow with the file."""
        self._many_labels |= self._alphas.n_labels > MOST_LABELS
        if self._many_labels:
            self._alphas.forget_labels()

    def _measure_gamma(self, batch: AgreementBatch, item: Item, *, n_labels: int) -> Gamma | None:
        n_pairings = sum(len(a) * len(b) for a, b in combinations(item.named, 2))
        if n_pairings > MOST_PAIRINGS or n_labels > MOST_LABELS:
            raise InputError(
                f"{n_pairings:,} pairs of segments and {n_labels:,} labels; gamma takes "
                f"{MOST_PAIRINGS:,} and {MOST_LABELS:,}. Cut the item into shorter stretches."
            )
        _, gamma = batch.add(item.name, item.named, n_frames=item.n_frames)
        return gamma
