from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.multiview.layout import MAX_VIEWS, lay_out

HD, PHONE = (1920, 1080), (1080, 1920)


def places(sizes: list[tuple[int, int]], lines: int = 360) -> list[tuple[int, int, int, int]]:
    return [(tile.x, tile.y, tile.width, tile.height) for tile in lay_out(sizes, lines=lines).tiles]


def test_two_stand_side_by_side() -> None:
    assert places([HD, HD]) == [(0, 0, 640, 360), (640, 0, 640, 360)]


def test_of_more_the_reference_is_large() -> None:
    assert places([HD] * 4) == [
        (0, 0, 640, 360),
        (640, 0, 320, 180),
        (640, 180, 320, 180),
        (960, 0, 320, 180),
    ]
    assert (lay_out([HD] * 4, lines=360).width, lay_out([HD] * 4, lines=360).height) == (1280, 360)


def test_an_upright_phone_keeps_its_shape() -> None:
    assert places([HD, PHONE, HD]) == [(0, 0, 640, 360), (640, 0, 102, 180), (640, 180, 320, 180)]


def test_the_picture_is_no_higher_than_the_highest_view() -> None:
    assert lay_out([(320, 180), (240, 135)], lines=720).height == 180


@pytest.mark.parametrize("n_views", [1, MAX_VIEWS + 1])
def test_too_few_or_too_many_are_refused(n_views: int) -> None:
    with pytest.raises(InputError):
        lay_out([HD] * n_views, lines=360)


SIZES = st.tuples(st.integers(2, 4000), st.integers(2, 4000))


@given(st.lists(SIZES, min_size=2, max_size=MAX_VIEWS), st.integers(16, 1080))
def test_tiles_are_even_and_lie_apart_inside(sizes: list[tuple[int, int]], lines: int) -> None:
    found = lay_out(sizes, lines=lines)
    assert len(found.tiles) == len(sizes)
    covered = 0
    for tile in found.tiles:
        assert all(side % 2 == 0 for side in (tile.x, tile.y, tile.width, tile.height))
        assert tile.width >= 2 <= tile.height
        assert tile.x + tile.width <= found.width
        assert tile.y + tile.height <= found.height
        covered += tile.width * tile.height
    assert covered <= found.width * found.height
    assert found.height % 4 == 0
    for number, one in enumerate(found.tiles):
        for other in found.tiles[:number]:
            beside = one.x >= other.x + other.width or other.x >= one.x + one.width
            above = one.y >= other.y + other.height or other.y >= one.y + one.height
            assert beside or above
