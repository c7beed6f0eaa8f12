"""How dear ingest and pre-label are, as ratios to decoding alone, in one run.

Everything is timed in turn, three times over, and the least time of each counts, as a shared
machine drifts. The asserted bars are loose enough for a busy machine; the printed ratios are
the result.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from models.ingest import ingest_file
from models.lowres import read_lowres
from models.prelabel import propose
from models.probe import probe
from models.synthetic import ClipStyle, make_clip
from services.domain.taxonomy import Taxonomy

pytestmark = pytest.mark.benchmark
TIMELINE = [(label, 50) for label in "abcdefab"]
N_FRAMES = 400
TAXONOMY = Taxonomy.parse(
    {"name": "bench", "version": 1, "layers": [{"labels": [{"name": "one"}, {"name": "two"}]}]}
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "source.mp4"
    style = ClipStyle(gop=250, b_frames=2)
    make_clip(path, rate=Fraction(30), timeline=TIMELINE, size=(1920, 1080), style=style)
    return path


@pytest.fixture(scope="module")
def proxy(source):
    path = source.with_name("proxy.mp4")
    ingest_file(source, path)
    return path


@pytest.fixture
def say(request, capsys):
    """Write a line to the terminal past pytest's capturing."""
    reporter = request.config.pluginmanager.getplugin("terminalreporter")

    def write(text: str) -> None:
        with capsys.disabled():
            reporter.write_line(f"\n  {text}")

    return write


def least_seconds(**deeds: Callable[[], object]) -> dict[str, float]:
    """Time each deed in turn, three times over; return the least of each."""
    least = dict.fromkeys(deeds, float("inf"))
    for _ in range(3):
        for name, deed in deeds.items():
            began = time.perf_counter()
            deed()
            least[name] = min(least[name], time.perf_counter() - began)
    return least


def decode(path: Path) -> None:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for _ in container.decode(video=0):
            pass


def encode_like_the_program(path: Path, out: Path) -> None:
    """Do what the ffmpeg program does for the same proxy: decode, scale, encode; no proof."""
    with av.open(str(path)) as before, av.open(str(out), "w") as after:
        before.streams.video[0].thread_type = "AUTO"
        stream = after.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.codec_context.options = {"preset": "veryfast", "crf": "23", "g": "12", "bf": "0"}
        for frame in before.decode(video=0):
            small = frame.reformat(640, 360, "yuv420p", interpolation="BILINEAR")
            small.pict_type = 0
            after.mux(stream.encode(small))
        after.mux(stream.encode(None))


def test_probing_adds_little_to_decoding(source, say):
    took = least_seconds(decode=lambda: decode(source), probe=lambda: probe(source))
    ratio = took["probe"] / took["decode"]
    say(f"probe 1080p: {ratio:.2f}x one decode pass ({N_FRAMES / took['probe']:.0f} fps)")
    assert ratio < 1.3


def test_ingest_costs_its_encoding_and_one_decode_pass(source, say, tmp_path):
    took = least_seconds(
        decode=lambda: decode(source),
        plain=lambda: encode_like_the_program(source, tmp_path / "plain.mp4"),
        ingest=lambda: ingest_file(source, tmp_path / "proxy.mp4"),
    )
    whole, plain, alone = took["ingest"], took["plain"], took["decode"]
    say(
        f"ingest 1080p to 360p: {whole / alone:.2f}x one decode pass, "
        f"{whole / plain:.2f}x a bare transcode, {whole / (plain + alone):.2f}x both together "
        f"({N_FRAMES / whole:.0f} fps)"
    )
    assert whole / (plain + alone) < 1.15


def test_the_draft_costs_little_more_than_decoding_the_proxy(proxy, say):
    took = least_seconds(
        decode=lambda: decode(proxy),
        features=lambda: read_lowres(proxy),
        draft=lambda: propose(proxy, n_frames=N_FRAMES, taxonomy=TAXONOMY),
    )
    clip_s = N_FRAMES / 30
    say(
        f"360p features: {took['features'] / took['decode']:.2f}x decoding alone, "
        f"{clip_s / took['features']:.0f}x real time; whole pre-label "
        f"{took['draft'] / took['decode']:.2f}x, {clip_s / took['draft']:.0f}x real time"
    )
    assert took["draft"] / took["decode"] < 2
