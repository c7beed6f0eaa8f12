"""Sound files: what the probe says of them, and that the proxy keeps every frame."""

import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition

from models.ingest import Ingested, ingest_file
from models.isolated import ROOT
from models.probe import probe
from models.proof import sha256_of
from models.refusal import MediaRefusedError
from models.source import MOST_BEYOND, Source
from models.synthetic import make_clip
from services.domain.media_limits import MediaLimits
from tests.videos import N_FRAMES, clip, hide_first_frames, numbers_in, raw_h264, tone

NTSC = Fraction(30000, 1001)

CASES = {
    "23.976": ("a.mp4", {"rate": Fraction(24000, 1001)}),
    "25": ("a.mp4", {"rate": Fraction(25)}),
    "29.97": ("a.mp4", {"rate": NTSC}),
    "50": ("a.mp4", {"rate": Fraction(50)}),
    "59.94": ("a.mp4", {"rate": Fraction(60000, 1001)}),
    "odd rate": ("a.mp4", {"rate": Fraction(179, 6)}),
    "23.976 in milliseconds": ("a.mkv", {"rate": Fraction(24000, 1001)}),
    "59.94 in milliseconds": ("a.mkv", {"rate": Fraction(60000, 1001)}),
    "29.97 in FLV": ("a.flv", {"rate": NTSC}),
    "transport stream": ("a.ts", {"rate": NTSC, "b_frames": 3}),
    "AVI": ("a.avi", {"codec": "mpeg4", "b_frames": 2}),
    "B-frames": ("a.mp4", {"rate": NTSC, "b_frames": 3}),
    "B-frames in Matroska": ("a.mkv", {"rate": NTSC, "b_frames": 3}),
    "late start": ("a.mp4", {"start_offset_s": Fraction(2)}),
    "late start in Matroska": ("a.mkv", {"start_offset_s": Fraction(2)}),
    "late start, B-frames": ("a.mov", {"start_offset_s": Fraction(2), "b_frames": 3}),
    "turned left": ("a.mp4", {"rotation": 90}),
    "turned right": ("a.mp4", {"rotation": -90}),
    "upside down": ("a.mp4", {"rotation": 180}),
    "VP9": ("a.webm", {"codec": "libvpx-vp9"}),
    "4:4:4 lossless": ("a.mkv", {"codec": "ffv1", "pix_fmt": "yuv444p"}),
}


@pytest.mark.parametrize("case", CASES)
def test_constant_clips_are_read_exactly_and_survive_on_the_proxy(tmp_path, case):
    name, options = CASES[case]
    source, proxy = clip(tmp_path, name, **options), tmp_path / "proxy.mp4"
    done = ingest_file(source, proxy)
    found = done.probe
    assert (found.n_frames, found.rate, found.vfr) == (N_FRAMES, options.get("rate", 25), False)
    assert (found.width, found.height) == (320, 180)
    assert (done.proxy.width, done.proxy.height) == (320, 180)
    if "late" in case:
        assert float(found.first_pts_s) == pytest.approx(2, abs=0.001)
    assert numbers_in(proxy) == list(range(N_FRAMES))
    assert found == probe(source)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_variable_rate_is_mapped_and_never_resampled(tmp_path, name):
    source, proxy = clip(tmp_path, name, rate=NTSC, vfr=True), tmp_path / "proxy.mp4"
    done = ingest_file(source, proxy)
    timebase = done.timebase
    assert done.probe.vfr
    assert timebase.n_frames == N_FRAMES
    expected = [Fraction(2 * k + k // 3, 2) / NTSC for k in range(N_FRAMES)]
    worst = max(abs(timebase.seconds(k) - expected[k]) for k in range(N_FRAMES))
    assert worst <= timebase.tick
    assert numbers_in(proxy) == list(range(N_FRAMES))


@pytest.mark.parametrize("n_hidden", [1, 10, 59, 61])
@pytest.mark.parametrize("b_frames", [0, 3])
def test_frames_hidden_by_an_edit_list_are_not_counted(tmp_path, n_hidden, b_frames):
    source = hide_first_frames(clip(tmp_path, b_frames=b_frames), n_hidden)
    done = ingest_file(source, tmp_path / "proxy.mp4")
    assert done.probe.n_frames == N_FRAMES - n_hidden
    assert numbers_in(tmp_path / "proxy.mp4") == list(range(n_hidden, N_FRAMES))
    assert any("edit list" in warning for warning in done.probe.warnings)


def test_a_stream_without_timestamps_is_read_in_decode_order(tmp_path):
    source = raw_h264(tmp_path / "bare.mp4", [(320, 180)], n_frames=20)
    found = probe(source)
    assert (found.n_frames, found.rate, found.timestamps) == (20, 25, "synthesised")
    assert "no timestamp" in found.warnings[0]


def test_square_pixels_come_from_the_stated_shape(tmp_path):
    done = ingest_file(clip(tmp_path, sar=Fraction(4, 3)), tmp_path / "proxy.mp4")
    assert (done.probe.width, done.probe.height) == (427, 180)
    assert (done.proxy.width, done.proxy.height) == (426, 180)
    with av.open(str(tmp_path / "proxy.mp4")) as opened:
        assert opened.streams.video[0].sample_aspect_ratio in (None, 1)


def test_a_cover_picture_is_no_video(tmp_path):
    path = tmp_path / "song.mp4"
    song = tone(tmp_path / "tone.mp4")
    with av.open(str(song)) as source, av.open(str(path), "w") as out:
        sound = out.add_stream_from_template(source.streams.audio[0])
        cover = out.add_stream("png", rate=25)
        cover.width = cover.height = 32
        cover.pix_fmt, cover.disposition = "rgb24", Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        out.mux([*cover.encode(frame), *cover.encode(None)])
        for packet in source.demux(audio=0):
            if packet.size:
                packet.stream = sound
                out.mux(packet)
    with pytest.raises(MediaRefusedError) as refusal:
        probe(path)
    assert refusal.value.code == "no_video_stream"


def test_a_header_that_is_no_utf8_does_no_harm(tmp_path):
    source = clip(tmp_path, "a.mkv")
    data = source.read_bytes()
    assert b"Lavf" in data
    source.write_bytes(data.replace(b"Lavf", b"\xff\xfe\x80\xff"))
    assert probe(source).n_frames == N_FRAMES


def test_the_file_name_plays_no_part(tmp_path):
    named = clip(tmp_path, "a.mkv").rename(tmp_path / "http:%20 é #1.avi")
    assert probe(named).container == "matroska,webm"


@pytest.mark.parametrize("name", ["long.mp4", "long.ts"])
def test_what_is_too_long_is_refused_before_all_of_it_is_decoded(tmp_path, name):
    source = tmp_path / name
    make_clip(source, rate=Fraction(25), timeline=[("rest", 600)])
    with pytest.raises(MediaRefusedError) as refusal:
        decode_at_most(source, 4 * 25 + MOST_BEYOND + 2, MediaLimits(max_duration_s=4))
    assert refusal.value.code == "too_large"


def decode_at_most(path, n_frames, limits):
    with Source(path, limits) as opened:
        for number, _ in enumerate(opened.frames()):
            assert number < n_frames


def test_limits_are_parameters(tmp_path):
    source = clip(tmp_path)
    for limits in (
        MediaLimits(max_bytes=100),
        MediaLimits(max_pixels=320 * 180 - 1),
        MediaLimits(max_frames=N_FRAMES - 1),
        MediaLimits(max_duration_s=2),
    ):
        with pytest.raises(MediaRefusedError) as refusal:
            ingest_file(source, tmp_path / "proxy.mp4", limits=limits)
        assert refusal.value.code == "too_large"
    assert [path.name for path in tmp_path.iterdir()] == [source.name]
    exact = MediaLimits(max_pixels=320 * 180, max_frames=N_FRAMES, max_duration_s=3)
    assert probe(source, limits=exact).n_frames == N_FRAMES


def test_the_result_travels_as_json_without_loss(tmp_path):
    source = clip(tmp_path, "a.mkv", rate=NTSC, vfr=True, sar=Fraction(64, 51))
    done = ingest_file(source, tmp_path / "proxy.mp4")
    assert Ingested.from_json(done.as_json()) == done
    assert done.source_sha256 == sha256_of(source)
    assert done.proxy.sha256 == sha256_of(tmp_path / "proxy.mp4")
    assert done.proxy.n_bytes == (tmp_path / "proxy.mp4").stat().st_size


@pytest.mark.slow
def test_memory_does_not_grow_with_duration(tmp_path):
    """3,800 more frames of 14 kB would be 53 MB if they were kept."""
    code = (
        "import sys; from models.ingest import ingest_file; ingest_file(*sys.argv[1:]); "
        # Not getrusage: its maximum begins with that of the process which started this one.
        "print(int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024)"
    )
    peaks = []
    for n_frames in (200, 4000):
        source = tmp_path / f"{n_frames}.mp4"
        make_clip(source, rate=Fraction(25), timeline=[("rest", n_frames)], size=(128, 72))
        done = subprocess.run(
            [sys.executable, "-c", code, source, tmp_path / "proxy.mp4"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 10, f"{peaks} MB"
