"""Pairs of two disjoint timelines that every best alignment has.

``services.domain.comparison.alignment`` says why.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.domain.segments import Segment


def sure_pairs(a: Sequence[Segment], b: Sequence[Segment]) -> list[tuple[int, int]]:
    """Return those of one label that meet each other and nothing else, in order of time."""
    meetings = [(-1, -1)]
    row = column = 0
    while row < len(a) and column < len(b):
        one, other = a[row], b[column]
        if one.onset < other.offset and other.onset < one.offset:
            meetings.append((row, column))
        if one.offset <= other.offset:
            row += 1
        else:
            column += 1
    meetings.append((len(a), len(b)))
    # Meetings come in order of both: one that shares a segment is next to it.
    return [
        (row, column)
        for before, (row, column), after in zip(meetings, meetings[1:], meetings[2:], strict=False)
        if before[0] < row < after[0]
        and before[1] < column < after[1]
        and a[row].label == b[column].label
    ]
