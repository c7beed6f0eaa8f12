"""Krippendorff's alphas for unitizing: chance-corrected agreement on a whole timeline.

Conventions
-----------
Two or more opinions divide one clip into units (segments) and the gaps between them. Each
alpha is one minus disagreement over the disagreement that chance leaves:

``binary`` (|u-alpha)
    Labelled or not, frame against frame; which label does not matter.
``nominal`` (u-alpha)
    Labels and gaps together.
``coding`` (cu-alpha)
    Labels, on the frames that both opinions label.
``per_label`` ((k)u-alpha)
    One label, on the frames that both opinions label; ``coverage`` is the share of the label's
    frames that lie there.

Chance draws frames from all opinions together, but never two of one unit: a unit is one
judgement, however long. Where an opinion's segments overlap, the later in the list owns the
frames of both, as in the partition; touching segments of one label stay two units.

Over clips both kinds of disagreement are summed, in frames, and chance stays within a clip.
An alpha is None where chance leaves no disagreement: one label everywhere, or none.

References
----------
Krippendorff, Mathet, Bouvry and Widloecher, "On the reliability of unitizing textual
continua: further developments", Quality & Quantity 50(6), 2016; Krippendorff, "Content
Analysis", 4th edition, 2019, section 12.6, whose worked example (figure 12.11) is a test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from services.domain.errors import InputError
from services.domain.metrics.framewise import overlay
from services.domain.metrics.partition import Row, disjoint, partition, rows_of
from services.domain.segments import Segment

Frames = npt.NDArray[np.int64]

MOST_LABELS = 1_000
"""Labels of a clip that are affordable: the table of coincidences is their square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Frames in disagreement, observed and expected by chance."""

    observed: float = 0.0
    expected: float = 0.0

    def __add__(self, other: Disagreement) -> Disagreement:
        return Disagreement(
            observed=self.observed + other.observed, expected=self.expected + other.expected
        )

    @property
    def alpha(self) -> float | None:
        """One minus the ratio; None where chance leaves no disagreement."""
        return 1 - self.observed / self.expected if self.expected else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDisagreement:
    """One label's disagreement, its frames that both opinions label, and all of its frames."""

    disagreement: Disagreement = Disagreement()
    n_shared: float = 0.0
    n_frames: float = 0.0

    def __add__(self, other: LabelDisagreement) -> LabelDisagreement:
        return LabelDisagreement(
            disagreement=self.disagreement + other.disagreement,
            n_shared=self.n_shared + other.n_shared,
            n_frames=self.n_frames + other.n_frames,
        )

    @property
    def alpha(self) -> float | None:
        """The label's alpha."""
        return self.disagreement.alpha

    @property
    def coverage(self) -> float | None:
        """Share of the label's frames that the other opinion labels, too."""
        return self.n_shared / self.n_frames if self.n_frames else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unitizing:
    """The four kinds of disagreement, as the module's docstring defines them."""

    binary: Disagreement
    nominal: Disagreement
    coding: Disagreement
    per_label: Mapping[str, LabelDisagreement]

    def __add__(self, other: Unitizing) -> Unitizing:
        none = LabelDisagreement()
        return Unitizing(
            binary=self.binary + other.binary,
            nominal=self.nominal + other.nominal,
            coding=self.coding + other.coding,
            per_label={
                label: self.per_label.get(label, none) + other.per_label.get(label, none)
                for label in sorted({*self.per_label, *other.per_label})
            },
        )


def measure_unitizing(opinions: Sequence[Sequence[Segment]], *, n_frames: int) -> Unitizing:
    """Measure two or more opinions on one clip.

    Parameters
    ----------
    opinions : sequence of sequence of Segment
        One list of segments for each person.
    n_frames : int
        Length of the clip; it reaches further if a segment does.

    Raises
    ------
    InputError
        With fewer than two opinions.

    Notes
    -----
    Everything is counted in integers, ``n_others`` times the published quantities for
    ``n_others`` other opinions, and divided at the end. Cost is n log n for each pair.
    """
    if len(opinions) < 2:
        raise InputError("Agreement takes at least two opinions.")
    units = [disjoint(rows_of(opinion)) for opinion in opinions]
    length = max(n_frames, max((own[-1][1] for own in units if own), default=0))
    n_others = len(units) - 1
    codes: dict[str | None, int] = {None: 0}
    coincidences = _coincidences(units, length, codes)
    squares, pairable_squares = _squares(units, codes)
    # A gap is no judgement: its frames are drawn one by one.
    n_gap = int(coincidences[0].sum()) // n_others
    n_same = sum(squares) + n_gap
    marginals = coincidences.sum(axis=0)
    labelled = coincidences[1:, 1:]
    agreed = np.diagonal(coincidences)
    gaps = marginals[0] - agreed[0]
    return Unitizing(
        binary=_disagreement(
            2 * gaps, [marginals[0], marginals[1:].sum()], n_same * n_others**2, n_others
        ),
        nominal=_disagreement(
            marginals.sum() - agreed.sum(), marginals, n_same * n_others**2, n_others
        ),
        coding=_disagreement(
            labelled.sum() - agreed[1:].sum(),
            labelled.sum(axis=0),
            sum(pairable_squares),
            n_others,
        ),
        per_label=_per_label(coincidences, pairable_squares, codes, n_others),
    )


def _coincidences(units: list[list[Row]], length: int, codes: dict[str | None, int]) -> Frames:
    """Count frames by the classes that two opinions give them, over all ordered pairs."""
    partitions = [partition(own, n_frames=length) for own in units]
    for own in units:  # all classes first: a pair can then be counted and let go
        for _, _, label in own:
            codes.setdefault(label, len(codes))
    counted = np.zeros((len(codes), len(codes)), dtype=np.int64)
    for one, other in combinations(partitions, 2):
        each = overlay(one, other, codes=codes)
        np.add.at(
            counted, (each.classes_a[each.runs_a], each.classes_b[each.runs_b]), each.n_frames
        )
    both: Frames = counted + counted.T
    return both


def _squares(units: list[list[Row]], codes: dict[str | None, int]) -> tuple[list[int], list[int]]:
    """Sum the squared lengths of each label's units, whole and as far as others label them.

    In Python's integers: the square of a few thousand million frames fits no array's.
    """
    tables = [np.array([row[:2] for row in own], dtype=np.int64).reshape(-1, 2) for own in units]
    whole, pairable = [0] * len(codes), [0] * len(codes)
    for place, (own, table) in enumerate(zip(units, tables, strict=True)):
        shared = np.zeros(len(own), dtype=np.int64)
        for other_place, other in enumerate(tables):
            if other_place != place:
                shared += _covered(other, table[:, 1]) - _covered(other, table[:, 0])
        for (onset, offset, label), n_shared in zip(own, shared.tolist(), strict=True):
            whole[codes[label]] += (offset - onset) ** 2
            pairable[codes[label]] += n_shared**2
    return whole, pairable


def _covered(units: Frames, frames: Frames) -> Frames:
    """Return how many frames before each of these the units cover."""
    lengths = np.concatenate(([0], np.cumsum(units[:, 1] - units[:, 0])))
    begun = units[:, 0].searchsorted(frames, side="right")
    ends = np.concatenate(([0], units[:, 1]))
    covered: Frames = lengths[begun] - np.maximum(0, ends[begun] - frames)
    return covered


def _disagreement(
    observed: int, marginals: Sequence[int] | Frames, n_same: int, n_others: int
) -> Disagreement:
    """Return both disagreements from ``n_others`` times the counts.

    ``n_same`` counts, in the square of that scale, the pairs of frames that chance may not
    draw because they are of one unit.
    """
    shares = [int(share) for share in marginals]
    total = sum(shares)
    differing = total**2 - sum(share**2 for share in shares)
    if not differing:
        return Disagreement(observed=int(observed) / n_others, expected=0.0)
    return Disagreement(
        observed=int(observed) / n_others,
        expected=total * differing / ((total**2 - n_same) * n_others),
    )


def _per_label(
    coincidences: Frames, squares: list[int], codes: dict[str | None, int], n_others: int
) -> dict[str, LabelDisagreement]:
    labelled = coincidences[1:, 1:]
    shared = labelled.sum(axis=0)
    total = int(shared.sum())
    found = {}
    for label, code in codes.items():
        if label is None:
            continue
        frames = int(shared[code - 1])
        observed = frames - int(coincidences[code, code])
        # Chance's share of differing partners among all that a frame of the label may draw.
        partners = frames * total - squares[code]
        expected = frames * frames * (total - frames) / partners if partners else 0.0
        found[label] = LabelDisagreement(
            disagreement=Disagreement(observed=observed / n_others, expected=expected / n_others),
            n_shared=frames / n_others,
            n_frames=int(coincidences[code].sum()) / n_others,
        )
    return dict(sorted(found.items()))
