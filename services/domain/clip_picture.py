"""A clip at a glance, as one SVG: pictures in order of time, and over them what was found.

Time runs from the left edge to the right one. A line is the first frame of a shot, a dark part
is black, a hatched one is frozen. Below stand frames as a person's screen numbers them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Final

from services.domain.frame_numbers import shown_range
from services.domain.hints import FrameRange, Hints, StripCell

# Shown about 700 pixels wide on a small screen, where the numbers must still be legible.
WIDTH: Final = 960
PICTURE_HEIGHT: Final = 56
SCALE_HEIGHT: Final = 20
_NUMBER_WIDTH: Final = 100
_NARROWEST: Final = 2

_HEAD: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
    'font-family="sans-serif" font-size="15" fill="#374151">\n'
    '<defs><image id="strip" width="{strip_width}" height="{strip_height}" '
    'href="data:image/jpeg;base64,{jpeg}"/>\n'
    '<pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="8" height="8" fill="#fff" opacity="0.35"/>'
    '<rect width="3" height="8" fill="#0072B2"/></pattern></defs>\n'
    '<rect width="{width}" height="{height}" fill="#f3f4f6"/>'
)


def clip_svg(hints: Hints, jpeg: bytes) -> str:
    """Draw a clip from its hints and the JPEG that ``hints.strip`` lays out."""
    strip = hints.strip
    head = _HEAD.format(
        width=WIDTH,
        height=PICTURE_HEIGHT + SCALE_HEIGHT,
        strip_width=strip.columns * strip.cell_width,
        strip_height=strip.n_rows * strip.cell_height,
        jpeg=base64.b64encode(jpeg).decode(),
    )
    lines = [
        head,
        *_pictures(hints),
        *_stretches(hints, hints.black, 'fill="#000" opacity="0.85"'),
        *_stretches(hints, hints.frozen, 'fill="url(#hatch)"'),
        *_shots(hints),
        *_numbers(hints),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _pictures(hints: Hints) -> Iterator[str]:
    """Fill the row with as many pictures as fit; each shows the middle of its part."""
    strip, cells = hints.strip, list(hints.strip.cells())
    wanted = PICTURE_HEIGHT * strip.cell_width / strip.cell_height
    n_parts = max(1, round(WIDTH / wanted))
    width = WIDTH / n_parts
    # The cell is cut at the sides, or above and below, to fill its part without distortion.
    for part in range(n_parts):
        cell = _nearest(cells, (2 * part + 1) * hints.n_frames / (2 * n_parts))
        yield (
            f'<svg x="{part * width:.2f}" width="{width:.2f}" height="{PICTURE_HEIGHT}" '
            f'viewBox="{cell.x} {cell.y} {strip.cell_width} {strip.cell_height}" '
            'preserveAspectRatio="xMidYMid slice"><use href="#strip"/></svg>'
        )


def _nearest(cells: list[StripCell], frame: float) -> StripCell:
    return min(cells, key=lambda cell: abs(cell.frame - frame))


def _stretches(hints: Hints, found: Iterable[FrameRange], look: str) -> Iterator[str]:
    places = {
        (_x(hints, stretch.onset), max(_NARROWEST, _x(hints, stretch.offset - stretch.onset)))
        for stretch in found
    }
    for x, width in sorted(places):
        yield f'<rect x="{x}" width="{width}" height="{PICTURE_HEIGHT}" {look}/>'


def _shots(hints: Hints) -> Iterator[str]:
    """Draw lines that stand out on light and on dark; those on one pixel are one."""
    for x in sorted({_x(hints, frame) for frame in hints.shots}):
        yield (
            f'<path d="M{x} 0V{PICTURE_HEIGHT}" stroke="#fff" stroke-width="4"/>'
            f'<path d="M{x} 0V{PICTURE_HEIGHT + 4}" stroke="#D55E00" stroke-width="2"/>'
        )


def _numbers(hints: Hints) -> Iterator[str]:
    n_numbers = min(WIDTH // _NUMBER_WIDTH, hints.n_frames)
    for number in range(n_numbers):
        frame = number * hints.n_frames // n_numbers
        yield (
            f'<text x="{_x(hints, frame) + 3}" y="{PICTURE_HEIGHT + SCALE_HEIGHT - 4}">'
            f"{shown_range(frame, frame + 1)[0]}</text>"
        )


def _x(hints: Hints, frame: int) -> int:
    return round(frame * WIDTH / hints.n_frames)
