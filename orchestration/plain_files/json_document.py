"""The JSON output: one document with every pair's figures, agreed segments and disputes."""

from __future__ import annotations

import json
from typing import IO, Any

from orchestration.plain_files.columns import columns, values
from orchestration.plain_files.head import Head
from orchestration.plain_files.panels import panel_of
from orchestration.plain_files.rates import write_rate
from orchestration.plain_files.yardstick import ComparedItem, Pair
from services.domain.metrics.summary import Summary


class JsonDocument:
    """Written as items come, so that no more than one item is held."""

    def __init__(self, file: IO[str], head: Head) -> None:
        self._file = file
        self._names = columns(head.tolerances)
        self._separator = "\n"
        file.write(_text(head.as_json())[:-1] + ',"items":[')

    def add(self, item: ComparedItem) -> None:
        """Write an item."""
        self._file.write(self._separator + _text(self._item(item)))
        self._separator = ",\n"

    def close(self, summary: Summary) -> None:
        """Write the pooled figures and end the document."""
        self._file.write('\n],"summary":' + _text(summary_json(summary)) + "}\n")

    def _item(self, item: ComparedItem) -> dict[str, Any]:
        return {
            "item": item.name,
            "fps": None if item.rate is None else write_rate(item.rate),
            "n_frames": item.n_frames,
            "annotators": [opinion.annotator for opinion in item.opinions],
            "panel": panel_of(item),
            "pairs": [self._pair(pair) for pair in item.pairs],
        }

    def _pair(self, pair: Pair) -> dict[str, Any]:
        figures = dict(zip(self._names, values(pair), strict=True))
        figures.pop("item")
        return figures | pair.comparison.as_json()


def summary_json(summary: Summary) -> list[dict[str, Any]]:
    """Return the pooled figures with their intervals."""
    return [
        {"name": name, "value": value, "low": low, "high": high, "n": n}
        for name, value, low, high, n in summary.rows()
    ]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
