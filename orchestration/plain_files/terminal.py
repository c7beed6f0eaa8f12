"""What `segue compare` says on a terminal."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from orchestration.plain_files.head import Head
from orchestration.plain_files.pooled import Pooled, pooled
from orchestration.plain_files.sink import Ended
from orchestration.plain_files.totals import Totals
from orchestration.plain_files.wording import counted, printable
from orchestration.plain_files.yardstick import Item, Pair
from services.domain.metrics.summary import SummaryRow

N_WORST: Final = 10


def shown(text: str) -> str:
    """Make text of a file fit for a table's cell, where brackets would be markup."""
    return escape(printable(text))


class TerminalReport:
    """Keeps the most disputed pairs as items come, and draws everything at the end."""

    def __init__(self, console: Console, head: Head) -> None:
        self._console = console
        self._head = head
        self._n_pairs = 0
        self._worst: list[tuple[int, int, tuple[str, ...]]] = []

    def begin(self, item: Item) -> None:
        """Take note of nothing: each pair names its item."""

    def add(self, pair: Pair) -> None:
        """Take a pair in."""
        self._n_pairs += 1
        # Of equally disputed pairs the earlier one stays; the number settles every tie.
        entry = (pair.comparison.counts.n_disputes, -self._n_pairs, _cells(pair))
        if len(self._worst) < N_WORST:
            heapq.heappush(self._worst, entry)
        else:
            heapq.heappushpop(self._worst, entry)

    def end(self, ended: Ended) -> None:
        """Take note of nothing: the pooled figures come from the totals."""

    def close(self, totals: Totals) -> None:
        """Draw the pooled figures and the most disputed pairs."""
        head = self._head
        self._console.print(
            f"{counted(head.n_items, 'item')}, {counted(head.n_opinions, 'opinion')}, "
            f"{counted(self._n_pairs, 'pair')}; {head.dispute_rule}.",
            highlight=False,
            soft_wrap=True,
        )
        figures = pooled(totals, head.tolerances)
        self._console.print(_within(figures, head.tolerances))
        self._console.print(_pooled(figures))
        self._console.print(_together(figures))
        self._console.print(self._disputed())

    def _disputed(self) -> Table:
        title = "most disputed pairs" if self._n_pairs > N_WORST else "pairs"
        table = Table(title=title, title_justify="left", box=None)
        table.add_column("item", overflow="fold")
        table.add_column("annotators", overflow="fold")
        for heading in ("segments", "agreed", "disputes", "frames agree", "kappa", "tIoU"):
            table.add_column(heading, justify="right", no_wrap=True)
        for _, _, cells in sorted(self._worst, reverse=True):
            table.add_row(*cells)
        return table


def _cells(pair: Pair) -> tuple[str, ...]:
    counts, metrics = pair.comparison.counts, pair.metrics
    return (
        shown(pair.a.item),
        shown(f"{pair.a.annotator} | {pair.b.annotator}"),
        f"{counts.n_a} | {counts.n_b}",
        str(counts.n_agreed),
        str(counts.n_disputes),
        *map(number, (metrics.frame_agree, metrics.frame_kappa, metrics.tiou_mean)),
    )


def number(value: float | None) -> str:
    """Write a figure; a dash is undefined."""
    return "-" if value is None else f"{value:.3f}"


def _within(figures: Pooled, tolerances: tuple[int, ...]) -> Table:
    table = Table(title="within so many frames", title_justify="left", box=None)
    table.add_column("pooled over items", overflow="fold", min_width=20)
    for frames in tolerances:
        table.add_column(f"±{frames}", justify="right", no_wrap=True)
    for title, rows in figures.counted:
        table.add_row(title, *map(_short, rows))
    return table


def _short(row: SummaryRow) -> Text:
    """Write a share over its interval, so that six tolerances fit a small terminal."""
    cell = Text(number(row.value))
    if row.low is not None and row.high is not None:
        cell.append(f"\n{_two(row.low)}-{_two(row.high)}", style="dim")
    return cell


def _two(share: float) -> str:
    """Write a share with two decimals and no more than three characters."""
    text = f"{share:.2f}"
    return "1" if text == "1.00" else text.removeprefix("0")


def _pooled(figures: Pooled) -> Table:
    deltas = ((f"{title} (frames)", row) for title, row in figures.deltas)
    return _rows("shares", (*figures.shares, *deltas), counting="pairs")


def _together(figures: Pooled) -> Table:
    return _rows("all annotators of an item together", figures.together, counting="items")


def _rows(title: str, rows: Iterable[tuple[str, SummaryRow]], *, counting: str) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("pooled over items", overflow="fold", min_width=30)
    for heading in ("value", "95 % interval", counting):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, row in rows:
        table.add_row(name, number(row.value), _reach(row), f"{row.n:,}")
    return table


def _reach(row: SummaryRow) -> str:
    return "" if row.low is None or row.high is None else f"{row.low:.3f}..{row.high:.3f}"
