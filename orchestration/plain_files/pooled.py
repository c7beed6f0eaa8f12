"""The pooled figures in the words and the order in which people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orchestration.plain_files.totals import Totals
from services.domain.metrics.summary import SummaryRow

# Figures that exist at each tolerance.
COUNTED: Final[Mapping[str, str]] = {
    "bound_f1": "boundaries, F1",
    "bound_precision": "boundaries of the second, matched",
    "bound_recall": "boundaries of the first, matched",
    "seg_f1_label": "segments of one label, F1",
    "seg_f1_anylabel": "segments whatever the label, F1",
}
SHARES: Final[Mapping[str, str]] = {
    "frame_agree": "frames that agree",
    "frame_kappa": "kappa over frames",
    "edit": "edit score",
    "f1_10": "F1 of runs at IoU 10 %",
    "f1_25": "F1 of runs at IoU 25 %",
    "f1_50": "F1 of runs at IoU 50 %",
    "tiou_mean": "mean tIoU",
}
DELTAS: Final[Mapping[str, str]] = {
    "onset_delta_mean": "onsets, mean shift",
    "onset_delta_abs": "onsets, mean distance",
    "offset_delta_mean": "offsets, mean shift",
    "offset_delta_abs": "offsets, mean distance",
    "boundary_delta_mean": "boundaries, mean shift",
    "boundary_delta_abs": "boundaries, mean distance",
}
# Figures over all opinions on an item at once.
TOGETHER: Final[Mapping[str, str]] = {
    "alpha_binary": "alpha, labelled or not",
    "alpha_nominal": "alpha, labels and gaps",
    "alpha_coding": "alpha, labels where both label",
    "gamma": "gamma",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A summary's rows by kind, each with its title."""

    counted: tuple[tuple[str, tuple[SummaryRow, ...]], ...]
    shares: tuple[tuple[str, SummaryRow], ...]
    deltas: tuple[tuple[str, SummaryRow], ...]
    together: tuple[tuple[str, SummaryRow], ...]


def pooled(totals: Totals, tolerances: Sequence[int]) -> Pooled:
    """Sort the rows; what was not asked for is not there."""
    rows = {row.name: row for row in totals.rows()}
    return Pooled(
        counted=tuple(
            (title, tuple(rows[f"{name}_tol{frames}f"] for frames in tolerances))
            for name, title in COUNTED.items()
        ),
        shares=tuple(_titled(rows, SHARES.items())),
        deltas=tuple(_titled(rows, DELTAS.items())),
        together=tuple(_titled(rows, TOGETHER.items())),
    )


def _titled(
    rows: Mapping[str, SummaryRow], titles: Iterable[tuple[str, str]]
) -> Iterable[tuple[str, SummaryRow]]:
    return ((title, rows[name]) for name, title in titles if name in rows)
