"""How the views of a group stand in one picture: the reference first and large.

Two views stand side by side at full height; of more, the others stand at half height, two in a
column, to the right. Every view keeps its shape. All sides and places are even, as the chroma of
yuv420p needs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.domain.errors import InputError

MAX_VIEWS = 9
"""With more, tiles are too small, and the picture too wide, to label by."""

Size = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A view's place in the picture, in pixels from the top left."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The whole picture's size, and each view's tile in the order of the views."""

    width: int
    height: int
    tiles: tuple[Tile, ...]


def lay_out(sizes: Sequence[Size], *, lines: int) -> Layout:
    """Lay out views of the given upright sizes.

    Parameters
    ----------
    sizes : sequence of (width, height)
        With square pixels, the reference first.
    lines : int
        Height of the picture at most; less when no view has as many.

    Raises
    ------
    InputError
        If there are fewer than two views or more than MAX_VIEWS.
    """
    if not 2 <= len(sizes) <= MAX_VIEWS:
        raise InputError(f"A group has 2 to {MAX_VIEWS} views, not {len(sizes)}.")
    height = max(4, min(lines, max(tall for _, tall in sizes)) // 4 * 4)
    tiles = [Tile(x=0, y=0, width=_width(sizes[0], height), height=height)]
    right = tiles[0].width
    rows = 1 if len(sizes) == 2 else 2
    each = height // rows // 2 * 2
    for first in range(1, len(sizes), rows):
        column = [
            Tile(x=right, y=row * each, width=_width(size, each), height=each)
            for row, size in enumerate(sizes[first : first + rows])
        ]
        tiles += column
        right += max(tile.width for tile in column)
    return Layout(width=right, height=height, tiles=tuple(tiles))


def _width(size: Size, height: int) -> int:
    return max(2, round(Fraction(size[0] * height, size[1]) / 2) * 2)
