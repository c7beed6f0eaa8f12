import boto3
import pytest
from moto import mock_aws

from orchestration.sources import list_sources
from orchestration.storage import split_s3_uri
from services.domain.errors import InputError, StorageError


def test_it_takes_every_visible_file_in_name_order(tmp_path):
    for name in ("b.mp4", "a film.mov", "sub/c.mkv", ".hidden", ".git/x.mp4", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    clips = list_sources(str(tmp_path))
    assert [clip.name for clip in clips] == ["a film.mov", "b.mp4", "notes.txt", "sub/c.mkv"]
    assert clips[0].source_uri == (tmp_path / "a film.mov").as_uri()


def test_it_takes_a_single_file(tmp_path):
    path = tmp_path / "one.mp4"
    path.write_bytes(b"x")
    assert [clip.name for clip in list_sources(str(path))] == ["one.mp4"]


def test_an_empty_or_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="no files"):
        list_sources(str(tmp_path))
    with pytest.raises(InputError, match="nowhere"):
        list_sources(str(tmp_path / "nowhere"))


def test_it_lists_a_bucket_below_its_prefix(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="clips")
        for key in ("in/b.mp4", "in/sub/a.mp4", "in/", "out/c.mp4", "in/take #2 100%.mp4"):
            client.put_object(Bucket="clips", Key=key, Body=b"x")
        clips = list_sources("s3://clips/in/")
        with pytest.raises(StorageError, match="elsewhere"):
            list_sources("s3://elsewhere/in/")
    assert [(clip.name, clip.source_uri) for clip in clips] == [
        ("b.mp4", "s3://clips/in/b.mp4"),
        ("sub/a.mp4", "s3://clips/in/sub/a.mp4"),
        ("take #2 100%.mp4", "s3://clips/in/take%20%232%20100%25.mp4"),
    ]
    assert split_s3_uri(clips[-1].source_uri) == ("clips", "in/take #2 100%.mp4")
