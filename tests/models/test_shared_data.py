"""Real files that others damaged or made oddly: the expected verdict for each.

The files are not part of the repository (their licences differ); where the folder is absent
these tests are skipped, and say so.
"""

from fractions import Fraction

import pytest

from models.isolated import ingest_isolated
from models.refusal import MediaRefusedError
from tests.videos import SHARED_DATA

REFUSED = {
    "bad/WrongFile.mp4": "unreadable",
    "bad/audio_only.mp4": "no_video_stream",
    "bad/broken.mp4": "unreadable",
    "bad/corrupted.mp4": "corrupt",
    "bad/zero_bytes.webm": "empty_file",
}
# n_frames, rate, upright size, and what is odd.
ACCEPTED = {
    "bad/av1_video.mkv": (125, "25", (640, 360), ""),
    "bad/h265_10bits.mp4": (30, "30", (200, 200), ""),
    "bad/ucf_packed_bframes.avi": (164, "25", (320, 240), "synthesised"),
    "bad/video_90.mov": (3, "30", (320, 568), ""),
    "videos/arm_wrestling.mp4": (280, "28", (427, 256), ""),
    "videos/asl_book.mkv": (109, "30", (640, 480), ""),
    "videos/asl_sister.mkv": (87, "30", (640, 480), ""),
    "videos/asl_walk.mkv": (89, "30", (640, 480), ""),
    "videos/awesome movie.mov": (123, "24600/1469", (640, 480), "vfr"),
    "videos/basketball_gym.mp4": (300, "30000/1001", (426, 240), ""),
    "videos/bikes.mp4": (250, "25", (640, 272), ""),
    "videos/bottle-detection.mp4": (1189, "179/6", (640, 360), ""),
    "videos/dance.mp4": (450, "30", (406, 720), ""),
    "videos/exercise.avi": (393, "10", (384, 288), ""),
    "videos/flipping_a_pancake.mkv": (310, "30", (426, 240), ""),
    "videos/fly_pair.mp4": (1100, "15", (388, 384), ""),
    "videos/mouse_openfield.mp4": (2330, "1000000/33333", (640, 480), ""),
    "videos/nasa_13013.mp4": (325, "25", (320, 180), ""),
    "videos/opossum_snow_short.mp4": (35, "30000/1001", (1280, 720), ""),
}

pytestmark = pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no shared data beside the repo")


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_is_refused(tmp_path, name):
    with pytest.raises(MediaRefusedError) as refusal:
        ingest_isolated(SHARED_DATA / name, tmp_path / "p.mp4")
    assert refusal.value.code == REFUSED[name]
    assert list(tmp_path.iterdir()) == []
    if name == "bad/corrupted.mp4":
        assert refusal.value.facts == {"n_frames": 28}


@pytest.mark.slow
@pytest.mark.parametrize("name", ACCEPTED)
def test_a_sound_file_is_read_exactly(tmp_path, name):
    n_frames, rate, size, oddity = ACCEPTED[name]
    done = ingest_isolated(SHARED_DATA / name, tmp_path / "p.mp4")
    found = done.probe
    assert (found.n_frames, found.rate) == (n_frames, Fraction(rate))
    assert (found.width, found.height) == size
    assert found.vfr == (oddity == "vfr")
    assert (found.timestamps == "synthesised") == (oddity == "synthesised")
    assert done.proxy.n_frames == n_frames


def test_every_file_has_a_verdict():
    known = {*REFUSED, *ACCEPTED}
    there = {
        f"{folder}/{path.name}"
        for folder in ("bad", "videos")
        for path in (SHARED_DATA / folder).iterdir()
    }
    assert there <= known
