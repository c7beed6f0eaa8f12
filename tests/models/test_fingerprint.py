"""Fingerprints of real pictures: copies of every kind are near, strangers are not."""

from fractions import Fraction

import av
import pytest

from models.examine import examine_file
from models.fingerprint import Fingerprinter
from models.geometry import geometry_of
from models.ingest import ingest_file
from models.synthetic import ClipStyle, make_clip
from services.domain.fingerprint import NEAR_DISTANCE, likeness
from services.domain.media_limits import MediaLimits
from tests.videos import SHARED_DATA, clip

TIMELINE = [(label, 40) for label in "abcab"]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    path = tmp_path_factory.mktemp("original") / "a.mp4"
    make_clip(path, rate=Fraction(25), timeline=TIMELINE, style=ClipStyle(noise=4))
    return path


def copied(source, target, *, keep=lambda k: True, size=None, crf=23, brighter=0, rate=25):
    """Encode a video again, some of its frames only, each at its own time."""
    with av.open(str(source)) as before, av.open(str(target), "w") as after:
        stream = after.add_stream("libx264", rate=rate)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        stream.codec_context.options = {"preset": "veryfast", "crf": str(crf)}
        stream.width, stream.height = size or (320, 180)
        for k, frame in enumerate(before.decode(video=0)):
            if not keep(k):
                continue
            picture = frame.to_ndarray(format="yuv420p")
            picture[: frame.height] = picture[: frame.height].clip(0, 255 - brighter) + brighter
            again = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            again = again.reformat(stream.width, stream.height)
            again.pts, again.time_base = k, Fraction(1, 25)
            after.mux(stream.encode(again))
        after.mux(stream.encode(None))
    return target


COPIES = {
    "smaller": {"size": (160, 90)},
    "of another shape": {"size": (240, 180)},
    "worse": {"crf": 40},
    "brighter": {"brighter": 30},
    "every other frame": {"keep": lambda k: k % 2 == 0},
    "a second later": {"keep": lambda k: k >= 25},
    "a third of a second later": {"keep": lambda k: k >= 9},
    "its middle": {"keep": lambda k: 50 <= k < 130},
    "all of it": {
        "size": (240, 136), "crf": 35, "brighter": 15, "keep": lambda k: k >= 12 and k % 2,
    },
}  # fmt: skip


# Eight seconds are too few to tell these from another take before the same camera.
TOO_SHORT = {"every other frame", "a third of a second later"}


@pytest.mark.parametrize("case", COPIES)
def test_a_copy_is_near(tmp_path, original, case):
    options = COPIES[case]
    copy = copied(original, tmp_path / "b.mp4", **options)
    found = likeness(examine_file(original).fingerprint, examine_file(copy).fingerprint)
    assert found.distance <= NEAR_DISTANCE
    assert found.is_near is (case not in TOO_SHORT)
    first = next(k for k in range(99) if options.get("keep", lambda _: True)(k))
    assert abs(float(found.shift_s) - first / 25) <= 0.25


def test_other_videos_are_not(tmp_path, original):
    other = tmp_path / "o.mp4"
    make_clip(other, rate=Fraction(25), timeline=[(label, 40) for label in "vwxyz"])
    found = likeness(examine_file(original).fingerprint, examine_file(other).fingerprint)
    assert not found.is_near


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_a_turned_file_shows_the_same(tmp_path, rotation):
    for name, turn in (("a.mp4", 0), ("b.mp4", rotation)):
        style = ClipStyle(rotation=turn)
        make_clip(tmp_path / name, rate=Fraction(25), timeline=TIMELINE, style=style)
    plain, turned = (examine_file(tmp_path / name).fingerprint for name in ("a.mp4", "b.mp4"))
    assert likeness(plain, turned).distance < 0.05


def test_ingest_takes_the_same_fingerprint(tmp_path):
    source = clip(tmp_path, "a.mkv", vfr=True)
    examined, ingested = examine_file(source), ingest_file(source, tmp_path / "p.mp4")
    assert ingested.fingerprint == examined.fingerprint
    assert ingested.source_sha256 == examined.source_sha256
    # 3.5 s: windows of half a second, four a second.
    assert len(examined.fingerprint) == 13


def test_no_timestamp_can_make_it_long():
    frames = Fingerprinter(max_duration_s=10)
    picture = av.VideoFrame(32, 32, "gray")
    geometry = geometry_of(picture, None)
    for shown_s in (Fraction(5), Fraction(4), Fraction(10**15), Fraction(10**16)):
        frames.add(picture, shown_s=shown_s, geometry=geometry)
    assert len(frames.result()) == 39


@pytest.mark.slow
@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no shared data beside the repo")
def test_no_real_video_is_near_another():
    found = {
        path.name: examine_file(path, limits=MediaLimits()).fingerprint
        for path in sorted((SHARED_DATA / "videos").iterdir())
    }
    names = sorted(found)
    near = [
        (a, b)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
        if (alike := likeness(found[a], found[b])) is not None and alike.is_near
    ]
    assert near == []
