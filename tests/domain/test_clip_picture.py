"""The clip at a glance: every mark stands where its frame is."""

from xml.etree import ElementTree

import pytest

from services.domain.clip_picture import PICTURE_HEIGHT, WIDTH, clip_svg
from services.domain.hints import FrameRange, HintRules, Hints, Strip

SVG = "{http://www.w3.org/2000/svg}"


def drawn(n_frames=WIDTH, *, cells=20, cell=(96, 54), **found):
    frames = tuple(range(0, n_frames, max(1, n_frames // cells)))
    strip = Strip(frames=frames, columns=12, cell_width=cell[0], cell_height=cell[1])
    given = {"shots": (), "black": (), "frozen": (), **found}
    hints = Hints(n_frames=n_frames, strip=strip, rules=HintRules(), **given)
    return ElementTree.fromstring(clip_svg(hints, b"jpeg"))


def stretches(root, fill):
    return [
        (int(rect.get("x")), int(rect.get("width")))
        for rect in root.findall(f"{SVG}rect")
        if rect.get("fill") == fill
    ]


def test_marks_lie_at_their_frames():
    root = drawn(
        shots=(300,),
        black=(FrameRange(onset=0, offset=12),),
        frozen=(FrameRange(onset=600, offset=900),),
    )
    assert [path.get("d") for path in root.findall(f"{SVG}path")] == [
        f"M300 0V{PICTURE_HEIGHT}",
        f"M300 0V{PICTURE_HEIGHT + 4}",
    ]
    assert stretches(root, "#000") == [(0, 12)]
    assert stretches(root, "url(#hatch)") == [(600, 300)]


def test_a_single_frame_of_hours_can_be_seen():
    root = drawn(900_000, black=(FrameRange(onset=450_000, offset=450_001),))
    assert stretches(root, "#000") == [(WIDTH // 2, 2)]


def test_marks_on_one_spot_are_one():
    root = drawn(900_000, shots=tuple(range(1, 900_000, 90)))
    assert len(root.findall(f"{SVG}path")) == 2 * (WIDTH + 1)


@pytest.mark.parametrize("cell", [(96, 54), (54, 96), (96, 96)])
def test_pictures_fill_the_row_in_order_of_time(cell):
    parts = drawn(cell=cell).findall(f"{SVG}svg")
    places = [float(part.get("x")) for part in parts]
    widths = {float(part.get("width")) for part in parts}
    assert places == sorted(places)
    assert len(parts) * max(widths) == pytest.approx(WIDTH, abs=1)
    shown = [tuple(map(int, part.get("viewBox").split()[1::-1])) for part in parts]
    assert shown == sorted(shown)


def test_frames_are_numbered_as_people_see_them():
    numbers = [int(text.text) for text in drawn().findall(f"{SVG}text")]
    assert numbers == [n * WIDTH // 9 + 1 for n in range(9)]
    assert [text.text for text in drawn(3).findall(f"{SVG}text")] == ["1", "2", "3"]
