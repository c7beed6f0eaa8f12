"""Opinions on disk, gathered by item, so that memory does not grow with the file.

Lines of one item need not be next to each other, and nothing may be written before the last
line is known to be sound. So the file is read once into a private temporary SQLite database,
which the system deletes whatever happens, and items are taken out of it one at a time.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final, Self

from orchestration.plain_files.lines import at_line, read_objects
from orchestration.plain_files.opinion import Opinion, Span, read_opinion
from orchestration.plain_files.rates import write_rate
from orchestration.plain_files.snapping import Snapping
from orchestration.plain_files.wording import counted
from services.domain.errors import InputError, StorageError

Refuse = Callable[[Opinion], None]

_SET_UP: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -4096;
CREATE TABLE items (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    rate TEXT, rate_line INTEGER,
    stated INTEGER, longest INTEGER NOT NULL
);
CREATE TABLE opinions (
    line INTEGER PRIMARY KEY, item INTEGER NOT NULL, annotator TEXT NOT NULL,
    rate TEXT, n_frames INTEGER, labels TEXT NOT NULL, spans BLOB NOT NULL
);
CREATE UNIQUE INDEX opinions_by_item ON opinions (item, annotator);
BEGIN;
"""

_LENGTHS: Final = (
    "SELECT name, min(n_frames) AS shortest, max(n_frames) AS longest "
    "FROM opinions JOIN items ON items.id = opinions.item "
    "GROUP BY items.id HAVING min(n_frames) < max(n_frames)"
)


class OpinionStore:
    """The opinions of one file."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.executescript(_SET_UP)
        self.snapping = Snapping()

    @classmethod
    @contextmanager
    def of(cls, path: Path, *, refuse: Refuse | None = None) -> Iterator[Self]:
        """Read a whole file.

        Parameters
        ----------
        path : Path
            JSON Lines; ``-`` for standard input.
        refuse : callable, optional
            Raises InputError for an opinion that the caller cannot use.

        Raises
        ------
        InputError
            With the line's number and what is wrong with it.
        StorageError
            If the disk does not play along.
        """
        store = cls()
        try:
            for number, data in read_objects(path):
                try:
                    opinion = read_opinion(number, data, snapping=store.snapping)
                    if refuse is not None:
                        refuse(opinion)
                    store.add(opinion)
                except InputError as fault:
                    raise at_line(path, number, fault) from fault
            yield store
        except sqlite3.OperationalError as error:
            raise StorageError(f"The temporary index failed: {error}.") from error
        finally:
            store._rows.close()

    def add(self, opinion: Opinion) -> None:
        """Keep one opinion.

        Raises
        ------
        InputError
            If the annotator has one on the item already, or the item's rate differs.
        """
        item = self._item(opinion)
        labels = {label: i for i, label in enumerate(dict.fromkeys(s.label for s in opinion.spans))}
        numbers = array("q")
        for span in opinion.spans:
            numbers.extend((labels[span.label], span.onset, span.offset))
        row = (
            opinion.line,
            item,
            opinion.annotator,
            None if opinion.rate is None else str(opinion.rate),
            opinion.n_frames,
            json.dumps(list(labels)),
            numbers.tobytes(),
        )
        try:
            self._rows.execute("INSERT INTO opinions VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            (line,) = self._rows.execute(
                "SELECT line FROM opinions WHERE item = ? AND annotator = ?",
                (item, opinion.annotator),
            ).fetchone()
            raise InputError(
                f'"{opinion.annotator}" has "{opinion.item}" on line {line} already. '
                "Keep one of the two lines."
            ) from error

    def _item(self, opinion: Opinion) -> int:
        """Return the item's id, new or known, and hold its rate to what earlier lines say."""
        rate = None if opinion.rate is None else str(opinion.rate)
        found = self._rows.execute(
            "SELECT id, rate, rate_line FROM items WHERE name = ?", (opinion.item,)
        ).fetchone()
        if found is None:
            self._rows.execute(
                "INSERT INTO items (name, rate, rate_line, stated, longest) VALUES (?, ?, ?, ?, ?)",
                (opinion.item, rate, opinion.line, opinion.n_frames, opinion.end),
            )
            return self._single("SELECT last_insert_rowid()")
        number, known, line = found
        if known is not None and rate is not None and known != rate:
            raise InputError(
                f'"{opinion.item}" has fps {write_rate(Fraction(rate))} here and '
                f"{write_rate(Fraction(known))} on line {line}. One item has one rate; correct it."
            )
        if known is None and rate is not None:
            update = "UPDATE items SET rate = ?, rate_line = ? WHERE id = ?"
            self._rows.execute(update, (rate, opinion.line, number))
        longer = (
            "UPDATE items SET longest = max(longest, ?1), "
            "stated = coalesce(max(stated, ?2), stated, ?2) WHERE id = ?3"
        )
        self._rows.execute(longer, (opinion.end, opinion.n_frames, number))
        return int(number)

    def items(self) -> Iterator[tuple[Opinion, ...]]:
        """Yield each item's opinions, items by first appearance, opinions by line."""
        cursor = self._rows.execute("SELECT id, name FROM items ORDER BY id")
        for item, name in cursor:
            rows = self._rows.execute(
                "SELECT line, annotator, rate, n_frames, labels, spans FROM opinions "
                "WHERE item = ? ORDER BY line",
                (item,),
            )
            yield tuple(_opinion(name, *row) for row in rows)

    def lines(self) -> Iterator[tuple[Opinion, int]]:
        """Yield each opinion in the file's order, with the length that it is checked against.

        That is what its line states, else the greatest that another line of the item states.
        Only where nobody states one does the last end count.
        """
        cursor = self._rows.execute(
            "SELECT name, line, annotator, opinions.rate, n_frames, labels, spans, "
            "coalesce(n_frames, stated, longest) "
            "FROM opinions JOIN items ON items.id = opinions.item ORDER BY line"
        )
        for *row, length in cursor:
            yield _opinion(*row), length

    @property
    def n_opinions(self) -> int:
        """Lines that hold an opinion."""
        return self._single("SELECT count(*) FROM opinions")

    @property
    def n_items(self) -> int:
        """Different items."""
        return self._single("SELECT count(*) FROM items")

    @property
    def n_alone(self) -> int:
        """Items that only one annotator marked."""
        return self._single(
            "SELECT count(*) FROM (SELECT item FROM opinions GROUP BY item HAVING count(*) = 1)"
        )

    @property
    def n_lengths(self) -> int:
        """Items whose lines state different lengths."""
        return self._single(f"SELECT count(*) FROM ({_LENGTHS})")  # noqa: S608 - a constant

    def lengths(self) -> str:
        """Say which item's lines state different lengths, for one; empty where none does."""
        found = self._rows.execute(f"{_LENGTHS} ORDER BY items.id LIMIT 1").fetchone()
        if found is None:
            return ""
        name, shortest, longest = found
        return (
            f"{counted(self.n_lengths, 'item')} with different n_frames from line to line, the "
            f'first "{name}" ({shortest:,} to {longest:,}).'
        )

    def _single(self, query: str) -> int:
        (value,) = self._rows.execute(query).fetchone()
        return int(value)


def _opinion(
    item: str,
    line: int,
    annotator: str,
    rate: str | None,
    n_frames: int | None,
    labels: str,
    spans: bytes,
) -> Opinion:
    names: list[str] = json.loads(labels)
    numbers = array("q", spans)
    parts = iter(numbers)
    return Opinion(
        line=line,
        item=item,
        annotator=annotator,
        rate=None if rate is None else Fraction(rate),
        n_frames=n_frames,
        spans=tuple(
            Span(label=names[label], onset=onset, offset=offset)
            for label, onset, offset in zip(parts, parts, parts, strict=True)
        ),
    )
