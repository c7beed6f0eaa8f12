"""More than two opinions on an item: who agrees with whom, and who stands in the middle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestration.plain_files.yardstick import Item, Pair
from services.domain.comparison.disputes import Comparison
from services.domain.comparison.panel import Panel


class PanelCounts:
    """The counts of an item's pairs, taken in one by one; their segments are let go."""

    def __init__(self, item: Item) -> None:
        self._names = [opinion.annotator for opinion in item.opinions]
        self._pairs: dict[tuple[str, str], Comparison] = {}

    def add(self, pair: Pair) -> None:
        """Take a pair in."""
        if len(self._names) > 2:
            counted = replace(pair.comparison, agreed=(), disputes=())
            self._pairs[pair.a.annotator, pair.b.annotator] = counted

    def as_json(self) -> dict[str, Any] | None:
        """Return the matrix of agreement and the medoid; None for two opinions or one.

        Agreement is the share of segments, of both opinions, that agree; null where neither
        holds any. Rows and columns are in the annotators' order of appearance.
        """
        names = self._names
        if len(names) <= 2:
            return None
        place = {name: index for index, name in enumerate(names)}
        matrix: list[list[float | None]] = [[None] * len(names) for _ in names]
        for (a, b), comparison in self._pairs.items():
            row, column = place[a], place[b]
            matrix[row][column] = matrix[column][row] = comparison.counts.agreement
        panel = Panel(names=tuple(sorted(names)), pairs=self._pairs)
        return {"agreement": matrix, "medoid": panel.medoid}
