"""What hints cost beside decoding, how well cuts are found, and that memory stays where it is.

The clips are made: hard cuts between panning, noisy scenes, at speeds up to a whip pan. They
show at what the detector begins to fail, and claim nothing about anybody's films.
"""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from time import process_time

import av
import numpy as np
import pytest

from models.hints.observer import read_hints
from models.ingest import ingest_file
from models.synthetic import ClipStyle, make_clip
from tests.benchmarks.figures import Figure, scaled, show
from tests.models.hints.pictures import found_in, shot

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[2]
STYLES = {
    "still camera": {"pan": 0.0},
    "pan of 10 % of the width a second": {"pan": 1.0},
    "pan of 40 % a second": {"pan": 4.0},
    "pan of 80 % a second": {"pan": 8.0},
    "noise of 20 levels": {"noise": 20.0},
}

WATCH = """
import sys
import numpy as np
from models.hints.observer import HintsObserver
from models.hints.picture import Picture
from tests.models.hints.pictures import picture, shot

def kib(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))

there = [picture(bgr) for bgr in shot(np.random.default_rng(1), 100)]
shown = [*there, *there[::-1]]
observer = HintsObserver()
for index in range(int(sys.argv[1])):
    if index == 1000:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # forgets the most that making the pictures took
    seen = shown[index % len(shown)]
    observer.observe(index, Picture(y=seen.y, u=seen.u, v=seen.v))
observer.finish()
print(kib("VmHWM"))
"""


def decode(path: Path) -> None:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for _ in container.decode(video=0):
            pass


def least_cpu_s(*deeds) -> list[float]:
    """The processor's time of each deed, taken in turn five times over: the least counts."""
    least = [float("inf")] * len(deeds)
    for _ in range(5):
        for place, deed in enumerate(deeds):
            began = process_time()
            deed()
            least[place] = min(least[place], process_time() - began)
    return least


def test_hints_cost_a_share_of_decoding(tmp_path):
    figures = []
    for height in (360, 720):
        source, proxy = tmp_path / f"source{height}.mp4", tmp_path / f"proxy{height}.mp4"
        timeline = [(label, 75) for label in "abcdefab"]
        size = (height * 16 // 9, height)
        make_clip(source, rate=Fraction(30), timeline=timeline, size=size, style=ClipStyle(gop=250))
        ingest_file(source, proxy, height=height)
        alone, ingest, hints = least_cpu_s(
            lambda proxy=proxy: decode(proxy),
            lambda source=source, height=height: ingest_file(
                source, tmp_path / "again.mp4", height=height
            ),
            lambda proxy=proxy: read_hints(proxy),
        )
        figures += [
            Figure(name=f"a pass of its own, {height}p", value=f"{hints / alone:.2f} x decoding"),
            Figure(
                name=f"within ingest, {height}p to {height}p",
                value=f"adds {100 * (hints - alone) / ingest:.1f} %",
            ),
        ]
    show("Hints: the processor's time", figures)


def test_cuts_are_found_where_they_are():
    figures = []
    for name, style in STYLES.items():
        n_true = n_found = n_hits = 0
        for seed in range(scaled(10)):
            rng = np.random.default_rng(seed)
            lengths = [int(n) for n in rng.integers(8, 60, 12)]
            cuts = set(np.cumsum(lengths)[:-1].tolist())
            found = set(found_in(bgr for n in lengths for bgr in shot(rng, n, **style)).hints.shots)
            n_true, n_found = n_true + len(cuts), n_found + len(found)
            n_hits += len(found & cuts)
        precision = f"{n_hits / n_found:.3f}" if n_found else "undefined"
        value = f"recall {n_hits / n_true:.3f}, precision {precision} ({n_true} cuts)"
        figures.append(Figure(name=name, value=value))
    show("Hard cuts found at their very frame", figures)


def test_memory_does_not_grow_with_duration():
    peaks = []
    for n_frames in (15_000, 180_000):
        done = subprocess.run(
            [sys.executable, "-c", WATCH, str(scaled(n_frames))],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append(int(done.stdout) / 1024)
    short, long = peaks
    grown = Figure(
        name="2 h against 10 min",
        value=f"{long - short:+.1f} MiB",
        aim="below 8",
        met=long - short < 8,
    )
    show(
        "Hints: most memory held, 256x144 at 25 fps",
        [
            Figure(name="10 min", value=f"{short:.1f} MiB"),
            Figure(name="2 h", value=f"{long:.1f} MiB"),
            grown,
        ],
    )
    assert grown.met
