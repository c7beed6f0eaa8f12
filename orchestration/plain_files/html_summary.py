"""The pooled figures as a part of the page: drawn without a script, so that they always show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from orchestration.plain_files.pooled import Pooled
from services.domain.metrics.summary import SummaryRow

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 440, 186, 34, 8, 24
_DRAWN: Final = (
    ("boundaries, F1", "c1"),
    ("segments whatever the label, F1", "c3"),
    ("segments of one label, F1", "c2"),
)


def summary_html(pooled: Pooled, tolerances: Sequence[int]) -> str:
    """Return the curves over tolerances, the shares, and a table of everything."""
    shares = "".join(_figure(title, row) for title, row in pooled.shares)
    return (
        f'<div class="over"><figure>{_curves(pooled, tolerances)}'
        "<figcaption>F1 within a tolerance of so many frames</figcaption>"
        f'{_keys()}</figure><dl class="figs">{shares}</dl></div>{_together(pooled)}'
        f"{_table(pooled, tolerances)}"
    )


def _together(pooled: Pooled) -> str:
    figures = "".join(_figure(title, row) for title, row in pooled.together)
    said = "Krippendorff's alphas and, where asked for, gamma: corrected for chance"
    return (
        f"<h3>All annotators of an item together <small>{said}</small></h3>"
        f'<dl id="together" class="figs">{figures}</dl>'
    )


def _curves(pooled: Pooled, tolerances: Sequence[int]) -> str:
    order = sorted(range(len(tolerances)), key=lambda index: tolerances[index])
    step = (_WIDTH - _LEFT - 20) / max(1, len(order) - 1)
    xs = [_LEFT + 8 + step * place for place in range(len(order))]
    parts = [
        f'<svg class="curves" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'aria-label="F1 by tolerance; the table below has the numbers">'
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = _y(share)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - 6}" y1="{y:g}" y2="{y:g}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:g}" text-anchor="end">{share:g}</text>'
        )
    for x, index in zip(xs, order, strict=True):
        parts.append(
            f'<text x="{x:.1f}" y="{_HEIGHT - 6}" text-anchor="middle">±{tolerances[index]}</text>'
        )
    titled = dict(pooled.counted)
    for title, style in _DRAWN:
        rows = [titled[title][index] for index in order]
        parts.extend(_curve(xs, rows, style))
    return "".join(parts) + "</svg>"


def _curve(xs: Sequence[float], rows: Sequence[SummaryRow], style: str) -> Iterator[str]:
    known = [
        (x, row.value, row.low, row.high)
        for x, row in zip(xs, rows, strict=True)
        if row.value is not None
    ]
    if not known:
        return
    edges = [(x, low, high) for x, _, low, high in known if low is not None and high is not None]
    if len(edges) == len(known):
        above = [f"{x:.1f},{_y(high):.1f}" for x, _, high in edges]
        below = [f"{x:.1f},{_y(low):.1f}" for x, low, _ in reversed(edges)]
        yield f'<polygon class="{style}" points="{" ".join(above + below)}"/>'
    line = " ".join(f"{x:.1f},{_y(value):.1f}" for x, value, _, _ in known)
    yield f'<polyline class="{style}" points="{line}"/>'
    for x, value, _, _ in known:
        yield f'<circle class="{style}" cx="{x:.1f}" cy="{_y(value):.1f}" r="3.5"/>'


def _keys() -> str:
    keys = "".join(f'<span class="{style}">{escape(title)}</span>' for title, style in _DRAWN)
    return f'<p class="curve-keys">{keys}</p>'


def _y(share: float) -> float:
    return _TOP + (1 - share) * (_HEIGHT - _TOP - _BOTTOM)


def _figure(title: str, row: SummaryRow) -> str:
    said = "undefined" if row.value is None else f"{row.value:.3f}"
    span = "" if row.low is None else f"<span>{row.low:.3f} to {row.high:.3f}</span>"
    return f'<div class="fig"><dt>{escape(title)}</dt><dd>{said}{span}</dd>{_whisker(row)}</div>'


def _whisker(row: SummaryRow) -> str:
    """Draw a share's interval on a rail from 0 to 1; what is below 0 stays at its left end."""
    if row.value is None:
        return ""

    def at(share: float) -> str:
        return f"{100 * min(1, max(0, share)):.2f}%"

    reach = (
        ""
        if row.low is None or row.high is None
        else (f'<line class="range" x1="{at(row.low)}" x2="{at(row.high)}" y1="4" y2="4"/>')
    )
    dot = f'<line class="dot" x1="{at(row.value)}" x2="{at(row.value)}" y1="0" y2="8"/>'
    return (
        '<svg aria-hidden="true"><line class="rail" x1="0" x2="100%" y1="4" y2="4"/>'
        f"{reach}{dot}</svg>"
    )


def _table(pooled: Pooled, tolerances: Sequence[int]) -> str:
    head = "".join(f'<th class="num">±{frames}</th>' for frames in tolerances)
    counted = "".join(
        f"<tr><th>{escape(title)}</th>{''.join(map(_cell, rows))}</tr>"
        for title, rows in pooled.counted
    )
    deltas = "".join(
        f"<tr><th>{escape(title)}</th>{_cell(row)}</tr>" for title, row in pooled.deltas
    )
    return (
        "<details><summary>All figures, with the frames that matched boundaries lie apart"
        '</summary><div class="tables"><div class="scroll"><table><thead><tr>'
        f"<th>within frames</th>{head}</tr></thead><tbody>{counted}</tbody></table></div>"
        '<div class="scroll"><table><thead><tr><th>second against first</th>'
        f'<th class="num">frames</th></tr></thead><tbody>{deltas}</tbody></table></div></div>'
        f'<p class="note">Of what matched within ±{max(tolerances)}; a positive shift is later.'
        "</p></details>"
    )


def _cell(row: SummaryRow) -> str:
    if row.value is None:
        return '<td class="num">-</td>'
    reach = "" if row.low is None else f"<small>{row.low:.3f} to {row.high:.3f}</small>"
    return f'<td class="num">{row.value:.3f}{reach}</td>'
