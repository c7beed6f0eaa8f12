from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from models.group import IngestedGroup, ViewFile, ingest_group
from models.refusal import MediaRefusedError
from services.domain.hints import HintRules
from services.domain.multiview.alignment import OffsetMethod
from services.domain.multiview.frame_map import NO_FRAME, frame_map
from services.domain.multiview.layout import lay_out
from services.domain.multiview.manifest import ViewSpec
from tests.models.multiview.views import numbers_of, view
from tests.sounds import pair
from tests.videos import cut_off, tone

NTSC = Fraction(30000, 1001)


def given(path: Path, offset_s: Fraction | str, drift_ppm: str = "0") -> ViewFile:
    spec = ViewSpec(offset_s=str(offset_s), drift_ppm=drift_ppm)
    return ViewFile(name=path.stem, path=path, spec=spec)


def named(path: Path, **spec: str) -> ViewFile:
    return ViewFile(name=path.stem, path=path, spec=ViewSpec(**spec))


def check_every_tile(folder: Path, done: IngestedGroup) -> list[list[int | None]]:
    """See that each tile of each picture shows the frame that the map names."""
    parts = [done.reference, *(one.examined for one in done.views)]
    layout = lay_out([(part.probe.width, part.probe.height) for part in parts], lines=360)
    shown = numbers_of(folder / "proxy.mp4", layout)
    reference = done.reference.timebase
    maps = [frame_map(reference, one.examined.timebase, one.alignment) for one in done.views]
    wanted = [
        [number, *(None if m.frames[number] == NO_FRAME else m.frames[number] for m in maps)]
        for number in range(reference.n_frames)
    ]
    assert shown == wanted
    assert [one.map for one in done.views] == [found.as_json() for found in maps]
    assert done.reference.proxy.n_frames == reference.n_frames
    return shown


def test_every_tile_of_every_picture_shows_what_the_map_says(tmp_path: Path) -> None:
    files = [
        named(view(tmp_path / "front.mp4", n_frames=60)),
        given(view(tmp_path / "later.mp4", n_frames=30), Fraction(3, 5)),
        given(
            view(tmp_path / "ntsc.mkv", n_frames=90, rate=NTSC, b_frames=2, size=(240, 180)),
            "-0.31",
            "500",
        ),
        given(
            view(
                tmp_path / "phone.mp4",
                n_frames=70,
                rate=Fraction(24),
                vfr=True,
                start_offset_s=Fraction(5),
                size=(180, 320),
                rotation=-90,
            ),
            "0.02",
        ),
    ]
    done = ingest_group(files, tmp_path / "proxy.mp4")
    shown = check_every_tile(tmp_path, done)
    assert [row[1] for row in shown[13:17]] == [None, None, 0, 1]
    assert done.reference.timebase.n_frames == 60
    assert list(tmp_path.glob(".unfinished*")) == []


def test_a_view_is_placed_by_its_sound(tmp_path: Path) -> None:
    ours, theirs = pair(12, 1.4, seed=5)
    files = [
        named(view(tmp_path / "front.mp4", n_frames=300, sound=ours)),
        named(
            view(
                tmp_path / "side.mp4",
                n_frames=300,
                sound=theirs,
                rate=Fraction(30),
                start_offset_s=Fraction(2),
            )
        ),
    ]
    done = ingest_group(files, tmp_path / "proxy.mp4")
    (side,) = done.views
    assert side.alignment.method is OffsetMethod.AUDIO
    assert abs(side.alignment.offset_s - Fraction(7, 5)) < Fraction(1, 1000)
    assert side.alignment.confidence == 1.0
    check_every_tile(tmp_path, done)


def test_a_view_is_placed_by_its_timecode(tmp_path: Path) -> None:
    files = [
        named(view(tmp_path / "front.mov", n_frames=40, timecode="10:00:00:00")),
        named(view(tmp_path / "side.mov", n_frames=40, timecode="09:59:59:20")),
    ]
    done = ingest_group(files, tmp_path / "proxy.mp4", hints=HintRules())
    (side,) = done.views
    assert done.reference.found is not None
    assert done.reference.found.hints.n_frames == 40
    assert side.alignment.method is OffsetMethod.TIMECODE
    assert side.alignment.offset_s == Fraction(-1, 5)
    assert check_every_tile(tmp_path, done)[0] == [0, 5]


def refused(files: list[ViewFile], folder: Path) -> MediaRefusedError:
    with pytest.raises(MediaRefusedError) as refusal:
        ingest_group(files, folder / "proxy.mp4")
    assert not (folder / "proxy.mp4").exists()
    return refusal.value


def test_one_bad_view_refuses_the_group_by_its_name(tmp_path: Path) -> None:
    good = view(tmp_path / "front.mkv", n_frames=60)
    bad = cut_off(view(tmp_path / "side.mkv", n_frames=60), 0.4)
    found = refused([named(good), given(bad, "0")], tmp_path)
    assert found.code == "corrupt"
    assert found.detail.startswith("View 'cut-side': ")


def test_a_file_without_picture_is_no_view(tmp_path: Path) -> None:
    good = view(tmp_path / "front.mp4", n_frames=30)
    found = refused([named(good), given(tone(tmp_path / "sound.mp4"), "0")], tmp_path)
    assert found.code == "no_video_stream"


def test_a_view_without_clock_or_sound_says_what_to_do(tmp_path: Path) -> None:
    ours, _ = pair(5, 0, seed=1)
    front = view(tmp_path / "front.mp4", n_frames=125, sound=ours)
    silent = view(tmp_path / "silent.mp4", n_frames=125)
    found = refused([named(front), named(silent)], tmp_path)
    assert found.code == "views_not_aligned"
    assert found.detail.startswith("View 'silent': ")
    assert "offset_s" in found.detail
    found = refused([named(silent), named(front)], tmp_path)
    assert "The reference has no sound" in found.detail
    found = refused([named(front), named(silent, sync="timecode")], tmp_path)
    assert "The reference has no timecode" in found.detail


def test_sound_of_another_event_is_refused(tmp_path: Path) -> None:
    ours, _ = pair(12, 0, seed=1)
    theirs, _ = pair(12, 0, seed=2)
    files = [
        named(view(tmp_path / "front.mp4", n_frames=100, sound=ours)),
        named(view(tmp_path / "side.mp4", n_frames=90, sound=theirs)),
    ]
    found = refused(files, tmp_path)
    assert (found.code, found.detail[:13]) == ("views_not_aligned", "View 'side': ")


def test_the_same_file_twice_is_one_view(tmp_path: Path) -> None:
    path = view(tmp_path / "front.mp4", n_frames=30)
    twin = tmp_path / "side.mp4"
    twin.write_bytes(path.read_bytes())
    found = refused([named(path), given(twin, "0")], tmp_path)
    assert (found.code, found.detail) == (
        "same_view",
        "Views 'front' and 'side' are the same file.",
    )
