"""What is known of a comparison after its last pair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestration.plain_files.head import Head
from orchestration.plain_files.together import Agreement
from orchestration.plain_files.wording import counted
from orchestration.plain_files.yardstick import Item, Pair
from services.domain.metrics.summary import Summary, SummaryRow


@dataclass(slots=True, kw_only=True)
class Totals:
    """Sums over all items; ``agreement`` is None where no output shows it."""

    summary: Summary
    agreement: Agreement | None
    n_pairs: int = 0
    n_may_overlap: int = 0

    def add(self, item: Item, pair: Pair) -> None:
        """Add a pair."""
        self.summary.add(item.name, pair.metrics)
        self.n_pairs += 1
        self.n_may_overlap += pair.may_overlap

    def rows(self) -> list[SummaryRow]:
        """Return every figure: those over pairs, and those over items."""
        together = [] if self.agreement is None else self.agreement.rows()
        return [*self.summary.rows(), *together]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        agreement = self.agreement
        refused = {} if agreement is None else agreement.refused
        return {
            "summary": [row._asdict() for row in self.rows()],
            "alpha_per_label": None if agreement is None else agreement.per_label(),
            "n_items_refused": {measure: items.n for measure, items in refused.items()},
            "n_pairs_may_overlap": self.n_may_overlap,
        }


def notes(head: Head, totals: Totals) -> Iterator[str]:
    """Say what their owner should know of the file and of the figures."""
    if head.n_alone:
        yield (
            f"{counted(head.n_alone, 'item')} of {head.n_items:,} with one annotator only: "
            "nothing to compare there."
        )
    if head.taxonomy is not None and len(head.taxonomy.layers) > 1:
        yield (
            "Figures over frames and runs, and alphas, lay all layers over each other, the later "
            "segment of a line on top; disputes are per layer."
        )
    if totals.n_may_overlap:
        yield (
            f"{counted(totals.n_may_overlap, 'pair')} of {totals.n_pairs:,} compared as on a layer "
            "that may overlap, because an opinion overlaps itself: no split or merge there, and "
            "the middle of an item with such pairs is found under two rules. A taxonomy says "
            "which layers may overlap."
        )
    if totals.agreement is not None:
        yield from totals.agreement.sentences()
    if head.lengths:
        yield f"{head.lengths} The longest one counts."
    yield from head.snapping.sentences()
