"""Mathet's gamma: agreement on where units lie and what they are, aligned as a whole.

Conventions
-----------
Opinions are aligned: each unit (segment) of each opinion is put into exactly one group of at
most one unit an opinion. The disorder of a group is the mean dissimilarity of all its pairs,
where a pair that lacks a unit costs 1; that of an alignment is the sum over its groups over
the mean number of units an opinion. Gamma is one minus the least disorder over the mean
least disorder of opinions by chance: 1 is identity, 0 what chance gives, below it worse.

Two units are dissimilar by ``position`` times the square of (distance of onsets + distance of
offsets) over (sum of lengths), plus ``label`` if their labels differ. The defaults are the
paper's; its authors' own program uses position 3.

Chance keeps what each person does and shifts it: each opinion of a chance draw is one of the
real ones, taken at random, moved around the clip as on a ring, with shifts further apart than
a mean unit where the clip has room for that. Its mean rests on a sample, so gamma has an
interval even on one clip; the number of draws follows from the precision asked for.

The alignment is exact: for two opinions an assignment, for more an integer programme over all
groups that can be worth forming. Their number grows with the power of the opinions, so this
is for batches that may take minutes, and never for the gate.

References
----------
Mathet, Widloecher and Metivier, "The unified and holistic method gamma for inter-annotator
agreement measure and alignment", Computational Linguistics 41(3), 2015. That a pair without
any unit costs 1, too, follows the authors' program, whose disorder for the paper's example
is a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from services.domain.errors import InputError
from services.domain.metrics.gamma_alignment import Costs, Units, least_disorder
from services.domain.segments import Segment

N_FIRST_DRAWS = 30
"""Enough to tell how widely chance varies, and so how many draws the precision takes."""
QUANTILE = 1.96
"""Of the normal distribution, for intervals of 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gamma:
    """Disorder observed and by chance.

    Parameters
    ----------
    disorder : float
        Of the best alignment.
    expected : float
        Mean over the draws of chance.
    expected_error : float
        Standard error of that mean.
    n_draws : int
        Draws of chance.
    n_units : float
        Units an opinion, on average: the clip's weight in a figure over many.
    """

    disorder: float
    expected: float
    expected_error: float
    n_draws: int
    n_units: float

    @property
    def value(self) -> float | None:
        """Gamma; None where no opinion has a unit, or chance can only repeat what is there."""
        return 1 - self.disorder / self.expected if self.expected else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the value, from the sampling of chance alone."""
        reach = QUANTILE * self.expected_error
        if not self.expected > reach:
            return None
        low, high = (1 - self.disorder / (self.expected + sign * reach) for sign in (-1, 1))
        return low, high


def measure_gamma(
    opinions: Sequence[Sequence[Segment]],
    *,
    n_frames: int,
    generator: np.random.Generator,
    costs: Costs | None = None,
    precision: float = 0.02,
    most_draws: int = 1000,
) -> Gamma:
    """Measure two or more opinions on one clip.

    Parameters
    ----------
    opinions : sequence of sequence of Segment
        One list of segments for each person.
    n_frames : int
        Length of the clip: the ring on which chance shifts.
    generator : numpy.random.Generator
        Gives the draws of chance; an equal one gives an equal result.
    costs : Costs, optional
        Weights of position and label; the paper's by default.
    precision : float
        Half-width of the 95 % interval of the expected disorder, as a share of it.
    most_draws : int
        Where the precision would take more, it is not reached; ``interval`` says so.

    Raises
    ------
    InputError
        With fewer than two opinions, or with more possible groups than can be weighed.
    """
    if len(opinions) < 2:
        raise InputError("Agreement takes at least two opinions.")
    costs = costs or Costs()
    units = _as_units(opinions)
    n_units = sum(map(len, units)) / len(units)
    if not n_units:
        return Gamma(disorder=0.0, expected=0.0, expected_error=0.0, n_draws=0, n_units=0.0)
    length = max(n_frames, *(int(own.offsets.max()) for own in units if len(own)))
    drawn = [_draw(units, length, generator, costs) for _ in range(N_FIRST_DRAWS)]
    mean, deviation = float(np.mean(drawn)), float(np.std(drawn, ddof=1))
    wanted = ceil((QUANTILE * deviation / (precision * mean)) ** 2) if mean else 0
    n_more = min(wanted, most_draws) - len(drawn)
    drawn += [_draw(units, length, generator, costs) for _ in range(n_more)]
    return Gamma(
        disorder=least_disorder(units, costs) / n_units,
        expected=float(np.mean(drawn)),
        expected_error=float(np.std(drawn, ddof=1)) / len(drawn) ** 0.5,
        n_draws=len(drawn),
        n_units=n_units,
    )


def _as_units(opinions: Sequence[Sequence[Segment]]) -> list[Units]:
    codes: dict[str, int] = {}
    return [
        Units(
            onsets=np.array([segment.onset for segment in own], dtype=np.int64),
            offsets=np.array([segment.offset for segment in own], dtype=np.int64),
            labels=np.array(
                [codes.setdefault(segment.label, len(codes)) for segment in own], dtype=np.int64
            ),
        )
        for own in opinions
    ]


def _draw(units: list[Units], length: int, generator: np.random.Generator, costs: Costs) -> float:
    """Return the least disorder of one draw of chance, which has at least one unit."""
    n_units = 0
    while not n_units:
        sources = generator.integers(len(units), size=len(units))
        n_units = sum(len(units[source]) for source in sources)
    apart = sum(int((own.offsets - own.onsets).sum()) for own in units) // sum(map(len, units))
    shifts = _shifts(len(units), length, apart, generator)
    moved = []
    for source, shift in zip(sources, shifts, strict=True):
        own = units[source]
        onsets = (own.onsets + shift) % length
        moved.append(
            Units(onsets=onsets, offsets=onsets + own.offsets - own.onsets, labels=own.labels)
        )
    return least_disorder(moved, costs) * len(units) / n_units


def _shifts(
    n: int, length: int, apart: int, generator: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Draw shifts on a ring, further apart than a mean unit as far as there is room."""
    apart = min(apart, length // (2 * n))
    while True:
        shifts = generator.integers(length, size=n)
        ordered = np.sort(shifts)
        gaps = np.diff(np.append(ordered, ordered[0] + length))
        if gaps.min() >= apart:
            return shifts
