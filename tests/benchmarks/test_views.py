"""How well views are placed by their sound, and what a group costs beside decoding its files.

The sound is made: syllables, a room's echo and noise of its own for each microphone. It shows at
what noise the finder gives up, and claims nothing about anybody's recordings.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import process_time

import av
import numpy as np
import pytest

from models.mosaic import Shot, make_mosaic
from models.probe import probe
from models.proxy import make_proxy
from models.sound import write_sound
from services.domain.errors import InputError
from services.domain.multiview.alignment import Alignment, OffsetMethod
from services.domain.multiview.sound_features import SOUND_HZ
from services.domain.multiview.sound_offset import sound_offset
from tests.benchmarks.figures import Figure, scaled, show
from tests.models.multiview.views import view
from tests.sounds import event, heard, pair

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
ROOT = Path(__file__).resolve().parents[2]
OFFSETS_S = (0.0, 0.0137, 1.25, 7.77, 19.5, 29.99)

WATCH = """
import sys
import numpy as np
from services.domain.multiview.sound_features import SOUND_HZ
from services.domain.multiview.sound_offset import sound_offset
n, folder = int(sys.argv[1]) * SOUND_HZ, sys.argv[2]
rng = np.random.default_rng(1)
sound = np.lib.format.open_memmap(f"{folder}/s{n}.npy", mode="w+", dtype=np.int16, shape=(n,))
for begin in range(0, n, SOUND_HZ):
    loud = rng.uniform(0, 1) ** 3 * 8000
    sound[begin : begin + SOUND_HZ] = loud * rng.standard_normal(SOUND_HZ)
sound.flush()
del sound
sound = np.load(f"{folder}/s{n}.npy", mmap_mode="r")
found = sound_offset(sound, sound[3 * SOUND_HZ :])
assert abs(found.offset_s - 3) < 0.001, found
with open("/proc/self/status") as status:
    anonymous = next(line for line in status if line.startswith("RssAnon"))
print(anonymous.split()[1])
"""


def errors_ms(seconds: float, *, seeds: int, **room: float) -> tuple[list[float], int]:
    """Return the errors of all offsets that were found, and how many were refused."""
    errors, n_refused = [], 0
    for seed in range(seeds):
        for place, offset_s in enumerate(OFFSETS_S):
            try:
                found = sound_offset(*pair(seconds, offset_s, seed=17 * seed + place, **room))
            except InputError:
                n_refused += 1
            else:
                errors.append(abs(float(found.offset_s) - offset_s) * 1000)
    return errors, n_refused


def test_offsets_are_found_in_noise_and_echo() -> None:
    figures = []
    for snr_db in (20, 6, 0, -6, -10):
        for rt60_s in (0.3, 1.2):
            errors, n_refused = errors_ms(60, seeds=scaled(3), snr_db=snr_db, rt60_s=rt60_s)
            value = f"{len(errors)} found, {n_refused} refused"
            if errors:
                p50, worst = np.median(errors), max(errors)
                value += f", error p50 {p50:.3f} ms, worst {worst:.3f} ms"
            figures.append(
                Figure(
                    name=f"noise {-snr_db:+d} dB, echo {rt60_s} s",
                    value=value,
                    aim="none wrong by 10 ms",
                    met=not errors or max(errors) < 10,
                )
            )
    show("Offsets of 0 to 30 s planted in 60 s of sound", figures)


def test_strangers_are_refused() -> None:
    n_pairs = scaled(40)
    n_taken = 0
    for seed in range(n_pairs):
        rng = np.random.default_rng(1000 + seed)
        ours, theirs = (heard(event(60, rng), rng) for _ in range(2))
        try:
            sound_offset(ours, theirs)
        except InputError:
            continue
        n_taken += 1
    met = n_taken == 0
    value = f"{n_taken} of {n_pairs} taken for one"
    show("Two events", [Figure(name="60 s each", value=value, aim="0", met=met)])


def test_drift_is_found() -> None:
    figures = []
    for drift_ppm in (0, 20, 50, 100, -100):
        errors, offsets = [], []
        for seed in range(scaled(3)):
            found = sound_offset(
                *pair(900, 5.25, seed=seed, drift_ppm=drift_ppm, snr_db=6, rt60_s=0.6)
            )
            errors.append(abs(float(found.drift_ppm) - drift_ppm))
            offsets.append(abs(float(found.offset_s) - 5.25) * 1000)
        figures.append(
            Figure(
                name=f"{drift_ppm:+d} ppm",
                value=f"worst error {max(errors):.3f} ppm, of the offset {max(offsets):.3f} ms",
                aim="1 ppm",
                met=max(errors) < 1,
            )
        )
    show("Drift planted in 15 minutes of sound", figures)


def test_a_group_costs_little_more_than_decoding_and_encoding(tmp_path: Path) -> None:
    n_frames = scaled(500, least=50)
    rng = np.random.default_rng(3)
    sound = heard(event(n_frames / 25, rng), rng)
    paths = [
        view(tmp_path / f"{k}.mp4", n_frames=n_frames, size=(1280, 720), sound=sound, gop=250)
        for k in range(3)
    ]
    found = [probe(path) for path in paths]
    shots = [
        Shot(
            name=path.stem,
            path=path,
            timebase=facts.timebase,
            size=(1280, 720),
            alignment=Alignment(offset_s=facts.first_pts_s, method=OffsetMethod.GIVEN)
            if path != paths[0]
            else None,
        )
        for path, facts in zip(paths, found, strict=True)
    ]

    def decode() -> None:
        for path in paths:
            with av.open(str(path)) as opened:
                opened.streams.video[0].thread_type = "AUTO"
                for _ in opened.decode(video=0):
                    pass

    def listen() -> None:
        for path in paths:
            with av.open(str(path)) as opened:
                write_sound(opened, tmp_path / "sound", first_frame_s=found[0].first_pts_s)

    def compare() -> None:
        sound_offset(sound, sound[SOUND_HZ:])

    def mosaic() -> None:
        make_mosaic(shots, tmp_path / "proxy.mp4", height=360)

    def proxies() -> None:
        for path, facts in zip(paths, found, strict=True):
            make_proxy(path, tmp_path / "one.mp4", timebase=facts, height=360)

    costs = {}
    for deed in (decode, listen, compare, proxies, mosaic):
        began = process_time()
        deed()
        costs[deed.__name__] = process_time() - began
    whole = costs["decode"]
    show(
        "A group of three 720p views: the processor's time beside decoding all three",
        [
            Figure(name="writing out the sound", value=f"{costs['listen'] / whole:.2f} x"),
            Figure(name="comparing one view's sound", value=f"{costs['compare'] / whole:.2f} x"),
            Figure(name="a proxy of each", value=f"{costs['proxies'] / whole:.2f} x"),
            Figure(name="the picture of all, proven", value=f"{costs['mosaic'] / whole:.2f} x"),
        ],
    )


def test_memory_does_not_grow_with_duration(tmp_path: Path) -> None:
    peaks = []
    for seconds in (scaled(600), scaled(7200)):
        done = subprocess.run(
            [sys.executable, "-c", WATCH, str(seconds), str(tmp_path)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append(int(done.stdout) / 1024)
    grown = peaks[1] - peaks[0]
    show(
        "Comparing sound: memory of its own held at the end",
        [
            Figure(name="10 min", value=f"{peaks[0]:.1f} MiB"),
            Figure(
                name="2 h against 10 min",
                value=f"{grown:+.1f} MiB",
                aim="below 32",
                met=grown < 32,
            ),
        ],
    )
