import boto3
import pytest
from moto import mock_aws

from orchestration.storage import FolderStore, S3Store, check_key, source_file, split_s3_uri
from services.domain.errors import InputError, StorageError


@pytest.fixture
def bucket(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="clips")
        yield client


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    client = request.getfixturevalue("bucket")
    return S3Store("s3://clips/some/prefix", client=client)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.bin"
    path.write_bytes(b"frames")
    return path


def test_it_gives_back_what_was_put(store, source):
    store.put(source, "proxies/ab/abcd.mp4")
    with store.as_file("proxies/ab/abcd.mp4") as path:
        assert path.read_bytes() == b"frames"


def test_a_repeated_put_is_harmless(store, source):
    store.put(source, "a/b")
    source.write_bytes(b"other")
    store.put(source, "a/b")
    with store.as_file("a/b") as path:
        assert path.read_bytes() == b"other"


def test_a_missing_object_is_named(store):
    with pytest.raises(StorageError, match="no/such") as caught, store.as_file("no/such"):
        pass
    assert caught.value.code == "object_missing"


@pytest.mark.parametrize("key", ["/etc/passwd", "../up", "a/../b", "a/..", "", "a\\b", "a\nb", "."])
def test_a_key_that_leaves_the_store_is_refused(key):
    with pytest.raises(InputError, match="storage key"):
        check_key(key)


def test_a_failed_put_leaves_nothing_behind(tmp_path):
    store = FolderStore(tmp_path / "store")
    with pytest.raises(StorageError, match=r"a/b\.mp4"):
        store.put(tmp_path / "missing.mp4", "a/b.mp4")
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_a_source_is_read_where_it_lies(source):
    with source_file(source.as_uri()) as path:
        assert path == source


def test_a_source_with_odd_characters_is_found(tmp_path):
    path = tmp_path / "söme %41 film #1.mov"
    path.write_bytes(b"x")
    with source_file(path.as_uri()) as found:
        assert found == path


def test_a_source_outside_the_allowed_folders_looks_like_none(tmp_path):
    inside, outside = tmp_path / "videos", tmp_path / "elsewhere"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "film.mp4").write_bytes(b"x")
    (inside / "link.mp4").symlink_to(outside / "film.mp4")
    with source_file((inside / "film.mp4").as_uri(), roots=(inside,)) as path:
        assert path.read_bytes() == b"x"
    for path in (outside / "film.mp4", inside / "link.mp4", inside / ".." / "elsewhere/film.mp4"):
        uri = f"file://{path}"
        with pytest.raises(StorageError) as caught, source_file(uri, roots=(inside,)):
            pass
        assert caught.value.code == "source_missing"


def test_a_source_in_a_bucket_keeps_its_suffix(bucket):
    bucket.put_object(Bucket="clips", Key="in/one film.mp4", Body=b"x")
    with source_file("s3://clips/in/one film.mp4") as path:
        assert path.read_bytes() == b"x"
        assert path.suffix == ".mp4"
    assert not path.exists()


@pytest.mark.parametrize(
    ("uri", "error"), [("file:///no/such/film.mp4", StorageError), ("ftp://x/y", InputError)]
)
def test_a_source_that_cannot_be_read_is_named(uri, error):
    with pytest.raises(error, match=r"film|ftp"), source_file(uri):
        pass


@pytest.mark.parametrize("uri", ["s3:///key", "clips/key", "http://clips/key"])
def test_what_is_no_bucket_address_is_refused(uri):
    with pytest.raises(InputError, match="S3 address"):
        split_s3_uri(uri)
