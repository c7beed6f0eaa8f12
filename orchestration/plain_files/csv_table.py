"""The CSV output: a header and one row a pair."""

from __future__ import annotations

import csv
from typing import IO

from orchestration.plain_files.columns import columns, values
from orchestration.plain_files.head import Head
from orchestration.plain_files.yardstick import ComparedItem
from services.domain.metrics.summary import Summary


class CsvTable:
    """Written as items come; an empty cell is undefined."""

    def __init__(self, file: IO[str], head: Head) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(columns(head.tolerances))

    def add(self, item: ComparedItem) -> None:
        """Write an item's pairs."""
        self._writer.writerows(values(pair) for pair in item.pairs)

    def close(self, summary: Summary) -> None:
        """Write what comes last: nothing, as a table holds rows of one kind."""
