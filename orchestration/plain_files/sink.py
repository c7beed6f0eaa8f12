"""What an output is: something that takes items, and of each item one pair at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from orchestration.plain_files.together import Together
from orchestration.plain_files.totals import Totals
from orchestration.plain_files.yardstick import Item, Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What is known of an item after its last pair; None where it has too few opinions."""

    panel: dict[str, Any] | None
    together: Together | None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"panel": self.panel, "together": self.together and self.together.as_json()}


class Sink(Protocol):
    """Keeps of a pair no more than what it writes of it."""

    def begin(self, item: Item) -> None:
        """Take an item, before its pairs."""

    def add(self, pair: Pair) -> None:
        """Take one pair."""

    def end(self, ended: Ended) -> None:
        """Take what is known after the item's last pair."""

    def close(self, totals: Totals) -> None:
        """Take the pooled figures, after the last item."""
