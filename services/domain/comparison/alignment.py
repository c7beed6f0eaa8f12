"""Order-preserving alignment of two timelines that hold one label at a time.

Conventions
-----------
Both timelines are disjoint and in order of time. An alignment is a chain of groups that
cross nowhere; each segment is in at most one group. A group is a *pair*, a *split* (one
segment of the first opinion, two or more of the second) or a *merge* (the reverse). All
segments of a split or merge carry one label and share a frame with the one on its other
side; what lies between two pieces with another label stays alone.

What is best, in this order:

1. most pairs that agree;
2. most groups of one label that share a frame;
3. most segments in groups that share a frame or a label;
4. most segments in groups;
5. most groups of one label;
6. fewest boundaries outside tolerance, of a split or merge the outer ones;
7. least distance in frames, between the outer boundaries;
8. earliest.

Agreement comes first without exception. A segment that agrees is never taken from its pair
to complete a split, even where it agrees only because the tolerance is wide: what is left
over is then an extra segment of its own. So a wider tolerance can never lower the number of
agreed segments, and what may be accepted is not sent to a person. Second place keeps pairs
together where there are as many pairs as a split and a merge would explain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from services.domain.comparison.sure_pairs import sure_pairs
from services.domain.comparison.tolerances import Tolerances
from services.domain.segments import Segment

Group = tuple[tuple[int, ...], tuple[int, ...]]
"""Indices into both timelines of the segments that answer each other."""

# Plain tuples of integers, unlike elsewhere: there are several for every segment, and Python's
# garbage collector would look through anything else again and again.
_Edge = tuple[int, int, int | None, int]
"""Column; worth up to the onsets; worth of the offsets, None for a pair that is not near (its
whole worth then stands before it); what agreement adds."""
_Link = tuple[int, int, int, int, int]
"""Number of the link before; the group's first and last row, its first and last column."""
_Run = tuple[int, int, int]
"""A split or merge that is still open: worth so far, the link before it, where it began."""
_NONE = -1


def align(
    a: Sequence[Segment], b: Sequence[Segment], *, tolerances: Tolerances, window: int
) -> list[Group]:
    """Align two disjoint timelines.

    Parameters
    ----------
    a, b : sequence of Segment
        Each disjoint and in order of time.
    tolerances : Tolerances
        Which boundaries count as the same.
    window : int
        Pairing window in frames, for segments that share no frame.

    Returns
    -------
    list of Group
        In order of time.

    Notes
    -----
    Two segments of one label that share a frame with each other and with nothing else are a
    pair of every best alignment: whatever takes one of them, or crosses them, is a pair that
    shares no frame, and no number of those weighs as much. So what lies between two such pairs
    is aligned on its own. The cost is that of sorting out those pairs, and grows with the
    number of eligible pairs among the rest, which for disjoint timelines is that of segments,
    times at most twice the window where they are shorter than it.
    """
    worth = _Worth.over(a, b, window=window)
    groups: list[Group] = []
    row = column = 0
    for next_row, next_column in [*sure_pairs(a, b), (len(a), len(b))]:
        if row < next_row and column < next_column:
            chains = _Chains(worth.piece)
            rows, columns = a[row:next_row], b[column:next_column]
            found = _rows(rows, columns, worth, tolerances=tolerances, window=window)
            for place, edges in enumerate(found):
                if edges:
                    chains.add(place, edges)
            links = (_moved(link, row, column) for link in chains.best())
            groups += (_group(link, a, b) for link in links)
        if next_row < len(a):
            groups.append(((next_row,), (next_column,)))
        row, column = next_row + 1, next_column + 1
    return groups


class _Worth(NamedTuple):
    """The lexicographic order of the module's docstring, packed into one integer."""

    agreed: int
    near: int
    evident: int
    grouped: int
    same_label: int
    outside: int

    @classmethod
    def over(cls, a: Sequence[Segment], b: Sequence[Segment], *, window: int) -> _Worth:
        """Space the ranks so that no sum of a lower one reaches a higher one."""
        most_groups, most_segments = min(len(a), len(b)), len(a) + len(b)
        reach = max([window, *(s.offset - s.onset for s in a), *(s.offset - s.onset for s in b)])
        units = [1]
        for highest in (
            2 * reach * most_groups,
            2 * most_groups,
            most_groups,
            most_segments,
            most_segments,
            most_groups,
        ):
            units.append(units[-1] << highest.bit_length())
        return cls(*reversed(units[1:]))

    @property
    def piece(self) -> int:
        """Worth of each segment of a split or merge after the first two."""
        return self.evident + self.grouped

    @property
    def near_pair(self) -> int:
        """Worth of a near pair, or of the first two of a split or merge, less its boundaries."""
        return self.near + self.same_label + 2 * self.piece

    def far_pair(self, *, same_label: bool, shares_frame: bool) -> int:
        """Worth of any other pair, less its boundaries."""
        evident = 2 * self.evident if same_label or shares_frame else 0
        return 2 * self.grouped + evident + (self.same_label if same_label else 0)


def _rows(
    a: Sequence[Segment],
    b: Sequence[Segment],
    worth: _Worth,
    *,
    tolerances: Tolerances,
    window: int,
) -> Iterator[list[_Edge]]:
    """Yield the eligible columns of each row, ascending, and what each is worth."""
    near, outside, agreed = worth.near_pair, worth.outside, worth.agreed
    within = tolerances.within
    low, n_columns = 0, len(b)
    for one in a:
        onset, offset, label = one.onset, one.offset, one.label
        # Who ended more than the window ago is eligible for no later row either.
        while low < n_columns and b[low].offset + window < onset:
            low += 1
        edges: list[_Edge] = []
        for column in range(low, n_columns):
            other = b[column]
            later, longer = other.onset - onset, other.offset - offset
            shares = other.onset < offset and onset < other.offset
            if not shares:
                if other.onset >= offset and later > window:
                    break
                if abs(later) > window or abs(longer) > window:
                    continue
            same = label == other.label
            onset_frames, offset_frames = tolerances.of_labels(label, other.label)
            first = last = outside
            if within(onset, other.onset, onset_frames):
                first = 0
            if within(offset, other.offset, offset_frames):
                last = 0
            agrees = not first and not last
            first, last = -first - abs(later), -last - abs(longer)
            if same and shares:
                edges.append((column, near + first, last, agreed if agrees else 0))
            else:
                far = worth.far_pair(same_label=same, shares_frame=shares)
                edges.append((column, far + first + last, None, 0))
        yield edges


class _Chains:
    """The best chain over the rows so far and the columns before each.

    Notes
    -----
    ``worth[k]`` is the best over columns ``0..k-1``. The eligible columns of a row have no
    hole, and neither their lowest nor their highest ever falls from one row to the next: of
    two crossing pairs that are eligible, the two that do not cross are eligible as well, as
    both timelines are disjoint. So each row extends the list at its upper end and improves it
    from its lowest column on; nothing below that is read again. An open split is carried
    along its row and an open merge along its column: one step an edge, however many pieces
    there are.
    """

    def __init__(self, piece: int) -> None:
        self._piece = piece
        self._links: list[_Link] = []
        self._worth = [0]
        self._chain = [_NONE]
        self._merges: dict[int, _Run] = {}

    def add(self, row: int, edges: list[_Edge]) -> None:
        """Let one more row take part."""
        worth, chain, piece = self._worth, self._chain, self._piece
        if (lacking := edges[-1][0] + 2 - len(worth)) > 0:
            worth.extend(worth[-1:] * lacking)
            chain.extend(chain[-1:] * lacking)
        found: list[tuple[int, int, int]] = []
        merges: dict[int, _Run] = {}
        split: _Run | None = None
        for column, first, last, agreement in edges:
            before, opened = chain[column], worth[column] + first
            link = before, row, row, column, column
            merge = self._merges.get(column)
            if last is None:
                found.append((column, opened, self._number(link)))
                if merge is not None:  # another label lies between two pieces
                    merges[column] = merge
                continue
            best = opened + agreement
            if split is None or split[0] + piece < opened:
                split = opened, before, column
            else:
                split = split[0] + piece, split[1], split[2]
                if split[0] > best:
                    best, link = split[0], (split[1], row, row, split[2], column)
            if merge is None or merge[0] + piece < opened:
                merges[column] = opened, before, row
            else:
                merges[column] = merge = merge[0] + piece, merge[1], merge[2]
                if merge[0] > best:
                    best, link = merge[0], (merge[1], merge[2], row, column, column)
            found.append((column, best + last, self._number(link)))
        # Whoever shares a frame with a column before and after this row shares one with it.
        self._merges = merges
        self._improve(found)

    def _number(self, link: _Link) -> int:
        self._links.append(link)
        return len(self._links) - 1

    def _improve(self, found: list[tuple[int, int, int]]) -> None:
        """Carry what this row found to every place after it that has nothing better."""
        worth, chain = self._worth, self._chain
        best, number = _NONE, _NONE
        for column, value, candidate in found:
            if value > best:
                best, number = value, candidate
            if best > worth[column + 1]:
                worth[column + 1], chain[column + 1] = best, number

    def best(self) -> list[_Link]:
        """Return the groups of the best chain over everything, in order."""
        links = []
        number = self._chain[-1]
        while number != _NONE:
            links.append(self._links[number])
            number = links[-1][0]
        return links[::-1]


def _moved(link: _Link, row: int, column: int) -> _Link:
    """Return the link of segments that come after so many others."""
    before, first_row, last_row, first_column, last_column = link
    return before, first_row + row, last_row + row, first_column + column, last_column + column


def _group(link: _Link, a: Sequence[Segment], b: Sequence[Segment]) -> Group:
    """Return a link's members: between its ends, those that carry the label."""
    _, first_row, last_row, first_column, last_column = link
    if first_row == last_row and first_column == last_column:
        return (first_row,), (first_column,)
    label = a[first_row].label
    rows, columns = range(first_row, last_row + 1), range(first_column, last_column + 1)
    return (
        tuple(row for row in rows if a[row].label == label),
        tuple(column for column in columns if b[column].label == label),
    )
