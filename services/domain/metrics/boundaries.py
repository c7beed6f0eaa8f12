"""Which boundaries of one opinion answer which of the other, at many tolerances at once.

Conventions
-----------
Boundaries are integer frames, ascending; tolerances are inclusive. Matching is one to one
and maximum at each tolerance, never greedy by distance. A delta is ``b`` minus ``a``:
positive where the second opinion is later.

Boundaries further apart than the largest tolerance cannot answer each other, so the two
sequences fall into clusters, most of them a single pair, that are solved one by one. The
counts cost n for each tolerance. The deltas of a large cluster cost its pairs within reach,
or its boundaries times those that no largest matching can pair, whichever is fewer.

References
----------
Turnbull et al., "A supervised approach for detecting boundaries in music using difference
features and boosting", ISMIR 2007 (hit rate); Raffel et al., "mir_eval: a transparent
implementation of common MIR metrics", ISMIR 2014.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.domain.metrics.nearest import nearest_deltas

Frames = npt.NDArray[np.int64]

_NEVER = 1 << 62
"""Later than any frame: stands behind the last boundary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryMatches:
    """How many boundaries answer each other, and by how much they differ.

    Parameters
    ----------
    counts : tuple of int
        Size of a maximum one-to-one matching, for each tolerance in the order given.
    deltas : list of int
        Of the maximum matching at the largest tolerance that has the least total distance:
        frames by which ``b`` is later.
    """

    counts: tuple[int, ...]
    deltas: list[int]


def match_boundaries_at(
    a: Sequence[int], b: Sequence[int], *, tolerances: Sequence[int]
) -> BoundaryMatches:
    """Match two ascending sequences of boundaries at each tolerance.

    Parameters
    ----------
    a, b : sequence of int
        Ascending frames.
    tolerances : sequence of int
        Inclusive, in frames, not negative; at least one.

    Notes
    -----
    Ties between matchings of equal size and total distance are broken by the frames alone:
    swapping the sequences flips the sign of every delta and changes nothing else.

    Written without arrays: at the length of real clips one pass over two lists is faster
    than NumPy's calls, and at 100,000 boundaries it takes a few hundredths of a second.
    """
    steps = sorted(set(tolerances))
    deltas, crowds = _clusters(a, b, reach=steps[-1])
    needed = list(map(abs, deltas))
    for crowd in crowds:
        _match_crowd(*crowd, steps, needed=needed, deltas=deltas)
    needed.sort()
    counts = tuple([bisect_right(needed, tolerance) for tolerance in tolerances])
    return BoundaryMatches(counts=counts, deltas=deltas)


def _clusters(
    a: Sequence[int], b: Sequence[int], *, reach: int
) -> tuple[list[int], list[tuple[list[int], list[int]]]]:
    """Return the deltas of the pairs that reach nothing else, and the larger clusters."""
    never = _NEVER
    ones, others = [*a, never], [*b, never]
    deltas: list[int] = []
    crowds: list[tuple[list[int], list[int]]] = []
    i = j = 0
    one, other = ones[0], others[0]
    while True:
        delta = other - one
        if delta > reach:
            i += 1
            one = ones[i]
            continue
        if delta < -reach:
            j += 1
            other = others[j]
            continue
        if one == never:  # and so is the other: nothing else is within reach of it
            break
        first_i, first_j = i, j
        far, far_other = one + reach, other + reach
        i += 1
        j += 1
        one, other = ones[i], others[j]
        if one > far_other and other > far:
            deltas.append(delta)
            continue
        while one <= far_other or other <= far:
            if one <= far_other:
                far = one + reach
                i += 1
                one = ones[i]
            else:
                far_other = other + reach
                j += 1
                other = others[j]
        crowds.append((ones[first_i:i], others[first_j:j]))
    return deltas, crowds


def _match_crowd(
    ones: list[int], others: list[int], steps: list[int], *, needed: list[int], deltas: list[int]
) -> None:
    """Add a cluster's pairs: the tolerance that each more pair needs, and the deltas.

    The sizes of a cluster's maximum matchings grow with the tolerance, so a list of the
    tolerances at which they grow says all of them at once.
    """
    if len(ones) == len(others) == 2:
        _match_twos(ones, others, needed=needed, deltas=deltas)
        return
    limit = min(len(ones), len(others))
    if limit == 1:
        delta = min([other - one for one in ones for other in others], key=abs)
        deltas.append(delta)
        needed.append(abs(delta))
        return
    straight = [other - one for one, other in zip(ones, others, strict=False)]
    distances = list(map(abs, straight))
    if len(ones) == len(others) and max(distances) <= steps[-1]:
        deltas += straight  # the one perfect matching that keeps the order
        crossed = min(
            [abs(other - one) for one, other in zip(ones, others[1:], strict=False)]
            + [abs(other - one) for one, other in zip(ones[1:], others, strict=False)]
        )
        if crossed > max(distances):  # then no other pair is as near as any of these
            needed += distances
            return
        most = limit
    else:
        most = _n_matched(ones, others, steps[-1])
        deltas += nearest_deltas(ones, others, reach=steps[-1], n_matched=most)
    matched = 0
    ascending = iter(steps)
    while matched < most:
        tolerance = next(ascending)
        before, matched = matched, _n_matched(ones, others, tolerance)
        needed += [tolerance] * (matched - before)


def _match_twos(
    ones: list[int], others: list[int], *, needed: list[int], deltas: list[int]
) -> None:
    """Match two with two: in order, or one of the four would be in no pair's reach."""
    (a, b), (x, y) = ones, others
    first, second = x - a, y - b
    deltas += first, second
    needed += (
        min(abs(first), abs(second), abs(y - a), abs(x - b)),
        max(abs(first), abs(second)),
    )


def _n_matched(a: list[int], b: list[int], tolerance: int) -> int:
    """Count a maximum matching: pairing the two lowest that reach each other never costs one."""
    matched = i = j = 0
    n, m = len(a), len(b)
    while i < n and j < m:
        delta = b[j] - a[i]
        if delta > tolerance:
            i += 1
        elif delta < -tolerance:
            j += 1
        else:
            matched += 1
            i += 1
            j += 1
    return matched
