"""Which label was given where the reference has which: a matrix that adds up.

Conventions
-----------
Rows are the reference's labels and columns the answer's, within a layer; None stands for
nothing. The unit is the reference segment, so each row adds up to the label's
``n_reference``; what the answer holds beside it is counted in the row None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from services.domain.comparison.disputes import Comparison
from services.domain.errors import reading
from services.domain.monitoring.intervals import Share

Cell = tuple[str, str | None, str | None]
"""Layer, reference's label, answered label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionTally:
    """A confusion matrix as its cells above zero, in order."""

    cells: tuple[tuple[Cell, int], ...] = ()

    @classmethod
    def of(cls, counts: Mapping[Cell, int]) -> Self:
        """Put cells in order, leaving out those without a case."""
        held = [(cell, count) for cell, count in counts.items() if count]
        return cls(cells=tuple(sorted(held, key=lambda item: tuple(map(_sortable, item[0])))))

    def __add__(self, other: ConfusionTally) -> ConfusionTally:
        counts = Counter(dict(self.cells))
        counts.update(dict(other.cells))
        return ConfusionTally.of(counts)

    def share(self, layer: str, reference: str | None, answered: str | None) -> Share:
        """Return how often a label of the reference was answered with this one."""
        row = {cell: count for cell, count in self.cells if cell[:2] == (layer, reference)}
        return Share(part=row.get((layer, reference, answered), 0), whole=sum(row.values()))

    def as_json(self) -> list[list[Any]]:
        """Return the JSON form: layer, reference, answered and count of each cell."""
        return [[*cell, count] for cell, count in self.cells]

    @classmethod
    def from_json(cls, data: Sequence[Sequence[Any]]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a row has not four entries.
        """
        with reading("a confusion tally", data):
            return cls.of({(layer, one, other): count for layer, one, other, count in data})


def confusion(comparison: Comparison) -> ConfusionTally:
    """Count a comparison of a reference (``a``) with an answer (``b``)."""
    counts: Counter[Cell] = Counter(
        (item.a.layer, item.a.label, item.b.label) for item in comparison.agreed
    )
    for dispute in comparison.disputes:
        answered = dispute.b[0].label if dispute.b else None
        counts.update((segment.layer, segment.label, answered) for segment in dispute.a)
        if not dispute.a:
            counts.update((segment.layer, None, segment.label) for segment in dispute.b)
    return ConfusionTally.of(counts)


def _sortable(part: str | None) -> tuple[bool, str]:
    return part is not None, part or ""
