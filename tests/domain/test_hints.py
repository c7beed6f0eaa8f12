from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.hints import FrameRange, HintRules, Hints, Strip, StripCell

STRIP = Strip(frames=(0, 50), columns=2, cell_width=96, cell_height=54)


def hints(**fields) -> Hints:
    given = {"shots": (), "black": (), "frozen": (), "strip": STRIP, "rules": HintRules()}
    return Hints(n_frames=100, **{**given, **fields})


def ranges(*pairs: tuple[int, int]) -> tuple[FrameRange, ...]:
    return tuple(FrameRange(onset=onset, offset=offset) for onset, offset in pairs)


@given(
    st.lists(st.integers(1, 99), unique=True).map(sorted),
    st.lists(st.integers(0, 100), unique=True, max_size=20).map(sorted),
    st.builds(HintRules, black_luma=st.integers(0, 255)),
)
def test_the_json_form_comes_back(shots, edges, rules):
    black = ranges(*zip(edges[::2], edges[1::2], strict=False))
    made = hints(shots=tuple(shots), black=black, rules=rules)
    assert Hints.from_json(json.loads(json.dumps(made.as_json()))) == made


@pytest.mark.parametrize(
    "fields",
    [
        {"shots": (0,)},
        {"shots": (100,)},
        {"shots": (5, 5)},
        {"shots": (5, 4, 6)},
        {"black": ranges((0, 10), (9, 12))},
        {"frozen": ranges((90, 101))},
    ],
    ids=str,
)
def test_what_cannot_be_on_the_clip_is_refused(fields):
    with pytest.raises(InputError):
        hints(**fields)


def test_a_range_has_a_frame():
    for onset, offset in ((3, 3), (4, 3), (-1, 3)):
        with pytest.raises(InputError):
            FrameRange(onset=onset, offset=offset)


@pytest.mark.parametrize(
    "change", [{"shots": None}, {"black": [[1]]}, {"strip": {}}, {"rules": {"unknown": 1}}], ids=str
)
def test_what_are_no_hints_is_refused(change):
    with pytest.raises(InputError):
        Hints.from_json({**hints().as_json(), **change})
    with pytest.raises(InputError):
        Hints.from_json({})


def test_cells_lie_row_by_row():
    strip = Strip(frames=(0, 4, 8, 12, 16), columns=2, cell_width=10, cell_height=6)
    assert strip.n_rows == 3
    assert list(strip.cells())[2:] == [
        StripCell(8, 0, 6),
        StripCell(12, 10, 6),
        StripCell(16, 0, 12),
    ]
