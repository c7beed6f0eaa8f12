from fractions import Fraction

import av
import pytest

from models.geometry import Geometry, plain_matrix, turns_of
from models.ingest import ingest_file
from models.probe import probe
from models.proof import GOP, prove
from models.proxy import make_proxy, retime
from models.refusal import MediaRefusedError
from models.synthetic import ClipStyle, make_clip
from services.domain.timebase import Timebase
from tests.videos import N_FRAMES, RATE, clip, numbers_in


def test_it_is_what_every_browser_plays(tmp_path):
    ingest_file(clip(tmp_path, b_frames=3, rate=Fraction(24000, 1001)), tmp_path / "p.mp4")
    data = (tmp_path / "p.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "the index is not in front"
    with av.open(str(tmp_path / "p.mp4")) as opened:
        stream = opened.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == Fraction(24000, 1001)
        assert stream.codec_context.framerate == Fraction(24000, 1001)
        packets = [packet for packet in opened.demux(stream) if packet.size]
    tick = packets[0].time_base
    assert [packet.pts * tick for packet in packets] == [
        k * Fraction(1001, 24000) for k in range(N_FRAMES)
    ]
    assert all(packet.pts == packet.dts for packet in packets)
    assert [k for k, packet in enumerate(packets) if packet.is_keyframe] == list(
        range(0, N_FRAMES, GOP)
    )


def test_make_proxy_from_a_probe_equals_one_pass(tmp_path):
    source = clip(tmp_path, "a.mkv", rate=Fraction(60000, 1001))
    one = ingest_file(source, tmp_path / "one.mp4")
    two = make_proxy(source, tmp_path / "two.mp4", timebase=probe(source))
    assert two == one.proxy


@pytest.mark.parametrize(("rate", "played"), [(Fraction(1, 2), 1), (Fraction(500), 240)])
def test_a_recording_too_slow_or_fast_for_players_is_watched_at_the_nearest_rate(
    tmp_path, rate, played
):
    done = ingest_file(clip(tmp_path, "a.mkv", rate=rate), tmp_path / "p.mp4")
    assert done.timebase.rate == rate
    assert done.timebase.n_frames == N_FRAMES
    with av.open(str(tmp_path / "p.mp4")) as opened:
        assert opened.streams.video[0].average_rate == played
    assert numbers_in(tmp_path / "p.mp4") == list(range(N_FRAMES))


def test_make_proxy_refuses_a_file_that_is_not_the_probed_one(tmp_path):
    other = Timebase.constant(rate=RATE, n_frames=N_FRAMES + 1)
    with pytest.raises(MediaRefusedError) as refusal:
        make_proxy(clip(tmp_path), tmp_path / "p.mp4", timebase=other)
    assert refusal.value.code == "proxy_unsound"
    assert not (tmp_path / "p.mp4").exists()


@pytest.mark.parametrize("rate", [Fraction(24600, 1469), Fraction(10**6, 33333), Fraction(1, 2)])
def test_retiming_changes_the_times_and_nothing_else(tmp_path, rate):
    ingest_file(clip(tmp_path), tmp_path / "p.mp4")
    retime(tmp_path / "p.mp4", rate=rate)
    assert prove(tmp_path / "p.mp4", n_frames=N_FRAMES, rate=rate) == (320, 180)
    assert numbers_in(tmp_path / "p.mp4") == list(range(N_FRAMES))
    with av.open(str(tmp_path / "p.mp4")) as opened:
        assert opened.streams.video[0].codec_context.framerate == rate


@pytest.mark.parametrize(
    ("name", "n_frames", "rate"),
    [("frame", N_FRAMES + 1, RATE), ("time", N_FRAMES, Fraction(26)), ("key", N_FRAMES, RATE)],
)
def test_the_proof_finds_a_fault(tmp_path, name, n_frames, rate):
    proxy = tmp_path / "p.mp4"
    if name == "key":
        proxy = clip(tmp_path, gop=60)
    else:
        ingest_file(clip(tmp_path), proxy)
    with pytest.raises(MediaRefusedError) as refusal:
        prove(proxy, n_frames=n_frames, rate=rate)
    assert refusal.value.code == "proxy_unsound"


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (1024, 2), (640, 362), (162, 720), (1280, 720)])
def test_sides_are_even_and_never_enlarged(tmp_path, size):
    source = tmp_path / "a.mkv"
    style = ClipStyle(codec="ffv1", pix_fmt="yuv444p")
    make_clip(source, rate=RATE, timeline=[("rest", 3)], size=size, style=style)
    done = ingest_file(source, tmp_path / "p.mp4", height=360)
    assert done.proxy.width % 2 == done.proxy.height % 2 == 0
    assert done.proxy.height == min(360, size[1])
    assert abs(done.proxy.width - size[0] * done.proxy.height / size[1]) <= 1


def test_odd_and_turned_sizes():
    turned = Geometry(
        stored_width=1921, stored_height=1081, turns=(("transpose", "clock"),), sar=Fraction(4, 3)
    )
    assert turned.display_size() == (1081, 2561)
    assert turned.proxy_size(360) == (152, 360)
    assert Geometry(stored_width=321, stored_height=181).proxy_size(360) == (320, 180)


@pytest.mark.parametrize(
    ("matrix", "rotation", "turns"),
    [
        (plain_matrix(0), 0, ()),
        (plain_matrix(90), 90, (("transpose", "cclock"),)),
        (plain_matrix(-90), -90, (("transpose", "clock"),)),
        (plain_matrix(180), 180, (("hflip", ""), ("vflip", ""))),
        ((-1, 0, 0, 0, 1, 0, 0, 0, 1), -180, (("hflip", ""),)),
        ((1, 0, 0, 0, -1, 0, 0, 0, 1), 0, (("vflip", ""),)),
        ((0, 1, 0, 1, 0, 0, 0, 0, 1), -90, (("transpose", "cclock_flip"),)),
        (plain_matrix(45), 45, ()),
    ],
)
def test_display_matrices_are_undone(matrix, rotation, turns):
    assert turns_of(matrix, rotation) == turns
