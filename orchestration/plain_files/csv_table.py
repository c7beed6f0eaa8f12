"""The CSV output: a header and one row a pair."""

from __future__ import annotations

import csv
from typing import IO

from orchestration.plain_files.columns import columns, values
from orchestration.plain_files.head import Head
from orchestration.plain_files.sink import Ended
from orchestration.plain_files.totals import Totals
from orchestration.plain_files.yardstick import Item, Pair


class CsvTable:
    """Written as items come; an empty cell is undefined."""

    def __init__(self, file: IO[str], head: Head) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(columns(head.tolerances))

    def begin(self, item: Item) -> None:
        """Write nothing: each row names its item."""

    def add(self, pair: Pair) -> None:
        """Write a row."""
        self._writer.writerow(values(pair))

    def end(self, ended: Ended) -> None:
        """Write nothing: a table holds rows of one kind."""

    def close(self, totals: Totals) -> None:
        """Write nothing, for the same reason."""
