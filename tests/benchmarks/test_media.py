"""How dear probing and ingest are, as ratios to decoding and to the ffmpeg program, in one run.

Everything is timed in turn, three times over, and the least time of each counts, as a shared
machine drifts. The asserted bars are loose enough for a busy machine; the printed ratios are
the result.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from models.examine import examine_file
from models.ingest import ingest_file
from models.isolated import ROOT
from models.probe import probe
from models.synthetic import ClipStyle, make_clip
from services.domain.hints import HintRules

pytestmark = pytest.mark.benchmark
TIMELINE = [(label, 50) for label in "abcdefab"]
N_FRAMES = 400


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "source.mp4"
    style = ClipStyle(gop=250, b_frames=2)
    make_clip(path, rate=Fraction(30), timeline=TIMELINE, size=(1920, 1080), style=style)
    return path


@pytest.fixture
def say(request, capsys):
    """Write a line to the terminal past pytest's capturing."""
    reporter = request.config.pluginmanager.getplugin("terminalreporter")

    def write(text: str) -> None:
        with capsys.disabled():
            reporter.write_line(f"\n  {text}")

    return write


def least_seconds(
    *, clock: Callable[[], float] = time.perf_counter, **deeds: Callable[[], object]
) -> dict[str, float]:
    """Time each deed in turn, three times over; return the least of each."""
    least = dict.fromkeys(deeds, float("inf"))
    for _ in range(3):
        for name, deed in deeds.items():
            began = clock()
            deed()
            least[name] = min(least[name], clock() - began)
    return least


def decode(path: Path) -> None:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for _ in container.decode(video=0):
            pass


def program_transcodes(path: Path, out: Path) -> None:
    """Make the same proxy with the ffmpeg program: decode, scale, encode; no proof."""
    run_program(
        "-i", path, "-an", "-vf", "scale=640:360:flags=bilinear", "-pix_fmt", "yuv420p",
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-threads", "4",
        "-x264-params", "keyint=12:min-keyint=12:scenecut=0:bframes=0:force-cfr=1",
        "-movflags", "+faststart", "-y", out,
    )  # fmt: skip


def program_decodes(path: Path) -> None:
    run_program("-i", path, "-an", "-f", "null", "-")


def run_program(*arguments: object) -> None:
    program = shutil.which("ffmpeg")
    assert program is not None
    command = [program, "-nostdin", "-loglevel", "error", *map(str, arguments)]
    subprocess.run(command, check=True)


def test_probing_adds_little_to_decoding(source, say):
    """By processor time, all threads together: it hardly feels what else the machine does."""
    took = least_seconds(
        clock=time.process_time,
        decode=lambda: decode(source),
        probe=lambda: probe(source),
        examine=lambda: examine_file(source),
    )
    probing, examining = (took[name] / took["decode"] for name in ("probe", "examine"))
    say(
        f"probe 1080p, fingerprint included: {probing:.2f}x the processor time of one decode "
        f"pass; with SHA-256 {examining:.2f}x"
    )
    assert examining < 1.2


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg program")
def test_ingest_costs_the_programs_transcode_and_one_decode_pass(source, say, tmp_path):
    took = least_seconds(
        decode=lambda: program_decodes(source),
        plain=lambda: program_transcodes(source, tmp_path / "plain.mp4"),
        ingest=lambda: ingest_file(source, tmp_path / "proxy.mp4", hints=HintRules()),
    )
    whole, plain, alone = took["ingest"], took["plain"], took["decode"]
    say(
        f"ingest 1080p30 to 360p: {whole / alone:.2f}x the program's decode pass, "
        f"{whole / plain:.2f}x its transcode, {whole / (plain + alone):.2f}x both together "
        f"({N_FRAMES / whole:.0f} fps)"
    )
    assert whole / (plain + alone) < 1.15


def test_hints_cost_little_beside_ingest(source, say, tmp_path):
    took = least_seconds(
        clock=time.process_time,
        without=lambda: ingest_file(source, tmp_path / "proxy.mp4"),
        hints=lambda: ingest_file(source, tmp_path / "proxy.mp4", hints=HintRules()),
    )
    ratio = took["hints"] / took["without"]
    say(f"ingest with hints: {ratio:.2f}x the processor time without")
    assert ratio < 1.15


def repeated(path: Path, *, seconds: int, jitter: bool = False) -> Path:
    """Write ten seconds of 320x180 again and again: hours in a moment, no two timestamps alike."""
    short = path.with_name("short.mkv")
    make_clip(short, rate=Fraction(25), timeline=[("rest", 250)], style=ClipStyle(gop=250))
    random = np.random.default_rng(0)
    with av.open(str(short)) as before:
        packets = [packet for packet in before.demux(video=0) if packet.size]
        with av.open(str(path), "w") as after:
            stream = after.add_stream_from_template(before.streams.video[0])
            for k in range(seconds * 25):
                packet = av.Packet(bytes(packets[k % 250]))
                packet.stream, packet.time_base = stream, Fraction(1, 1000)
                late = int(random.integers(0, 30)) if jitter else 0
                packet.pts = packet.dts = 40 * k + late
                packet.duration, packet.is_keyframe = 40, k % 250 == 0
                after.mux(packet)
    return path


def peak_mb(deed: str, *arguments: Path) -> float:
    """Run one of our functions in a fresh process and return its greatest resident size.

    The system's own account of a child's maximum begins with its parent's, so it is not asked.
    """
    code = (
        "import sys; from models.ingest import ingest_file; "
        f"from models.examine import examine_file; {deed}(*sys.argv[1:]); "
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(done.stdout) / 1024


@pytest.mark.timeout(1800)
def test_memory_does_not_grow_with_duration(say, tmp_path):
    """Ten minutes against two hours: of 165,000 more frames of 86 kB only tables are kept."""
    short, long = (
        repeated(tmp_path / f"{seconds}.mp4", seconds=seconds) for seconds in (600, 7200)
    )
    peaks = [peak_mb("ingest_file", path, tmp_path / "p.mp4") for path in (short, long)]
    a_frame = (peaks[1] - peaks[0]) * 2**20 / (6600 * 25)
    say(
        f"ingest, constant rate: {peaks[0]:.0f} MB for 10 min, {peaks[1]:.0f} MB for 2 h: "
        f"{a_frame:.0f} bytes a frame"
    )
    assert a_frame < 200
    short, long = (
        repeated(tmp_path / f"{seconds}.mkv", seconds=seconds, jitter=True)
        for seconds in (600, 7200)
    )
    uneven = [peak_mb("examine_file", path) for path in (short, long)]
    a_frame = (uneven[1] - uneven[0]) * 2**20 / (6600 * 25)
    say(
        f"probe, every step another: {uneven[0]:.0f} MB for 10 min, {uneven[1]:.0f} MB for 2 h: "
        f"{a_frame:.0f} bytes a frame"
    )
    assert a_frame < 250
