"""Files made to do harm: each ends in a verdict, within the limits, and in its own process."""

import struct
import subprocess
import sys
import time

import pytest

from models.isolated import ROOT, examine_isolated, ingest_isolated
from models.refusal import MediaRefusedError
from services.domain.media_limits import MediaLimits
from tests.models.odd_videos import (
    endless,
    fast_clip,
    fuzzed,
    gif_bomb,
    huge_frame_count,
    huge_picture,
    huge_sample_size,
    still_in_mov,
)
from tests.videos import clip, cut_off, faststart

LIMITS = MediaLimits(timeout_s=20, memory_bytes=2 * 2**30)
CODES = {
    "unreadable", "not_video", "no_video_stream", "no_frames", "corrupt", "too_large",
    "decode_crashed", "decode_timeout",
}  # fmt: skip


def y4m(path, side):
    path.write_bytes(b"YUV4MPEG2 W%d H%d F25:1 Ip A1:1 C420\nFRAME\n" % (side, side) + bytes(9999))
    return path


def avi_of_vast_pictures(folder):
    """An AVI whose stream header says 100,000 x 100,000."""
    path = clip(folder, "a.avi", codec="mpeg4")
    data = bytearray(path.read_bytes())
    at = data.index(b"strf") + 12
    struct.pack_into("<ii", data, at, 100_000, 100_000)
    path.write_bytes(bytes(data))
    return path


# None: accepted. A container that lies is overruled by what the stream itself says and decodes to.
HOSTILE = {
    "an AVI that says 100,000 x 100,000": (None, avi_of_vast_pictures),
    "an MP4 that says 65,535 x 65,535": (None, lambda d: fast_clip(d, huge_picture)),
    "an MP4 that says it lasts for years": (None, lambda d: fast_clip(d, endless)),
    "raw pictures of 30,000 x 30,000": ("not_video", lambda d: y4m(d / "a.y4m", 30_000)),
    "a screen of 65,535 x 65,535": ("corrupt", lambda d: gif_bomb(d / "a.gif", 65_535, 3)),
    "a screen of 9,000 x 9,000": ("too_large", lambda d: gif_bomb(d / "a.gif", 9_000, 3)),
    "a picture larger than its header says": (
        "too_large",
        lambda d: still_in_mov(d / "a.mov", 7_000),
    ),
    "a frame of two gigabytes": ("no_frames", lambda d: fast_clip(d, huge_sample_size)),
    "four thousand million frames": ("too_large", lambda d: fast_clip(d, huge_frame_count)),
    "cut off within a packet": ("corrupt", lambda d: cut_off(faststart(d), 0.731)),
}


def verdict(source, limits=LIMITS):
    """Return the code of the refusal, or None."""
    try:
        examine_isolated(source, limits=limits)
    except MediaRefusedError as error:
        return error.code
    return None


@pytest.mark.parametrize("case", HOSTILE)
def test_it_ends_in_its_verdict(tmp_path, case):
    code, make = HOSTILE[case]
    source = make(tmp_path)
    began = time.monotonic()
    assert verdict(source) == code
    assert time.monotonic() - began < LIMITS.timeout_s


def test_a_small_file_of_many_vast_frames_is_stopped_by_the_clock(tmp_path):
    """40,000 frames of 34 million dots lie in a megabyte."""
    source = gif_bomb(tmp_path / "a.gif", 5_800, 40_000)
    assert source.stat().st_size < 1_200_000
    assert verdict(source, MediaLimits(timeout_s=4)) == "decode_timeout"


def test_its_frames_are_limited_as_well(tmp_path):
    source = gif_bomb(tmp_path / "a.gif", 16, 2_000)
    assert verdict(source, MediaLimits(max_frames=1_999)) == "too_large"
    assert verdict(source) is None


MEASURED = """
import resource, sys
from models.isolated import examine_isolated
from models.refusal import MediaRefusedError
from services.domain.media_limits import MediaLimits
try:
    examine_isolated(sys.argv[1], limits=MediaLimits(max_pixels=10**8, memory_bytes=600 * 2**20))
except MediaRefusedError as error:
    print(error.code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def test_the_memory_limit_is_kept(tmp_path):
    """Pictures of 64 million dots are within the pixels allowed here, not within the memory."""
    source = gif_bomb(tmp_path / "a.gif", 8_000, 300)
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, source],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    code, peak_mb = ran.stdout.split()
    assert code == "decode_crashed"
    assert int(peak_mb) < 600


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts", "a.webm"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_damage_ends_in_a_verdict(tmp_path, name, seed):
    source, out = fuzzed(tmp_path, name, seed), tmp_path / "out"
    code, done = None, None
    try:
        done = ingest_isolated(source, out / "p.mp4", limits=LIMITS)
    except MediaRefusedError as error:
        code = error.code
    if done is None:
        assert code in CODES
        assert list(out.iterdir()) == []
    else:
        assert done.proxy.n_frames == done.probe.n_frames
