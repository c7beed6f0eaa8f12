"""The JSON output: one document with every pair's figures, agreed segments and disputes."""

from __future__ import annotations

import json
from typing import IO, Any

from orchestration.plain_files.columns import columns, values
from orchestration.plain_files.head import Head
from orchestration.plain_files.rates import write_rate
from orchestration.plain_files.sink import Ended
from orchestration.plain_files.totals import Totals
from orchestration.plain_files.yardstick import Item, Pair


class JsonDocument:
    """Written as items come, so that no more than one pair is held."""

    def __init__(self, file: IO[str], head: Head) -> None:
        self._file = file
        self._names = columns(head.tolerances)
        self._before_item, self._before_pair = "\n", ""
        file.write(_text(head.as_json())[:-1] + ',"items":[')

    def begin(self, item: Item) -> None:
        """Write an item up to its pairs."""
        opened = {
            "item": item.name,
            "fps": None if item.rate is None else write_rate(item.rate),
            "n_frames": item.n_frames,
            "annotators": [opinion.annotator for opinion in item.opinions],
        }
        self._file.write(self._before_item + _text(opened)[:-1] + ',"pairs":[')
        self._before_item, self._before_pair = ",\n", ""

    def add(self, pair: Pair) -> None:
        """Write a pair."""
        self._file.write(self._before_pair + _text(self._pair(pair)))
        self._before_pair = ","

    def end(self, ended: Ended) -> None:
        """Write the rest of the item."""
        self._file.write("]," + _text(ended.as_json())[1:])

    def close(self, totals: Totals) -> None:
        """Write the pooled figures and end the document."""
        self._file.write("\n]," + _text(totals.as_json())[1:] + "\n")

    def _pair(self, pair: Pair) -> dict[str, Any]:
        figures = dict(zip(self._names, values(pair), strict=True))
        figures.pop("item")
        return figures | {"may_overlap": pair.may_overlap} | pair.comparison.as_json()


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
