"""The HTML output: one page that needs nothing else, with every pair's timelines.

The page is written as pairs come: its list of pairs to one temporary file, the items' data to
another. Data are read by the page's script only when their item is
opened, so a long file makes a large page and not a slow one.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from typing import IO, Any, Final

from orchestration.plain_files.columns import columns, values
from orchestration.plain_files.head import Head, segue_version
from orchestration.plain_files.html_summary import summary_html
from orchestration.plain_files.pooled import pooled
from orchestration.plain_files.rates import write_rate
from orchestration.plain_files.sink import Ended
from orchestration.plain_files.totals import Totals, notes
from orchestration.plain_files.wording import counted
from orchestration.plain_files.yardstick import DISPUTE_TOLERANCE, Item, Pair
from services.domain.comparison.disputes import DisputeKind
from services.domain.segments import Segment
from services.domain.taxonomy import PALETTE

_SCRIPTS: Final = ("timeline.js", "page.js", "controls.js")
_KINDS: Final = (None, *DisputeKind)
_N_FIGURES_WHO: Final = 3
"""Columns that say who, which the page has from elsewhere."""


@dataclass(slots=True)
class _Indices:
    """Numbers for an item's layers and labels, which its pairs name by them."""

    layers: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)

    def layer(self, name: str) -> int:
        return self.layers.setdefault(name, len(self.layers))

    def segment(self, segment: Segment) -> list[int]:
        label = self.labels.setdefault(segment.label, len(self.labels))
        return [label, segment.onset, segment.offset]


class HtmlPage:
    """Written as items come; the pooled figures, known last, go to the top all the same."""

    def __init__(self, file: IO[str], head: Head) -> None:
        self._file = file
        self._head = head
        self._names = columns(head.tolerances)[_N_FIGURES_WHO:]
        self._colors: dict[str, str] = {}
        if head.taxonomy is not None:
            looks = head.taxonomy.appearance
            self._colors = {label: color for label, (color, _) in looks.items()}
        self._n_colors = max(len(PALETTE), len(self._colors))
        self._n_items = 0
        self._n_pairs_of_item = 0
        self._indices: _Indices | None = None
        """Of the item that is being written; None for one that has no pair."""
        self._pairs = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - until close
        self._data = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - until close

    def begin(self, item: Item) -> None:
        """Write an item's data up to its pairs."""
        if len(item.opinions) < 2:
            return
        self._color(item)
        opened = {
            "index": self._n_items,
            "item": item.name,
            "fps": None if item.rate is None else write_rate(item.rate),
            "fps_value": None if item.rate is None else float(item.rate),
            "n_frames": item.n_frames,
            "annotators": [opinion.annotator for opinion in item.opinions],
        }
        start = f'<script type="application/json" id="item-{self._n_items}">'
        self._data.write(f'{start}{_inert(opened)[:-1]},"pairs":[')
        self._indices = _Indices()
        self._n_pairs_of_item = 0

    def add(self, pair: Pair) -> None:
        """Write a pair's place in the list, and its data."""
        if self._indices is None:
            return
        self._pairs.write(_entry(self._n_items, self._n_pairs_of_item, pair))
        self._data.write("," if self._n_pairs_of_item else "")
        self._data.write(_inert(_pair(pair, self._indices)))
        self._n_pairs_of_item += 1

    def end(self, ended: Ended) -> None:
        """Write the rest of the item's data."""
        if self._indices is None:
            return
        indices = {"layers": list(self._indices.layers), "labels": list(self._indices.labels)}
        self._data.write(f"],{_inert(ended.as_json() | indices)[1:]}</script>\n")
        self._indices = None
        self._n_items += 1

    def close(self, totals: Totals) -> None:
        """Put the page together."""
        head = self._head
        setup = {
            "columns": self._names,
            "tolerances": head.tolerances,
            "dispute_tolerance": DISPUTE_TOLERANCE,
            "kinds": _KINDS,
            "colors": self._colors,
        }
        said = "".join(f'<p class="note">{escape(note)}</p>' for note in notes(head, totals))
        with self._pairs, self._data:
            filled: dict[str, str | IO[str]] = {
                "version": escape(segue_version() or "checkout"),
                "file": escape(head.file),
                "facts": escape(self._facts(totals)),
                "summary": summary_html(pooled(totals, head.tolerances), head.tolerances),
                "notes": said,
                "rule": escape(f"A segment is {head.dispute_rule}."),
                "css": _part("page.css"),
                "js": "\n".join(map(_part, _SCRIPTS)),
                "setup": _script("setup", setup),
                "pairs": self._pairs,
                "data": self._data,
            }
            for piece in _pieces(_part("page.html")):
                _write(self._file, filled[piece[2:-2]] if piece.startswith("{{") else piece)

    def _facts(self, totals: Totals) -> str:
        head = self._head
        facts = [
            counted(self._n_items, "item"),
            counted(totals.n_pairs, "pair"),
            counted(head.n_opinions, "opinion"),
        ]
        if head.taxonomy is not None:
            facts.append(f"taxonomy {head.taxonomy.name} v{head.taxonomy.version}")
        return ", ".join(facts)

    def _color(self, item: Item) -> None:
        """Give the first labels of the file the house's colours; the page derives the rest."""
        for opinion in item.opinions:
            for span in opinion.spans:
                n_given = len(self._colors)
                if n_given >= self._n_colors:
                    return
                if span.label not in self._colors:
                    self._colors[span.label] = PALETTE[n_given % len(PALETTE)]


def _pair(pair: Pair, indices: _Indices) -> dict[str, Any]:
    """Return a pair's figures and what became of each segment of either opinion.

    A link is [kind, layer, segments of a, segments of b], kind 0 being agreement. Each
    segment is in exactly one, so the links are the timelines, too.
    """
    outcomes = [
        *((0, item.segment.layer, (item.a,), (item.b,)) for item in pair.comparison.agreed),
        *(
            (_KINDS.index(item.kind), item.layer, item.a, item.b)
            for item in pair.comparison.disputes
        ),
    ]
    outcomes.sort(key=lambda outcome: min(s.onset for s in (*outcome[2], *outcome[3])))
    return {
        "annotators": [pair.a.annotator, pair.b.annotator],
        "lines": [pair.a.line, pair.b.line],
        "agreed": pair.comparison.counts.n_agreed,
        "values": values(pair)[_N_FIGURES_WHO:],
        "links": [
            [kind, indices.layer(layer), *(list(map(indices.segment, s)) for s in sides)]
            for kind, layer, *sides in outcomes
        ],
    }


def _entry(item: int, place: int, pair: Pair) -> str:
    counts = pair.comparison.counts
    names = f"{pair.a.annotator} and {pair.b.annotator}"
    found = escape(f"{pair.a.item} {pair.a.annotator} {pair.b.annotator}".lower())
    share = counts.agreement
    agreed = "nothing marked" if share is None else f"{share:.0%} agreed"
    return (
        f'<li data-i="{item}" data-p="{place}" data-s="{found}" data-d="{counts.n_disputes}" '
        f'data-share="{1 if share is None else share:.4f}"><button type="button">'
        f"<b>{escape(pair.a.item)}</b><span><em>{escape(names)}</em></span>"
        f"<span><em>{agreed}</em><em>{counted(counts.n_disputes, 'dispute')}</em></span>"
        f'<i style="--share:{1 if share is None else share:.4f}"></i></button></li>\n'
    )


def _script(name: str, value: Any) -> str:
    """Return data as an inert script; no text in it can end the element."""
    return f'<script type="application/json" id="{name}">{_inert(value)}</script>\n'


def _inert(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _part(name: str) -> str:
    return files("orchestration.plain_files").joinpath("page", name).read_text(encoding="utf-8")


def _pieces(template: str) -> Iterator[str]:
    """Split the template at its {{names}}, which are pieces of their own."""
    return iter(re.split(r"({{[a-z]+}})", template))


def _write(out: IO[str], part: str | IO[str]) -> None:
    if isinstance(part, str):
        out.write(part)
        return
    part.seek(0)
    shutil.copyfileobj(part, out)
