"""Files that can never be labelled exactly: each is refused with its code and a sentence."""

import os
from pathlib import Path

import pytest

from models.ingest import ingest_file
from models.refusal import MediaRefusedError
from models.synthetic import ClipStyle, make_clip
from tests.videos import RATE, clip, cut_off, faststart, png, scrambled, tone


def refusal_of(source, folder):
    with pytest.raises(MediaRefusedError) as caught:
        ingest_file(source, folder / "out" / "proxy.mp4")
    left = list((folder / "out").iterdir()) if (folder / "out").exists() else []
    assert left == [], "something half-written stayed"
    assert caught.value.detail.endswith(".")
    assert str(folder) not in caught.value.detail, "a machine's path is nobody's business"
    return caught.value


def written(path, content):
    path.write_bytes(content)
    return path


def pipe(path):
    os.mkfifo(path)
    return path


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\n/etc/hostname\n#EXT-X-ENDLIST\n"
CONCAT = b"ffconcat version 1.0\nfile '/etc/hostname'\n"
MP4_START = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41\0\0\0\x08free\0\0\0\0mdat"

MADE = {
    "nothing": ("file_missing", lambda d: d / "nowhere.mp4"),
    "a folder": ("file_missing", lambda d: d),
    "empty": ("empty_file", lambda d: written(d / "a.mp4", b"")),
    "text": ("not_video", lambda d: written(d / "a.mp4", b"hello, this is no video\n" * 200)),
    "text named so": ("not_video", lambda d: written(d / "a.txt", b"hello\n" * 200)),
    "PNG named .mp4": ("not_video", lambda d: png(d / "a.mp4")),
    "PNG": ("not_video", lambda d: png(d / "a.png")),
    "playlist": ("not_video", lambda d: written(d / "a.mp4", PLAYLIST)),
    "file list": ("not_video", lambda d: written(d / "a.mp4", CONCAT)),
    "zeros": ("not_video", lambda d: written(d / "a.mp4", bytes(5000))),
    "start of an MP4": ("unreadable", lambda d: written(d / "a.mp4", MP4_START)),
    "MP4 without its index": ("unreadable", lambda d: cut_off(clip(d), 0.9)),
    "sound only": ("no_video_stream", lambda d: tone(d / "a.mp4")),
    "a pipe": ("file_missing", lambda d: pipe(d / "a.mp4")),
    "unreadable to us": ("file_unreadable", lambda d: Path("/proc/self/mem")),
    "scrambled": ("corrupt", lambda d: scrambled(clip(d))),
    "scrambled Matroska": ("corrupt", lambda d: scrambled(clip(d, "a.mkv"))),
}


@pytest.mark.parametrize("case", MADE)
def test_it_is_refused_with_its_code(tmp_path, case):
    code, make = MADE[case]
    assert refusal_of(make(tmp_path), tmp_path).code == code


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
def test_a_cut_off_mp4_names_what_decoded(tmp_path, share):
    error = refusal_of(cut_off(faststart(tmp_path), share), tmp_path)
    assert error.code == "corrupt"
    assert 0 < error.facts["n_frames"] < 75
    assert str(error.facts["n_frames"]) in error.detail


@pytest.mark.parametrize("share", [0.2, 0.9, 0.95])
@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.flv", "a.webm"])
def test_other_containers_keep_their_word_too(tmp_path, name, share):
    codec = "libvpx-vp9" if name == "a.webm" else "libx264"
    source = cut_off(clip(tmp_path, name, codec=codec), share)
    assert refusal_of(source, tmp_path).code in {"corrupt", "no_frames"}


def test_one_picture_in_an_animation_format_is_a_still(tmp_path):
    for n_frames, is_video in ((1, False), (7, True)):
        source = tmp_path / f"{n_frames}.gif"
        style = ClipStyle(codec="gif", pix_fmt="rgb8")
        make_clip(source, rate=RATE, timeline=[("rest", n_frames)], style=style)
        if is_video:
            assert ingest_file(source, tmp_path / "p.mp4").probe.n_frames == n_frames
        else:
            assert refusal_of(source, tmp_path).code == "not_video"


def test_a_refusal_leaves_the_proxy_that_was_there(tmp_path):
    proxy = tmp_path / "proxy.mp4"
    ingest_file(clip(tmp_path), proxy)
    before = proxy.read_bytes()
    with pytest.raises(MediaRefusedError):
        ingest_file(scrambled(clip(tmp_path)), proxy)
    assert proxy.read_bytes() == before
