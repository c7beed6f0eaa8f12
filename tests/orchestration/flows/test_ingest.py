"""Files as they come: whatever is wrong with one, the others go on."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from xml.etree import ElementTree

import boto3
import pytest
from moto import mock_aws

from models.synthetic import ClipStyle, make_clip
from orchestration.flows.ingest import ingest
from orchestration.flows.prelabel import prelabel
from orchestration.near_duplicates import near_duplicate_lines
from orchestration.stage import DecodingParams
from services.client.payloads import ClipIn
from services.domain.errors import StorageError, TransientError
from services.domain.hints import Hints
from services.domain.segments import Segment
from services.tracker.clips.models import Media
from tests import videos
from tests.orchestration.flows.faults import PUT
from tests.orchestration.flows.house import House

pytestmark = [pytest.mark.db, pytest.mark.harness]


@pytest.fixture
def sound(house: House):
    return videos.clip(house.videos, "sound ü #1.mp4")


def reason(house: House, clip):
    return house.clip(clip).reason["code"]


def test_damaged_gone_and_doubled_files_are_set_aside_and_the_rest_goes_on(house: House, sound):
    copy = sound.with_name("copy.mp4")
    copy.write_bytes(sound.read_bytes())
    lost = videos.clip(house.videos, "lost.mp4")
    clips = {
        "sound": sound,
        "cut off": videos.cut_off(videos.faststart(house.videos), 0.5),
        "picture": videos.png(house.videos / "picture.mp4"),
        "lost": lost,
    }
    uids = dict(zip(clips, house.register(*clips.values()), strict=True))
    lost.unlink()
    outcome = ingest()
    (twin,) = house.register(copy)
    ingest()
    assert outcome == "ingest: 1 ingested, 3 quarantined"
    assert house.state(uids["sound"]) == "ingested"
    assert {name: reason(house, uids[name]) for name in ("cut off", "picture", "lost")} == {
        "cut off": "corrupt",
        "picture": "not_video",
        "lost": "source_missing",
    }
    assert house.state(twin) == "quarantined"
    told = house.clip(twin).reason
    assert told["code"] == "duplicate"
    assert str(uids["sound"]) in told["detail"]
    assert "prelabel" in house.nudged
    assert house.play["lea"].project_status("kitchen").states == {"ingested": 1, "quarantined": 4}


def test_a_file_that_comes_back_is_taken_on_the_managers_word(house: House):
    path = house.videos / "late.mp4"
    (clip,) = house.register(path)
    ingest()
    assert reason(house, clip) == "source_missing"
    videos.clip(house.videos, "late.mp4")
    assert ingest() == "ingest: nothing was due"
    house.play["lea"].clip_retry(clip)
    ingest()
    assert house.steps(clip) == ["registered", "refused", "requeued", "ingested"]
    assert house.clip(clip).reason is None


@pytest.mark.parametrize(
    ("media", "code"),
    [
        ({"max_bytes": 1000}, "too_large"),
        ({"max_frames": 10}, "too_large"),
        ({"max_pixels": 100}, "too_large"),
        ({"timeout_s": 0.01}, "decode_timeout"),
    ],
)
def test_what_is_too_much_is_the_policys_word(house: House, sound, media, code):
    (clip,) = house.register(sound)
    house.rules(media=media)
    ingest()
    assert (house.state(clip), reason(house, clip)) == ("quarantined", code)
    house.rules()
    house.play["lea"].clip_retry(clip)
    ingest()
    assert house.state(clip) == "ingested"


def test_the_policy_says_which_video_stream_is_meant(house: House, sound):
    (clip,) = house.register(sound)
    house.rules(video_stream=1)
    ingest()
    assert reason(house, clip) == "no_video_stream"
    house.rules(video_stream="largest", hints={"thumbnails": 3})
    house.play["lea"].clip_retry(clip)
    ingest()
    media = Media.objects.get(clip__uid=clip)
    assert media.proxy_key.endswith("-stream-largest-360p.mp4")
    assert media.hints["rules"]["thumbnails"] == 3


def test_what_ingest_sees_is_kept_and_drawn(house: House, sound):
    (clip,) = house.register(sound)
    ingest()
    media = Media.objects.get(clip__uid=clip)
    assert Hints.from_json(media.hints).n_frames == house.clip(clip).n_frames
    with house.parts.store.as_file(media.strip_key) as path:
        drawing = path.read_bytes()
    assert ElementTree.fromstring(drawing).tag.endswith("svg")
    assert media.strip_key == "strips/{0:.2}/{0}.svg".format(sha256(drawing).hexdigest())


def test_another_encoding_of_a_clip_is_flagged_and_worked_on(house: House):
    timeline = [("reach", 40), ("pour", 50), ("stir", 60)]
    paths = [house.videos / name for name in ("one.mp4", "other.mp4", "stranger.mp4")]
    unlike = [("rest", 40), ("stir", 50), ("reach", 60)]
    for path, given, gop in zip(paths, (timeline, timeline, unlike), (12, 30, 12), strict=True):
        make_clip(path, rate=Fraction(25), timeline=given, style=ClipStyle(gop=gop))
    uids = house.register(*paths)
    assert ingest() == "ingest: 3 ingested"
    lea = house.play["lea"]
    (pair,) = lea.near_duplicates("kitchen")
    assert {pair.clip_uid, pair.other_uid} == set(uids[:2])
    (line,) = near_duplicate_lines([pair])
    assert line.startswith("one.mp4 and other.mp4 show the same for ")


def test_a_source_that_is_gone_from_its_bucket_is_set_aside_like_a_file(house: House, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    gone = ClipIn(name="gone.mp4", source_uri="s3://videos/gone.mp4")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="videos")
        (clip,) = [done.uid for done in house.play["lea"].clips_register("kitchen", [gone])]
        ingest()
    assert (house.state(clip), reason(house, clip)) == ("quarantined", "source_missing")


def test_a_store_that_is_full_holds_the_clip_and_says_so(house: House, sound):
    (clip,) = house.register(sound)
    house.faults.fail("before", PUT, StorageError("The disk is full."))
    ingest()
    held = house.clip(clip)
    assert (held.held, held.state) == (True, "registered")
    assert held.reason == {"code": "storage", "detail": "The disk is full.", "stage": "ingest"}
    house.play["lea"].clip_retry(clip)
    ingest()
    assert house.state(clip) == "ingested"


def test_a_store_that_is_out_of_reach_is_tried_again_later(house: House, sound):
    (clip,) = house.register(sound)
    house.faults.fail("before", PUT, TransientError("Try later."))
    assert ingest() == "ingest: 1 registered"
    assert ingest() == "ingest: nothing was due"
    house.back_off_is_over()
    ingest()
    assert house.steps(clip) == ["registered", "failed", "ingested"]


def test_one_project_alone_can_be_worked(house: House, sound):
    (clip,) = house.register(sound)
    assert ingest(DecodingParams(project="garage")) == "ingest: nothing was due"
    assert house.state(clip) == "registered"


def test_a_report_that_the_tracker_refuses_is_a_failure_with_its_reason(
    house: House, sound, monkeypatch
):
    (clip,) = house.register(sound)
    ingest()

    class Draft:
        model, details = "m", {}
        segments = (Segment(label="pour", onset=0, offset=10_000),)

    monkeypatch.setattr("models.prelabel.propose", lambda *_, **__: Draft)
    prelabel()
    held = house.clip(clip)
    assert (held.held, held.state) == (True, "ingested")
    assert held.reason["code"] != "lease_expired"
    assert "10000" in held.reason["detail"]


def test_an_error_of_any_length_and_script_reaches_the_manager(house: House, sound, monkeypatch):
    (clip,) = house.register(sound)
    ingest()

    def propose(*_, **__):
        raise RuntimeError("tensor\0" + "long " * 5000)

    monkeypatch.setattr("models.prelabel.propose", propose)
    for _ in range(3):
        prelabel()
        house.back_off_is_over()
    held = house.clip(clip)
    assert (held.held, held.reason["code"]) == (True, "unexpected")
    assert held.reason["detail"].startswith("RuntimeError: tensor?long")
    assert house.steps(clip) == ["registered", "ingested", "failed", "failed", "held"]
