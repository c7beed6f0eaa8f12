"""More than two opinions on an item: who agrees with whom, and who stands in the middle."""

from __future__ import annotations

from typing import Any

from orchestration.plain_files.yardstick import ComparedItem
from services.domain.comparison.panel import Panel


def panel_of(item: ComparedItem) -> dict[str, Any] | None:
    """Return the matrix of agreement and the medoid; None for two opinions or one.

    Agreement is the share of segments, of both opinions, that agree; null where neither holds
    any. Rows and columns are in the annotators' order of appearance.
    """
    names = [opinion.annotator for opinion in item.opinions]
    if len(names) <= 2:
        return None
    panel = Panel(
        names=tuple(sorted(names)),
        pairs={(pair.a.annotator, pair.b.annotator): pair.comparison for pair in item.pairs},
    )
    place = {name: index for index, name in enumerate(names)}
    matrix: list[list[float | None]] = [[None] * len(names) for _ in names]
    for (a, b), comparison in panel.pairs.items():
        row, column = place[a], place[b]
        matrix[row][column] = matrix[column][row] = comparison.counts.agreement
    return {"agreement": matrix, "medoid": panel.medoid}
