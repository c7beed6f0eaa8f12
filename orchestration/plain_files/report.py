"""Run a comparison from the file to its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Final

from rich.console import Console
from rich.text import Text

from orchestration.plain_files.csv_table import CsvTable
from orchestration.plain_files.head import Head
from orchestration.plain_files.html_page import HtmlPage
from orchestration.plain_files.json_document import JsonDocument
from orchestration.plain_files.lines import name_of
from orchestration.plain_files.outputs import STDOUT, outputs
from orchestration.plain_files.panels import PanelCounts
from orchestration.plain_files.sink import Ended, Sink
from orchestration.plain_files.store import OpinionStore
from orchestration.plain_files.terminal import TerminalReport
from orchestration.plain_files.together import Agreement
from orchestration.plain_files.totals import Totals, notes
from orchestration.plain_files.wording import counted, printable
from orchestration.plain_files.yardstick import Yardstick
from services.domain.errors import InputError
from services.domain.metrics.summary import Summary

_WRITERS: Final[Mapping[str, type[CsvTable] | type[JsonDocument] | type[HtmlPage]]] = {
    "--csv": CsvTable,
    "--json": JsonDocument,
    "--html": HtmlPage,
}


def report(
    path: Path,
    *,
    yardstick: Yardstick,
    targets: Mapping[str, Path],
    console: Console,
    with_gamma: bool = False,
) -> None:
    """Compare a file's opinions and write what is asked for, or a summary to the console.

    Raises
    ------
    InputError
        If a line is at fault, or nothing can be compared; no output has changed.
    StorageError
        If a file cannot be read or written; no output has changed.
    """
    needs_agreement = set(targets) != {"--csv"}
    if with_gamma and not needs_agreement:
        raise InputError(
            "--gamma is a figure of whole items, and the table has rows of pairs. "
            "Ask for --json or --html, too, or leave --csv out."
        )
    totals = Totals(
        summary=Summary(tolerances=yardstick.tolerances),
        agreement=Agreement(with_gamma=with_gamma) if needs_agreement else None,
    )
    with (
        outputs(targets, source=path) as files,
        OpinionStore.of(path, refuse=yardstick.refuse) as store,
    ):
        head = _head(path, store, yardstick)
        sinks = list(_sinks(files, head, console))
        _pour(store, yardstick, sinks, totals)
    for option, target in targets.items():
        if target != STDOUT:
            _say(console, f"{option[2:]}: {target} ({counted(totals.n_pairs, 'pair')})")
    for note in notes(head, totals):
        _say(console, note)


def _head(path: Path, store: OpinionStore, yardstick: Yardstick) -> Head:
    head = Head(
        file=name_of(path),
        n_items=store.n_items,
        n_opinions=store.n_opinions,
        n_alone=store.n_alone,
        tolerances=yardstick.tolerances,
        taxonomy=yardstick.taxonomy,
        snapping=store.snapping,
        n_lengths=store.n_lengths,
        lengths=store.lengths(),
    )
    if head.n_alone == head.n_items:
        raise InputError(
            f"{head.file} has no item with two annotators, so there is nothing to compare. "
            'Lines belong together when their "item" is the same, letter by letter.'
        )
    return head


def _sinks(files: Mapping[str, IO[str]], head: Head, console: Console) -> Iterator[Sink]:
    for option, file in files.items():
        yield _WRITERS[option](file, head)
    if not files:
        yield TerminalReport(console, head)


def _pour(store: OpinionStore, yardstick: Yardstick, sinks: list[Sink], totals: Totals) -> None:
    """Compare pair by pair; of each, only sums outlive it."""
    for opinions in store.items():
        item = yardstick.item(opinions)
        panel = PanelCounts(item)
        for sink in sinks:
            sink.begin(item)
        for pair in yardstick.pairs(item):
            totals.add(item, pair)
            panel.add(pair)
            for sink in sinks:
                sink.add(pair)
        together = None
        if totals.agreement is not None and len(opinions) > 1:
            together = totals.agreement.add(item)
        ended = Ended(panel=panel.as_json(), together=together)
        for sink in sinks:
            sink.end(ended)
    for sink in sinks:
        sink.close(totals)


def _say(console: Console, sentence: str) -> None:
    console.print(Text(printable(sentence)), soft_wrap=True)
