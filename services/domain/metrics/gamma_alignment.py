"""The best alignment behind Mathet's gamma: exact, by assignment or integer programme.

Conventions, dissimilarities and references are those of ``services.domain.metrics.gamma``.
A group of which every unit would cost no more alone is never formed: alone, a unit costs 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt

from services.domain.errors import InputError

Frames = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

MOST_GROUPS = 200_000
"""Groups that the integer programme is given at most; beyond it takes more than minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Weights of position and of label; a pair that lacks a unit costs 1."""

    position: float = 1.0
    label: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """One opinion's units as arrays of equal length."""

    onsets: Frames
    offsets: Frames
    labels: Frames

    def __len__(self) -> int:
        return len(self.onsets)


def dissimilarity(a: Units, b: Units, costs: Costs) -> Values:
    """Return the dissimilarities of all pairs, shape (units of a, units of b)."""
    apart = np.abs(np.subtract.outer(a.onsets, b.onsets)) + np.abs(
        np.subtract.outer(a.offsets, b.offsets)
    )
    lengths = np.add.outer(a.offsets - a.onsets, b.offsets - b.onsets)
    differ = np.not_equal.outer(a.labels, b.labels)
    dissimilar: Values = costs.position * (apart / lengths) ** 2 + costs.label * differ
    return dissimilar


def least_disorder(opinions: list[Units], costs: Costs) -> float:
    """Return the sum of the groups' disorders in the best alignment.

    Raises
    ------
    InputError
        If more than two opinions allow too many groups.
    """
    if len(opinions) == 2:
        return _of_two(opinions[0], opinions[1], costs)
    return _of_many(opinions, costs)


def _of_two(a: Units, b: Units, costs: Costs) -> float:
    from scipy.optimize import linear_sum_assignment

    saved = np.maximum(0, 2 - dissimilarity(a, b, costs))
    rows, columns = linear_sum_assignment(saved, maximize=True)
    return float(len(a) + len(b) - saved[rows, columns].sum())


def _of_many(opinions: list[Units], costs: Costs) -> float:
    """Choose groups that hold each unit once, by how much each saves over units alone."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    firsts = np.concatenate(([0], np.cumsum([len(own) for own in opinions])))
    n_units = int(firsts[-1])
    members: list[int] = []
    ends = [0]
    saved: list[float] = []
    for group, saving in _groups(opinions, costs):
        members += (int(firsts[place]) + index for place, index in group)
        ends.append(len(members))
        saved.append(saving)
        if len(saved) > MOST_GROUPS:
            raise InputError(
                f"{len(opinions)} opinions with {n_units} segments can be aligned in too many "
                "ways for gamma. Compare them in pairs, or in shorter stretches."
            )
    if not saved:
        return float(n_units)
    holds = csr_array((np.ones(len(members)), members, ends), shape=(len(saved), n_units)).T
    found = milp(
        -np.array(saved),
        constraints=LinearConstraint(holds, ub=1),
        integrality=np.ones(len(saved)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},  # the default stops a little short of the best
    )
    return n_units + float(found.fun)


_Group = tuple[tuple[int, int], ...]
"""Opinion and unit, in order of opinions."""


def _groups(opinions: list[Units], costs: Costs) -> Iterator[tuple[_Group, float]]:
    """Yield every group of two units or more that costs less than its units alone."""
    n_pairs = comb(len(opinions), 2)
    # What the pairs inside a group of so many units may cost together, for it to save.
    bounds = [(size - 1) * n_pairs + comb(size, 2) for size in range(len(opinions) + 1)]
    between = {
        (place, other): dissimilarity(opinions[place], opinions[other], costs)
        for place in range(len(opinions))
        for other in range(place + 1, len(opinions))
    }
    growing: list[tuple[_Group, float]] = [
        (((place, index),), 0.0) for place, own in enumerate(opinions) for index in range(len(own))
    ]
    while growing:
        group, cost = growing.pop()
        for place in range(group[-1][0] + 1, len(opinions)):
            added = cost + sum(between[held, place][index] for held, index in group)
            # It may still save after it has grown by every opinion that is left.
            within = np.flatnonzero(added < bounds[len(group) + len(opinions) - place])
            for index in within.tolist():
                grown = (*group, (place, index))
                growing.append((grown, float(added[index])))
                saving = (bounds[len(grown)] - float(added[index])) / n_pairs
                if saving > 0:
                    yield grown, saving
