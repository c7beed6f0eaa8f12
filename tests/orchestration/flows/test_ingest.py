"""Files as they come: whatever is wrong with one, the others go on."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from orchestration.flows.ingest import ingest
from orchestration.flows.prelabel import prelabel
from orchestration.stage import DecodingParams
from services.client.payloads import ClipIn
from services.domain.errors import StorageError, TransientError
from services.domain.segments import Segment
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
