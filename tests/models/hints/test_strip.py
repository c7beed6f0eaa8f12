from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.hints.strip import Thumbnails
from services.domain.errors import InputError
from services.domain.hints import HintRules
from tests.models.hints.pictures import found_in, picture, still


def strip_of(n_frames: int, rules: HintRules | None = None):
    """Grey pictures, each as bright as its frame's number says."""
    levels = (40 + k % 200 for k in range(n_frames))
    made = found_in((next(still((level,) * 3, 1)) for level in levels), rules)
    sheet = cv2.imdecode(np.frombuffer(made.strip_jpeg, np.uint8), cv2.IMREAD_COLOR)
    return made.hints.strip, sheet


@pytest.mark.parametrize(
    ("n_frames", "frames"),
    [
        (1, [0]),
        (7, list(range(7))),
        (60, list(range(60))),
        (61, list(range(0, 61, 2))),
        (120, list(range(0, 120, 2))),
        (121, list(range(0, 121, 4))),
        (1000, list(range(0, 1000, 32))),
    ],
)
def test_frames_are_evenly_spread(n_frames, frames):
    strip, _ = strip_of(n_frames)
    assert list(strip.frames) == frames


def test_every_cell_shows_its_frame():
    strip, sheet = strip_of(130)
    assert sheet.shape == (strip.n_rows * strip.cell_height, 12 * 96, 3)
    assert (strip.cell_width, strip.cell_height, strip.n_rows) == (96, 54, 3)
    for cell in strip.cells():
        inside = sheet[cell.y + 8 : cell.y + 46, cell.x + 8 : cell.x + 88]
        assert abs(float(inside.mean()) - (40 + cell.frame)) < 4


def test_a_few_cells_make_one_short_row():
    strip, sheet = strip_of(5)
    assert (strip.columns, strip.n_rows) == (5, 1)
    assert sheet.shape == (54, 480, 3)


@pytest.mark.parametrize(
    ("size", "cell"), [((180, 320), (18, 32)), ((40, 4000), (1, 32)), ((20, 10), (32, 16))]
)
def test_a_cell_has_the_picture_s_shape(size, cell):
    thumbnails = Thumbnails(HintRules(thumbnail_side=32))
    thumbnails.observe(0, picture(np.zeros((*size[::-1], 3), dtype=np.uint8)))
    strip, _ = thumbnails.finish()
    assert (strip.cell_width, strip.cell_height) == cell


def test_the_rules_say_how_many():
    for most in (10, 9, 7):
        strip, _ = strip_of(100, HintRules(thumbnails=most))
        assert list(strip.frames) == list(range(0, 100, 16))


def test_no_frame_makes_no_strip():
    with pytest.raises(InputError):
        Thumbnails(HintRules()).finish()
