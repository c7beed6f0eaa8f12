"""How dear ingest and pre-label are, as ratios to decoding alone, in one run.

Decoding is timed before and after the rest and the mean is taken, as a shared machine drifts.
The bars are loose enough for a busy machine; the printed ratios are the result.
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
def say(request):
    """Write a line to the terminal, captured or not."""
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    return lambda text: reporter.write_line(f"\n  {text}")


def seconds(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


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
    before = seconds(lambda: decode(source))
    probing = seconds(lambda: probe(source))
    alone = (before + seconds(lambda: decode(source))) / 2
    say(f"probe 1080p: {probing / alone:.2f}x one decode pass ({N_FRAMES / probing:.0f} fps)")
    assert probing / alone < 1.5


def test_ingest_costs_its_encoding_and_one_decode_pass(source, say, tmp_path):
    alone = seconds(lambda: decode(source))
    plain = seconds(lambda: encode_like_the_program(source, tmp_path / "plain.mp4"))
    whole = seconds(lambda: ingest_file(source, tmp_path / "proxy.mp4"))
    alone = (alone + seconds(lambda: decode(source))) / 2
    say(
        f"ingest 1080p to 360p: {whole / alone:.2f}x one decode pass, "
        f"{whole / plain:.2f}x a bare transcode, {whole / (plain + alone):.2f}x both together "
        f"({N_FRAMES / whole:.0f} fps)"
    )
    assert whole / (plain + alone) < 1.5


def test_the_draft_costs_little_more_than_decoding_the_proxy(proxy, say):
    before = seconds(lambda: decode(proxy))
    reading = seconds(lambda: read_lowres(proxy))
    drafting = seconds(lambda: propose(proxy, n_frames=N_FRAMES, taxonomy=TAXONOMY))
    alone = (before + seconds(lambda: decode(proxy))) / 2
    say(
        f"360p features: {reading / alone:.2f}x decoding alone, "
        f"{N_FRAMES / 30 / reading:.0f}x real time; whole pre-label {drafting / alone:.2f}x, "
        f"{N_FRAMES / 30 / drafting:.0f}x real time"
    )
    assert drafting / alone < 2.5
