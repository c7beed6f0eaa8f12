"""Of the largest matchings of two crowds of boundaries, one of least total distance.

Conventions
-----------
Both sides ascend and so do the pairs of an answer: no two cross. Of equally good answers the
one that takes the earlier boundaries wins.

Notes
-----
Row by row over ``a``, the best total over the first columns of ``b``. A row looks only at
the columns within its reach, and of those only at the ones that a largest matching can pair
it with: where ``k`` can be matched, ``n - k`` and ``m - k`` stay alone, and a pair ``(i, j)``
has ``k - n <= j - i <= m - k``. What is kept of a row is two bits a column.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

WIDE = 48
"""Columns from which on NumPy's calls cost less than a loop."""
_EXACT = 1 << 62
"""Totals below this fit NumPy's integers."""


class _Row(NamedTuple):
    """What one row decides: bit ``p`` stands for the first ``low + p + 1`` columns.

    A record is more than any fewer columns give; a taken one pairs the row with its column.
    """

    low: int
    records: int
    taken: int


def nearest_deltas(a: list[int], b: list[int], *, reach: int, n_matched: int) -> list[int]:
    """Return the deltas, ``b`` minus ``a``, of the matching; their order is that of time.

    Parameters
    ----------
    a, b : list of int
        Ascending frames, at least one each.
    reach : int
        Largest distance of a pair, inclusive.
    n_matched : int
        Size of a largest matching within that reach.
    """
    if b < a:  # one canonical side, so that swapping mirrors
        mirrored = nearest_deltas(b, a, reach=reach, n_matched=n_matched)
        return [-delta for delta in mirrored]
    windows = _windows(a, b, reach, n_matched)
    worth = reach * n_matched + 1  # a pair outweighs every distance together
    if max(high - low for low, high in windows) < WIDE:
        rows = _loop(a, b, windows, worth)
    else:
        rows = _sweep(a, b, windows, worth, exact=worth * (n_matched + 1) < _EXACT)
    return _traced(a, b, rows)


def _windows(a: list[int], b: list[int], reach: int, n_matched: int) -> list[tuple[int, int]]:
    """Return for each row the half-open range of its columns; both ends never fall."""
    alone_a, alone_b = len(a) - n_matched, len(b) - n_matched
    windows = []
    low = high = 0
    for i, frame in enumerate(a):
        while low < len(b) and b[low] < frame - reach:
            low += 1
        while high < len(b) and b[high] <= frame + reach:
            high += 1
        first = max(low, i - alone_a)
        windows.append((first, max(first, min(high, i + alone_b + 1))))
    return windows


def _loop(a: list[int], b: list[int], windows: list[tuple[int, int]], worth: int) -> list[_Row]:
    best = [0]
    rows = []
    for frame, (low, high) in zip(a, windows, strict=True):
        best += [best[-1]] * (high + 1 - len(best))
        records = taken = 0
        bit = 1
        diagonal = most = best[low]
        for column in range(low, high):
            stay = best[column + 1]
            take = diagonal + worth - abs(b[column] - frame)
            diagonal = stay
            if take > stay:
                if take > most:
                    most = take
                    records |= bit
                    taken |= bit
            else:
                # More than fewer columns give, always: a row and a column added together are
                # worth no less than apart, as pairs that cross can be uncrossed at no cost.
                most = stay
                records |= bit
            best[column + 1] = most
            bit <<= 1
        rows.append(_Row(low, records, taken))
    return rows


def _sweep(
    a: list[int], b: list[int], windows: list[tuple[int, int]], worth: int, *, exact: bool
) -> list[_Row]:
    """Do what ``_loop`` does, a row at a time."""
    kind = np.int64 if exact else object
    frames = np.array(b, dtype=kind)
    best = np.zeros(len(b) + 1, dtype=kind)
    known = 0
    rows = []
    for frame, (low, high) in zip(a, windows, strict=True):
        best[known + 1 : high + 1] = best[known]
        known = max(known, high)
        take = best[low:high] + (worth - np.abs(frames[low:high] - frame))
        stay = best[low + 1 : high + 1]
        most = best[low : high + 1].copy()
        np.maximum(stay, take, out=most[1:])
        np.maximum.accumulate(most, out=most)
        rows.append(_Row(low, _bits(most[1:] > most[:-1]), _bits(take > stay)))
        best[low + 1 : high + 1] = most[1:]
    return rows


def _bits(flags: npt.NDArray[Any]) -> int:
    packed = np.packbits(flags.astype(bool, copy=False), bitorder="little")
    return int.from_bytes(packed.tobytes(), "little")


def _traced(a: list[int], b: list[int], rows: list[_Row]) -> list[int]:
    """Walk back from the last row; the columns only ever go down."""
    n_columns = len(b)
    deltas = []
    for frame, row in zip(reversed(a), reversed(rows), strict=True):
        if n_columns <= row.low:
            continue
        place = (row.records & ((1 << (n_columns - row.low)) - 1)).bit_length()
        n_columns = row.low + place
        if place and row.taken >> (place - 1) & 1:
            n_columns -= 1
            deltas.append(b[n_columns] - frame)
    return deltas[::-1]
