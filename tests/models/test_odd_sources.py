"""Sources that are odd but sound: every frame is kept, and what was done is said."""

import av
import numpy as np
import pytest

from models.geometry import TURNS, Geometry
from models.ingest import ingest_file
from models.probe import probe
from models.refusal import MediaRefusedError
from tests.models.odd_videos import high_range, interlaced, two_streams, with_edits
from tests.videos import clip, numbers_in, raw_h264


@pytest.mark.parametrize(("order", "field"), [("tff", "top"), ("bff", "bottom")])
def test_an_interlaced_frame_is_one_index_and_one_picture(tmp_path, order, field):
    source = interlaced(tmp_path / "a.mp4", order=order)
    done = ingest_file(source, tmp_path / "p.mp4")
    assert (done.probe.n_frames, done.probe.interlaced) == (20, field)
    assert numbers_in(tmp_path / "p.mp4") == list(range(0, 40, 2))
    assert any("20 frames are interlaced" in warning for warning in done.probe.warnings)


def combing(path):
    """Mean difference of neighbouring lines, less that of lines of one field."""
    with av.open(str(path)) as opened:
        grey = [f.to_ndarray(format="gray")[40:140].astype(float) for f in opened.decode(video=0)]
    near = np.mean([np.abs(np.diff(picture, axis=0)).mean() for picture in grey])
    far = np.mean([np.abs(picture[2:] - picture[:-2]).mean() for picture in grey])
    return near - far


def test_the_comb_of_two_instants_is_gone(tmp_path):
    source = interlaced(tmp_path / "a.mp4")
    ingest_file(source, tmp_path / "p.mp4")
    assert combing(tmp_path / "p.mp4") < combing(source) - 1


@pytest.mark.parametrize("b_frames", [0, 3])
@pytest.mark.parametrize(
    "edits",
    [
        [(0, 75)],
        [(None, 25), (0, 75)],
        [(10, 20), (50, 10)],
        [(0, 20), (0, 20)],
        [(50, 20), (0, 20)],
    ],
)
def test_an_edit_list_is_followed_as_players_do(tmp_path, edits, b_frames):
    """A wait before the first frame, a gap, a repetition, another order."""
    source = with_edits(clip(tmp_path, b_frames=b_frames), edits)
    done = ingest_file(source, tmp_path / "p.mp4")
    shown = [k for first, n in edits if first is not None for k in range(first, first + n)]
    assert numbers_in(tmp_path / "p.mp4") == shown
    assert done.probe.n_frames == len(shown)
    assert done.probe.first_pts_s == (1 if edits[0][0] is None else 0)
    told = [said for said in done.probe.warnings if "more than once" in said]
    n_repeated = len(shown) - len(set(shown))
    expected = f"An edit list shows {n_repeated} frames more than once; each showing is a frame."
    assert told == ([expected] if n_repeated else [])


def test_a_progressive_clip_says_nothing_of_fields(tmp_path):
    assert probe(clip(tmp_path)).interlaced is None


@pytest.mark.parametrize(
    "sizes",
    [
        [(320, 180), (160, 90), (320, 180)],
        [(320, 180), (640, 360)],
        [(320, 180), (240, 180)],
        [(320, 180), (180, 320)],
    ],
)
def test_a_change_of_size_keeps_every_frame(tmp_path, sizes):
    source = raw_h264(tmp_path / "a.h264", sizes, n_frames=6)
    done = ingest_file(source, tmp_path / "p.mp4")
    n_frames = 6 * len(sizes)
    assert (done.probe.n_frames, done.proxy.n_frames) == (n_frames, n_frames)
    assert (done.probe.width, done.probe.height) == (320, 180)
    said = next(w for w in done.probe.warnings if "changes size" in w)
    assert f"changes size {len(sizes) - 1} times: 320x180 from frame 0, " in said
    if sizes[1] != (180, 320) and sizes[1] != (240, 180):  # those are narrower on the proxy
        assert numbers_in(tmp_path / "p.mp4") == list(range(6)) * len(sizes)


def test_another_shape_is_fitted_whole_with_black_beside_it(tmp_path):
    source = raw_h264(tmp_path / "a.h264", [(320, 180), (180, 180)], n_frames=3)
    ingest_file(source, tmp_path / "p.mp4")
    with av.open(str(tmp_path / "p.mp4")) as opened:
        last = [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)][-1]
    assert last.shape == (180, 320, 3)
    assert last[:, :66].max() < 24
    assert last[:, -66:].max() < 24
    assert last[:, 72:-72].mean() > 40


@pytest.mark.parametrize(
    ("geometry", "size"),
    [
        (Geometry(stored_width=180, stored_height=320), (102, 180)),
        (Geometry(stored_width=640, stored_height=100), (320, 50)),
        (Geometry(stored_width=1, stored_height=4000), (2, 180)),
    ],
)
def test_what_is_fitted_never_sticks_out(geometry, size):
    assert geometry.fitted((320, 180)) == size


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_tone_mapped_and_said(tmp_path, transfer, name):
    source = high_range(tmp_path / "a.mp4", transfer=transfer)
    done = ingest_file(source, tmp_path / "p.mp4")
    assert any(f"HDR ({name})" in warning for warning in done.probe.warnings)
    with av.open(str(tmp_path / "p.mp4")) as opened:
        frames = list(opened.decode(video=0))
    assert len(frames) == 6
    assert {(f.color_primaries, f.color_trc, f.colorspace) for f in frames} == {(1, 1, 1)}
    row = frames[0].to_ndarray(format="gray")[90].astype(int)
    assert np.all(np.diff(row[::16]) >= 0), "brighter must stay brighter"
    plain = np.linspace(16, 235, 320)
    assert np.abs(row - plain).max() > 8, "levels are as they were"


def test_colours_are_stated_as_the_source_states_them(tmp_path):
    ingest_file(clip(tmp_path), tmp_path / "small.mp4")
    large = raw_h264(tmp_path / "a.h264", [(1280, 720)], n_frames=2)
    ingest_file(large, tmp_path / "large.mp4")
    stated = []
    for name in ("small.mp4", "large.mp4"):
        with av.open(str(tmp_path / name)) as opened:
            stated.append(int(next(opened.decode(video=0)).colorspace))
    assert stated == [2, 1]


@pytest.mark.parametrize(
    ("stream", "width"), [("first", 64), ("largest", 128), (0, 64), (1, 128), (2, 96)]
)
def test_the_video_stream_is_chosen_by_name_or_number(tmp_path, stream, width):
    source = two_streams(tmp_path / "a.mp4", widths=(64, 128, 96))
    done = ingest_file(source, tmp_path / "p.mp4", stream=stream)
    assert (done.probe.width, done.probe.n_frames, done.probe.n_video_streams) == (width, 5, 3)
    assert "3 video streams" in done.probe.warnings[0]


def test_a_stream_that_is_not_there_is_a_refusal(tmp_path):
    with pytest.raises(MediaRefusedError, match="stream 3 is asked for; the file has 2") as refusal:
        probe(two_streams(tmp_path / "a.mp4"), stream=3)
    assert refusal.value.code == "no_video_stream"


@pytest.mark.parametrize("turn", TURNS)
def test_turning_an_array_is_turning_a_picture(turn):
    geometry = Geometry(stored_width=16, stored_height=8, turns=(turn,))
    raster = np.arange(128, dtype=np.uint8).reshape(8, 16)
    graph = av.filter.Graph()
    nodes = [graph.add_buffer(width=16, height=8, format="gray", time_base=1)]
    nodes += [graph.add(turn[0], turn[1] or None), graph.add("buffersink")]
    graph.link_nodes(*nodes).configure()
    graph.vpush(av.VideoFrame.from_ndarray(raster, format="gray"))
    assert np.array_equal(geometry.turned(raster), graph.vpull().to_ndarray())
