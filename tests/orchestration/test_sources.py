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


def put(root, **texts):
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)


def test_a_manifest_makes_one_clip_of_its_files(tmp_path):
    views = """
views:
  - file: front.mp4
  - file: cameras/side.mp4
    offset_s: 1.1
  - {file: top.mp4, name: above, sync: audio}
"""
    put(tmp_path, one_mp4="x", take__front_mp4="x", take__top_mp4="x", take__extra_mp4="x")
    put(tmp_path, take__cameras__side_mp4="x", take__group_yaml=views)
    clips = list_sources(str(tmp_path))
    assert [clip.name for clip in clips] == ["one.mp4", "take", "take/extra.mp4"]
    group = clips[1]
    assert group.source_uri == (tmp_path / "take/front.mp4").as_uri()
    assert [(view.name, view.sync, view.offset_s) for view in group.views] == [
        ("front", "auto", None),
        ("side", "auto", "11/10"),
        ("above", "audio", None),
    ]
    assert [clip.views for clip in (clips[0], clips[2])] == [[], []]
    # The folder of the group alone is the same group.
    (_extra, alone) = list_sources(str(tmp_path / "take"))
    assert (alone.name, alone.views) == ("take", group.views)


@pytest.mark.parametrize(
    ("views", "told"),
    [
        ("views: [{file: a.mp4}, {file: gone.mp4}]", "gone.mp4"),
        ("views: [{file: a.mp4}]", "group.yaml"),
        ("views: [{file: a.mp4}, {file: b.mp4, shift: 3}]", "shift"),
        ("views: [{file: a.mp4}, {file: ../b.mp4}]", "inside"),
    ],
)
def test_a_manifest_that_is_wrong_is_named(tmp_path, views, told):
    put(tmp_path, a_mp4="x", b_mp4="x", group_yaml=views)
    with pytest.raises(InputError, match=told):
        list_sources(str(tmp_path))


def test_a_manifest_in_a_bucket(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="clips")
        for key in ("in/t/a.mp4", "in/t/b.mp4", "in/c.mp4"):
            client.put_object(Bucket="clips", Key=key, Body=b"x")
        body = b"views: [{file: a.mp4}, {file: b.mp4, offset_s: -2}]"
        client.put_object(Bucket="clips", Key="in/t/group.yaml", Body=body)
        clips = list_sources("s3://clips/in/")
        (group,) = list_sources("s3://clips/in/t/")
    assert [clip.name for clip in clips] == ["c.mp4", "t"]
    assert [view.source_uri for view in clips[1].views] == [
        "s3://clips/in/t/a.mp4",
        "s3://clips/in/t/b.mp4",
    ]
    assert (group.name, group.views[1].offset_s) == ("t", "-2")
