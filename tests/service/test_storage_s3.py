"""The store on S3, as far as a fake can say: moto takes any secret."""

from __future__ import annotations

import time
from collections.abc import Iterator
from hashlib import sha256

import boto3
import pytest
from django.conf import settings
from moto import mock_aws

from services.client.payloads import ReleaseFileIn
from services.domain.errors import InputError, NotFoundError, TransientError
from services.domain.links import sign_file_path
from services.tracker.files import storage
from services.tracker.files.ranges import ByteRange
from tests.service.play import Play

pytestmark = pytest.mark.db

CONTENT = bytes(range(256))
KEY = "releases/kitchen/1.0/clips.jsonl"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    change = {"storage_root": None, "storage_url": "s3://footage/segue"}
    monkeypatch.setattr(settings, "SEGUE", settings.SEGUE.model_copy(update=change))
    storage._s3.cache_clear()
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="footage")
        client.put_object(Bucket="footage", Key=f"segue/{KEY}", Body=CONTENT)
        yield
    storage._s3.cache_clear()


def test_objects_are_measured_and_read_in_part(bucket: None) -> None:
    assert storage.object_size(KEY) == len(CONTENT)
    assert b"".join(storage.object_read(KEY, ByteRange(first=3, last=9))) == CONTENT[3:10]
    with pytest.raises(NotFoundError):
        storage.object_size("missing")


def test_a_store_out_of_reach_is_a_passing_fault(
    bucket: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = {"storage_url": "s3://no!bucket"}
    monkeypatch.setattr(settings, "SEGUE", settings.SEGUE.model_copy(update=change))
    with pytest.raises(TransientError):
        storage.object_size(KEY)


def test_a_signed_link_leads_to_the_store(bucket: None, play: Play) -> None:
    secret = settings.SEGUE.links_key.get_secret_value()
    link = sign_file_path(KEY, expires_at=int(time.time()) + 60, secret=secret)
    answer = play.http(None).get(link)
    assert answer.status_code == 302
    assert f"footage/segue/{KEY}" in answer.headers["location"].replace(".s3.amazonaws.com", "")
    assert "Signature" in answer.headers["location"]
    assert play.http(None).get(link.replace("signature=", "signature=0")).status_code == 404


def test_a_release_is_published_and_fetched_from_the_store(bucket: None, play: Play) -> None:
    play.accepted()
    made = play["wren"].release_create("kitchen", "1.0")
    file = ReleaseFileIn(
        path="clips.jsonl",
        sha256=sha256(CONTENT).hexdigest(),
        n_bytes=len(CONTENT),
        media_type="application/jsonl",
        storage_key=KEY,
    )
    with pytest.raises(InputError):
        play["wren"].release_publish(made.uid, [file.model_copy(update={"n_bytes": 1})])
    play["wren"].release_publish(made.uid, [file])
    path = f"/api/v1/releases/{made.uid}/files/clips.jsonl"
    assert play.http("cleo").get(path).content == CONTENT
    part = play.http("cleo").get(path, headers={"Range": "bytes=-6"})
    assert (part.status_code, part.content) == (206, CONTENT[-6:])
