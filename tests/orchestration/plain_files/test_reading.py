"""Every way in which a line can be at fault, and what a person is told about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestration.plain_files.lines import MAX_LINE_BYTES, parse_object
from orchestration.plain_files.opinion import Opinion
from orchestration.plain_files.store import OpinionStore
from orchestration.plain_files.yardstick import Yardstick
from services.domain.errors import InputError, StorageError
from tests.orchestration.plain_files.conftest import Line, Write, marked

STRICT = Yardstick(tolerances=[3]).refuse


def read(path: Path) -> list[Opinion]:
    with OpinionStore.of(path, refuse=STRICT) as store:
        return [opinion for opinion, _ in store.lines()]


def fault(path: Path) -> str:
    with pytest.raises(InputError) as refused:
        read(path)
    return str(refused.value)


def with_segment(**fields: Any) -> dict[str, Any]:
    return marked("ana", "") | {"segments": [{"label": "X", "start_frame": 0} | fields]}


def without(name: str) -> dict[str, Any]:
    line = marked("ana", "X 0-10")
    del line[name]
    return line


FAULTY: dict[str, tuple[Line, str]] = {
    "not JSON": ('{"item": "clip",', "this is not JSON (Expecting property name"),
    "cut off": ('{"item": "cl', "Each line must be one whole JSON object"),
    "pretty": ("{", "write one object a line"),
    "a list": ("[1, 2]", "this is JSON, but no object"),
    "not UTF-8": (b'{"item": "na\xefve"}', "byte 13 of the line is not UTF-8"),
    "NaN": ('{"item": "clip", "fps": NaN}', "NaN is not a number that JSON knows"),
    "infinite": ('{"item": "clip", "n_frames": -Infinity}', "-Infinity is not a number"),
    "twice a field": ('{"item": "a", "item": "b"}', 'the field "item" twice'),
    "deep": ("[" * 100_000, "nested too deeply"),
    "long integer": ('{"n_frames": ' + "9" * 5000 + "}", "thousands of digits"),
    "long decimal": ('{"fps": 0.' + "1" * 50 + "}", "Round it"),
    "no item": (without("item"), "item must be text (the clip's name), not missing"),
    "item a number": (marked("ana", "", item=7), "not the number 7"),
    "item empty": (marked("ana", "", item=" "), "item is empty"),
    "half a character": (marked("ana", "", item="\ud800"), "lone surrogate"),
    "no annotator": (without("annotator"), "annotator must be text (who marked it), not missing"),
    "annotator null": (marked(None, ""), "not null"),
    "no segments": (without("segments"), "segments must be a list, not missing"),
    "segments an object": (marked("ana", "", segments={}), "not an object. Who marked nothing"),
    "segment a list": (marked("ana", "", segments=[[1, 2]]), "segment 1: it must be an object"),
    "no label": (marked("ana", "", segments=[{"start_frame": 0}]), "segment 1: label must be"),
    "no end": (with_segment(), "end_frame is missing, and so is end_s"),
    "frame as text": (with_segment(end_frame="9"), 'whole number (counted from 0), not the text'),
    "frame true": (with_segment(end_frame=True), "not true"),
    "frame broken": (with_segment(end_frame=9.5), "end_frame must be a whole number"),
    "frame huge": (with_segment(end_frame=10**13), "beyond frame 1,000,000,000,000"),
    "frame far": ('{"item":"c","annotator":"a","segments":[{"label":"X","start_frame":0,'
                  '"end_frame":1e999999999}]}', "out of any sensible range"),
    "seconds as text": (with_segment(end_s="1.5"), "end_s must be a number of seconds"),
    "seconds far": (with_segment(end_s=1e12), "too far out at 25 fps"),
    "seconds, fps null": (with_segment(end_s=1.5) | {"fps": None}, "only end_s is given, and fps"),
    "negative": (marked("ana", "X 0-9", segments=[
        {"label": "X", "start_frame": -4, "end_frame": 9}]), "starts before the clip"),
    "reversed": (marked("ana", "X 0-9, Y 30-20"), 'segment 2: "Y" ends before it starts'),
    "no frame": (marked("ana", "X 9-9"), "covers no frame"),
    "no frame left": (with_segment(start_frame=None, start_s=1.0, end_s=1.01),
                      '"X" covers no frame (frames 25 and 25, snapped from 1.0 s and 1.01 s).'),
    "no frame between": (with_segment(start_frame=25, end_s=1.01),
                         "(frames 25 and 25, snapped from 1.01 s)."),
    "no frame as written": (marked("ana", "X 25-25"), "(start_frame 25 and end_frame 25)."),
    "fps text": (marked("ana", "", fps="fast"), 'fps is "fast", which is no rate'),
    "fps by zero": (marked("ana", "", fps="25/0"), "which is no rate"),
    "fps zero": (marked("ana", "", fps=0), "fps must be above 0"),
    "fps negative": (marked("ana", "", fps=-25), "fps must be above 0"),
    "fps true": (marked("ana", "", fps=True), "fps must be a number, not true"),
    "fps list": (marked("ana", "", fps=[25]), "fps must be a number, not a list"),
    "fps huge": ('{"fps": 1e400}', "out of any sensible range"),
    "n_frames zero": (marked("ana", "", n_frames=0), "n_frames must be at least 1"),
    "n_frames text": (marked("ana", "", n_frames="12"), "or null where the length is not known"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_line_is_named_with_its_fault(name: str, write: Write) -> None:
    line, sentence = FAULTY[name]
    path = write(marked("ben", "X 0-10"), "", line)
    said = fault(path)
    assert said.startswith(f"{path}, line 3: ")
    assert sentence in said
    assert said.endswith(".")


@pytest.mark.parametrize(
    "line",
    [
        marked("ana", "X 0-10", fps=None),
        marked("ana", "X 0-10", n_frames=None),
        marked("ana", "X 0-10", n_frames=5),  # The partition reaches to the last end.
        marked("ana", "X 0-10, X 0-10, Y 5-8"),  # Repeats and overlaps are for tier 1 to judge.
        marked("ana", ""),
        marked("ana", "X 0-10", title="?", duration_s=None, extra={"deep": [1.5]}),
        marked("ana", "X 0-10", fps="30000/1001"),
        with_segment(end_frame=10.0, start_s=99, note="frames count where both are given"),
        with_segment(start_frame=None, start_s=0, end_s=1.5),
    ],
)
def test_a_sound_line_is_read(line: Line, write: Write) -> None:
    assert len(read(write(line))) == 1


def test_marks_blank_lines_and_line_ends_of_other_systems_do_no_harm(tmp_path: Path) -> None:
    ana, ben = (
        json.dumps(marked(name, "Käse 0-10"), ensure_ascii=False) for name in ("ana", "ben")
    )
    path = tmp_path / "windows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"{ana}\r\n\r\n  \r\n{ben}".encode())
    assert [(one.annotator, one.line) for one in read(path)] == [("ana", 1), ("ben", 4)]


def test_an_empty_file_is_refused(write: Write) -> None:
    assert "is empty. Each line must be" in fault(write())


def test_utf_16_is_told_from_noise(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(json.dumps(marked("ana", "")), encoding="utf-16")
    assert "line 1: this is UTF-16. Save the file as UTF-8." in fault(path)


def test_a_line_without_end_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.truncate(MAX_LINE_BYTES + 10)
    assert "line 1: the line is longer than 256 MiB" in fault(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot be read: No such file or directory\."):
        read(tmp_path / "none.jsonl")


def test_one_annotator_has_one_line_an_item(write: Write) -> None:
    path = write(marked("ana", "X 0-10"), marked("ben", ""), marked("ana", "X 0-9"))
    said = fault(path)
    assert 'line 3: "ana" has "clip" on line 1 already. Keep one of the two lines.' in said


def test_one_item_has_one_rate(write: Write) -> None:
    path = write(
        marked("ana", "", fps=None),
        marked("ben", "", fps=23.976),
        marked("cleo", "", fps="24000/1001"),
    )
    said = fault(path)
    assert 'line 3: "clip" has fps 24000/1001 here and 23.976 on line 2.' in said


def test_equal_rates_may_be_written_differently(write: Write) -> None:
    rates = (25, "25", "50/2", 25.0, None)
    lines = (marked(f"p{i}", "", fps=rate) for i, rate in enumerate(rates))
    assert len(read(write(*lines))) == 5


def test_items_come_by_first_appearance_and_people_by_theirs(write: Write) -> None:
    path = write(
        marked("zoe", "X 0-1", item="b"),
        marked("ana", "X 0-2", item="a"),
        marked("ana", "X 0-3", item="b"),
        marked("zoe", "X 0-4", item="a"),
    )
    with OpinionStore.of(path) as store:
        found = [[(one.item, one.annotator) for one in item] for item in store.items()]
        assert (store.n_opinions, store.n_items, store.n_alone) == (4, 2, 0)
    assert found == [[("b", "zoe"), ("b", "ana")], [("a", "ana"), ("a", "zoe")]]


def test_what_is_kept_is_what_was_written(write: Write) -> None:
    (opinion,) = read(write(marked("ana", "Y 7-9, X 0-10, Y 2-3", n_frames=None)))
    assert [(s.label, s.onset, s.offset) for s in opinion.spans] == [
        ("Y", 7, 9), ("X", 0, 10), ("Y", 2, 3),
    ]  # fmt: skip
    assert (opinion.rate, opinion.n_frames, opinion.end) == (25, None, 10)


def test_a_name_with_odd_characters_survives(write: Write) -> None:
    odd = "a\u0000\"',\n\u2028é</script>"
    (opinion,) = read(write(marked(odd, "", item=odd)))
    assert (opinion.item, opinion.annotator) == (odd, odd)


def test_a_number_keeps_its_digits() -> None:
    assert str(parse_object(b'{"fps": 23.976}')["fps"]) == "23.976"
