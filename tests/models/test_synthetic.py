import numpy as np
import pytest

from models.synthetic import read_frame_number, render
from tests.videos import N_FRAMES, TIMELINE, clip, numbers_in


def luma(picture):
    return picture.mean(axis=2).astype(np.uint8)


@pytest.mark.parametrize("size", [(128, 72), (320, 180), (96, 320), (640, 360)])
def test_numbers_are_read_back(size):
    pictures = render(TIMELINE, size=size, noise=12)
    assert [read_frame_number(luma(picture)) for picture in pictures] == list(range(N_FRAMES))


def test_a_flipped_cell_is_noticed():
    picture = luma(next(iter(render(TIMELINE, size=(320, 180)))))
    assert read_frame_number(picture) == 0
    cell = 320 // 26
    picture[-20:, 2 * cell + 2 : 3 * cell + 2] = 235
    assert read_frame_number(picture) is None


@pytest.mark.parametrize("picture", [np.zeros((90, 160)), np.full((90, 160), 128)])
def test_a_picture_without_cells_has_no_number(picture):
    assert read_frame_number(picture.astype(np.uint8)) is None


def test_equal_labels_look_alike_and_others_do_not():
    timeline = [("reach", 1), ("pour", 1), ("reach", 1)]
    first, other, again = (p[:150].mean(axis=(0, 1)) for p in render(timeline, size=(320, 180)))
    assert np.abs(first - again).max() < 8
    assert np.abs(first - other).max() > 15


def test_the_same_clip_is_made_twice(tmp_path):
    assert clip(tmp_path, "a.mp4").read_bytes() == clip(tmp_path, "b.mp4").read_bytes()
    assert numbers_in(tmp_path / "a.mp4") == list(range(N_FRAMES))
