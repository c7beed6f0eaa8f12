"""The field's measures of a project's rounds, layer by layer, drawn to fit 100 columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from orchestration.plain_files.pooled import COUNTED, DELTAS, SHARES, TOGETHER
from orchestration.plain_files.wording import counted
from services.client.quality_payloads import (
    AnchoringOut,
    FigureOut,
    LayerAnchoringOut,
    LayerMeasuresOut,
    MeasuresOut,
    QualityOut,
)
from services.domain.metrics.tolerances import TOLERANCES

SPLIT_AT: Final = 3
"""The tolerance in frames at which drafts are told apart."""
_LINES: Final[Mapping[str, str]] = {
    f"bound_f1_tol{SPLIT_AT}f": f"{COUNTED['bound_f1']}, ±{SPLIT_AT}",
    f"seg_f1_label_tol{SPLIT_AT}f": f"{COUNTED['seg_f1_label']}, ±{SPLIT_AT}",
    **SHARES,
    **TOGETHER,
    **{name: f"{title} (frames)" for name, title in DELTAS.items()},
}

Figures = Mapping[str, FigureOut]


def layer_tables(found: QualityOut, anchoring: AnchoringOut) -> Iterator[Table]:
    """Draw two tables a layer: what lies within so many frames, and all else by draft."""
    by_draft = {(row.taxonomy_version, row.layer): row for row in anchoring.layers}
    for layer in found.layers:
        yield _within(layer)
        yield _shares(layer, by_draft[layer.taxonomy_version, layer.layer])


def _within(layer: LayerMeasuresOut) -> Table:
    name = escape(f"{layer.layer} (v{layer.taxonomy_version})")
    table = _table(f"{name}, {counted(layer.n_pairs, 'pair')} of opinions: within so many frames")
    for frames in TOLERANCES:
        table.add_column(f"±{frames}", justify="right", no_wrap=True)
    figures = _figures(layer)
    for figure, title in COUNTED.items():
        cells = (figures[f"{figure}_tol{frames}f"] for frames in TOLERANCES)
        table.add_row(title, *(_stacked(cell) for cell in cells))
    return table


def _shares(layer: LayerMeasuresOut, by_draft: LayerAnchoringOut) -> Table:
    name = escape(f"{layer.layer} (v{layer.taxonomy_version})")
    table = _table(f"{name}: shares and shifts")
    for heading in ("all", "pairs", "with a draft", "without"):
        table.add_column(heading, justify="right", no_wrap=True)
    whole, *parts = map(_figures, (layer, by_draft.with_draft, by_draft.without_draft))
    for figure, title in _LINES.items():
        if figure in whole:
            shown = (_shown(part[figure]) for part in parts)
            table.add_row(title, _shown(whole[figure]), f"{whole[figure].n:,}", *shown)
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("pooled over rounds", min_width=30)
    return table


def _figures(measures: MeasuresOut) -> Figures:
    return {figure.name: figure for figure in measures.figures}


def _shown(figure: FigureOut) -> Text:
    """Write a figure and its interval; a dash is undefined."""
    return _with_interval(figure, lambda low, high: f" [{low} {high}]")


def _stacked(figure: FigureOut) -> Text:
    """Write a share over its interval, so that six fit beside each other."""
    return _with_interval(figure, lambda low, high: f"\n{low}-{high}")


def _with_interval(figure: FigureOut, interval: Callable[[str, str], str]) -> Text:
    if figure.value is None:
        return Text("-")
    cell = Text(f"{figure.value:.3f}")
    if figure.low is not None and figure.high is not None:
        cell.append(interval(_short(figure.low), _short(figure.high)), style="dim")
    return cell


def _short(value: float) -> str:
    """Write two decimals, and no 0 that only takes room."""
    text = f"{value:.2f}"
    if text in {"0.00", "-0.00", "1.00"}:
        return str(round(value))
    return text.replace("0.", ".", 1) if abs(value) < 1 else text
