from __future__ import annotations

import gc
import tracemalloc

import av
import numpy as np
import pytest

from models.hints.observer import HintsObserver, read_hints
from models.hints.picture import Picture
from models.ingest import ingest_file
from models.isolated import ingest_isolated
from models.refusal import MediaRefusedError
from services.domain.errors import InputError
from services.domain.hints import HintRules
from tests.models.hints.pictures import picture, shot, still, write_video


@pytest.fixture
def proxy(tmp_path):
    """Three shots, black, and a freeze, through H.264 twice."""
    rng = np.random.default_rng(11)
    first, second, third = (list(shot(rng, n, pan=3.0)) for n in (40, 33, 30))
    frames = [*first, *second, *still((0, 0, 0), 9), *third, *[third[-1]] * 25]
    source = write_video(tmp_path / "source.mp4", frames)
    ingest_file(source, tmp_path / "proxy.mp4")
    return tmp_path / "proxy.mp4"


def test_frames_are_exact_through_source_and_proxy(proxy):
    hints = read_hints(proxy).hints
    assert hints.n_frames == 137
    assert hints.shots == (40, 73, 82)
    assert [(one.onset, one.offset) for one in hints.black] == [(73, 82)]
    assert [(one.onset, one.offset) for one in hints.frozen] == [(111, 137)]


def test_another_pass_finds_the_same(proxy):
    observer = HintsObserver()
    with av.open(str(proxy)) as opened:
        for index, frame in enumerate(opened.decode(video=0)):
            observer.observe(index, Picture.of_frame(frame))
    assert observer.finish() == read_hints(proxy)


def test_ingest_finds_the_same_in_the_pass_that_proves_the_proxy(proxy, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(
        av, "open", lambda *a, _open=av.open, **k: opened.append(a) or _open(*a, **k)
    )
    source, rules = tmp_path / "source.mp4", HintRules(shot_min_frames=40)
    plain = ingest_file(source, tmp_path / "plain.mp4")
    n_passes = len(opened)
    done = ingest_file(source, tmp_path / "again.mp4", hints=rules)
    assert len(opened) == 2 * n_passes
    assert plain.found is None
    assert done.found == read_hints(tmp_path / "again.mp4", rules=rules)
    assert done.found.hints.rules == rules
    apart = ingest_isolated(source, tmp_path / "apart.mp4", hints=rules)
    assert apart == done


def test_frames_come_in_order_and_once():
    observer = HintsObserver()
    shown = picture(next(still((9, 9, 9), 1)))
    observer.observe(0, shown)
    for index in (0, 2):
        with pytest.raises(InputError, match="frame 1 comes next"):
            observer.observe(index, shown)


def test_no_frame_makes_no_hints():
    with pytest.raises(InputError):
        HintsObserver().finish()


def test_memory_does_not_grow_with_the_clip():
    rng = np.random.default_rng(12)
    pictures = [picture(bgr) for bgr in shot(rng, 1, size=(64, 36))] * 100
    observer = HintsObserver()
    held = []
    tracemalloc.start()
    try:
        for index in range(3841):
            shown = pictures[index % 100]
            observer.observe(index, Picture(y=shown.y, u=shown.u, v=shown.v))
            if index in (959, 3839):  # with 60 thumbnails kept either time
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[1] - held[0] < 100_000  # 35 bytes a frame; one picture is 3,456


def test_what_is_no_proxy_is_refused(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not a video")
    with pytest.raises(MediaRefusedError) as caught:
        read_hints(path)
    assert caught.value.code == "proxy_unsound"
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    with pytest.raises(MediaRefusedError, match="no frame"):
        read_hints(path)
    frame = av.VideoFrame(64, 48, "yuv444p")
    with pytest.raises(MediaRefusedError, match="yuv444p"):
        Picture.of_frame(frame)


@pytest.mark.parametrize("size", [(2, 2), (160, 160), (161, 90), (640, 272), (1280, 720)])
def test_small_pictures_are_small_and_in_shape(size):
    width, height = size
    even = picture(np.full((height - height % 2, width - width % 2, 3), 77, dtype=np.uint8))
    assert max(even.small_luma.shape) <= 160
    assert max(even.tiny.shape[:2]) <= 80
    for shown in (even.tiny, even.thumbnail(96)):
        assert abs(int(shown.mean()) - 77) <= 2
    assert max(even.thumbnail(96).shape) == 96
