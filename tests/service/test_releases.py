"""Releases: frozen, published, fetched."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from services.client.payloads import ReleaseFileIn, ReleaseOut
from services.domain.errors import (
    ConflictError,
    DuplicateError,
    InputError,
    NotAllowedError,
    NotFoundError,
)
from services.tracker.files.storage import object_size
from tests import factories
from tests.service.play import Play

pytestmark = pytest.mark.db

CONTENT = bytes(range(256)) * 40


def stored(root: Path, version: str = "1.0", path: str = "clips.jsonl") -> ReleaseFileIn:
    key = f"releases/kitchen/{version}/{path}"
    (root / key).parent.mkdir(parents=True, exist_ok=True)
    (root / key).write_bytes(CONTENT)
    return ReleaseFileIn(
        path=path,
        sha256=sha256(CONTENT).hexdigest(),
        n_bytes=len(CONTENT),
        media_type="application/jsonl",
        storage_key=key,
    )


@pytest.fixture
def published(play: Play, storage_root: Path) -> ReleaseOut:
    play.accepted()
    made = play["wren"].release_create("kitchen", "1.0")
    return play["wren"].release_publish(made.uid, [stored(storage_root)])


def fetch(play: Play, release: ReleaseOut, **headers: str) -> httpx.Response:
    path = f"/api/v1/releases/{release.uid}/files/clips.jsonl"
    return play.http("cleo").get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})


# --- making ------------------------------------------------------------------------------------


def test_a_release_freezes_what_is_accepted(play: Play) -> None:
    clip = play.accepted()
    made = play["wren"].release_create("kitchen", "1.0")
    assert (made.state, made.n_clips, made.taxonomy_version) == ("building", 1, 1)
    play.accepted()
    again = play["lea"].release_create("kitchen", "1.0")
    assert again == made
    (frozen,) = play["wren"].release_clips(made.uid)
    assert (frozen.clip_uid, frozen.status) == (clip, "agreed")
    assert frozen.segments == [factories.segment()]
    assert frozen.opinions == [[factories.segment()], [factories.segment()]]
    assert frozen.comparison is not None
    assert play["wren"].release_create("kitchen", "1.1").n_clips == 2


def test_nothing_accepted_is_nothing_to_release(play: Play) -> None:
    play.in_annotation()
    with pytest.raises(ConflictError) as caught:
        play["wren"].release_create("kitchen", "1.0")
    assert caught.value.code == "nothing_accepted"


def test_a_version_is_one_choice_of_clips(play: Play) -> None:
    clip, _ = play.accepted(), play.accepted()
    play["wren"].release_create("kitchen", "1.0", clips=[clip])
    with pytest.raises(DuplicateError):
        play["wren"].release_create("kitchen", "1.0")


def test_named_clips_must_be_accepted(play: Play) -> None:
    accepted, open_ = play.accepted(), play.in_annotation()
    with pytest.raises(ConflictError) as caught:
        play["wren"].release_create("kitchen", "1.0", clips=[accepted, open_])
    assert caught.value.code == "not_accepted"


def test_taxonomy_versions_are_never_mixed(play: Play) -> None:
    play.accepted()
    members = {"ana": "annotator", "ben": "annotator", "sam": "arbiter", "cleo": "client"}
    taxonomy = factories.taxonomy_document(version=2, labels=("pour", "stir", "wait"))
    play["lea"].project_apply("kitchen", factories.project_in(members, taxonomy=taxonomy))
    for name in ("ana", "ben"):
        play.lanes[name, "annotation"] = play["wren"].lane_put(
            factories.lane_in(name, taxonomy_version=2)
        )
    play.accepted()
    with pytest.raises(ConflictError) as caught:
        play["wren"].release_create("kitchen", "1.0")
    assert caught.value.code == "mixed_taxonomies"
    made = play["wren"].release_create("kitchen", "1.0", taxonomy_version=2)
    assert (made.n_clips, made.taxonomy_version) == (1, 2)


@pytest.mark.parametrize("version", ["", "../x", "a/b", ".hidden", "ä"])
def test_a_version_is_a_plain_name(play: Play, version: str) -> None:
    with pytest.raises(InputError):
        play["wren"].release_create("kitchen", version)


@pytest.mark.parametrize("name", ["ana", "sam", "cleo"])
def test_only_staff_make_releases(play: Play, name: str) -> None:
    with pytest.raises(NotAllowedError):
        play[name].release_create("kitchen", "1.0")
    with pytest.raises(NotAllowedError):
        play[name].release_publish(uuid4(), [])
    with pytest.raises(NotAllowedError):
        play[name].release_fail(uuid4(), "no")


# --- publishing --------------------------------------------------------------------------------


def test_publishing_again_is_harmless(
    play: Play, published: ReleaseOut, storage_root: Path
) -> None:
    again = play["wren"].release_publish(published.uid, [stored(storage_root)])
    assert again == published
    assert published.published_at is not None


def test_a_published_release_never_changes(
    play: Play, published: ReleaseOut, storage_root: Path
) -> None:
    other = stored(storage_root, path="other.jsonl")
    with pytest.raises(DuplicateError):
        play["wren"].release_publish(published.uid, [other])
    with pytest.raises(ConflictError):
        play["wren"].release_fail(published.uid, "changed my mind")


def test_a_file_must_be_in_the_store_as_described(play: Play, storage_root: Path) -> None:
    play.accepted()
    made = play["wren"].release_create("kitchen", "1.0")
    good = stored(storage_root)
    for change in (
        {"storage_key": "releases/kitchen/1.0/missing"},
        {"storage_key": "proxies/aa/x.mp4"},
        {"storage_key": "releases/kitchen/1.0/../../../secret"},
        {"storage_key": "releases/kitchen/1.0/"},
        {"n_bytes": 1},
        {"path": "../clips.jsonl"},
        {"path": "/clips.jsonl"},
    ):
        with pytest.raises(InputError):
            play["wren"].release_publish(made.uid, [good.model_copy(update=change)])
    with pytest.raises(InputError):
        play["wren"].release_publish(made.uid, [good, good])


@pytest.mark.parametrize(
    "key",
    [
        "releases/kitchen/1.0/../../garage/9.0/clips.jsonl",
        "releases/kitchen/1.0/./clips.jsonl",
        "releases/kitchen/1.0//clips.jsonl",
        "releases/kitchen/1.0/..\\clips.jsonl",
        "releases/kitchen/1.0/\x1f/../clips.jsonl",
    ],
)
def test_a_key_has_one_spelling_and_stays_in_its_folder(
    play: Play, storage_root: Path, key: str
) -> None:
    """Another project's files are in the store too, with the very size that is told."""
    play.accepted()
    made = play["wren"].release_create("kitchen", "1.0")
    good = stored(storage_root)
    other = storage_root / "releases/garage/9.0/clips.jsonl"
    other.parent.mkdir(parents=True)
    other.write_bytes(CONTENT)
    with pytest.raises(InputError) as caught:
        play["wren"].release_publish(made.uid, [good.model_copy(update={"storage_key": key})])
    assert caught.value.errors[0]["pointer"] == "/files/0/storage_key"
    with pytest.raises(NotFoundError):
        object_size(key)
    assert play["wren"].release(made.uid).state == "building"


def test_only_the_worker_says_what_was_stored(play: Play, storage_root: Path) -> None:
    play.accepted()
    made = play["lea"].release_create("kitchen", "1.0")
    with pytest.raises(NotAllowedError):
        play["lea"].release_publish(made.uid, [stored(storage_root)])
    with pytest.raises(NotAllowedError):
        play["lea"].release_fail(made.uid, "no")
    assert play["wren"].release_publish(made.uid, [stored(storage_root)]).state == "published"


def test_a_failed_release_frees_its_version(play: Play, storage_root: Path) -> None:
    play.accepted()
    wren = play["wren"]
    made = wren.release_create("kitchen", "1.0")
    assert wren.release_fail(made.uid, "disk full").state == "failed"
    assert wren.release_fail(made.uid, "disk full").state == "failed"
    with pytest.raises(ConflictError):
        wren.release_publish(made.uid, [stored(storage_root)])
    assert wren.release_create("kitchen", "1.0").uid != made.uid


def test_an_unknown_release_is_not_found(play: Play) -> None:
    with pytest.raises(NotFoundError):
        play["wren"].release_fail(uuid4(), "no")
    with pytest.raises(NotFoundError):
        list(play["wren"].release_clips(uuid4()))


# --- seeing ------------------------------------------------------------------------------------


def test_a_client_sees_published_releases_of_his_projects_only(
    play: Play, published: ReleaseOut
) -> None:
    building = play["wren"].release_create("kitchen", "2.0")
    assert [release.uid for release in play["cleo"].releases()] == [published.uid]
    assert play["cleo"].release(published.uid) == published
    for name, uid in (("cleo", building.uid), ("kim", published.uid), ("ana", published.uid)):
        with pytest.raises(NotFoundError):
            play[name].release(uid)
    assert list(play["kim"].releases("kitchen")) == []
    with pytest.raises(NotFoundError):
        list(play["cleo"].release_clips(published.uid))


# --- fetching ----------------------------------------------------------------------------------


def test_a_download_carries_its_sum(play: Play, published: ReleaseOut, tmp_path: Path) -> None:
    answer = fetch(play, published)
    assert answer.content == CONTENT
    assert answer.headers["etag"] == f'"{sha256(CONTENT).hexdigest()}"'
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.headers["content-disposition"] == 'attachment; filename="clips.jsonl"'
    play["cleo"].release_download(published.uid, "clips.jsonl", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == CONTENT


def test_a_known_file_is_not_sent_again(play: Play, published: ReleaseOut) -> None:
    etag = fetch(play, published).headers["etag"]
    for header in (etag, f'"other", W/{etag}', "*"):
        answer = fetch(play, published, If_None_Match=header)
        assert (answer.status_code, answer.content) == (304, b"")
    assert fetch(play, published, If_None_Match='"other"').status_code == 200


SIZE = len(CONTENT)


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        (f"bytes=-{SIZE * 2}", 0, SIZE - 1),
        (f"bytes=5-{SIZE * 9}", 5, SIZE - 1),
    ],
)
def test_a_part_can_be_asked_for(
    play: Play, published: ReleaseOut, header: str, first: int, last: int
) -> None:
    answer = fetch(play, published, Range=header)
    assert answer.status_code == 206
    assert answer.content == CONTENT[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("header", [f"bytes={SIZE}-", "bytes=999999999-", "bytes=-0"])
def test_a_part_outside_the_file_is_refused(play: Play, published: ReleaseOut, header: str) -> None:
    answer = fetch(play, published, Range=header)
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"
    assert answer.json()["code"] == "range_unsatisfiable"


@pytest.mark.parametrize(
    "header", ["bytes=", "bytes=-", "bytes=9-3", "lines=0-4", "bytes=0-1,5-6", "bytes=a-b", "0-5"]
)
def test_a_malformed_range_is_ignored(play: Play, published: ReleaseOut, header: str) -> None:
    answer = fetch(play, published, Range=header)
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_a_part_of_an_older_file_is_answered_with_the_whole(
    play: Play, published: ReleaseOut
) -> None:
    etag = fetch(play, published).headers["etag"]
    assert fetch(play, published, Range="bytes=0-4", If_Range=etag).status_code == 206
    assert fetch(play, published, Range="bytes=0-4", If_Range='"old"').status_code == 200


def test_a_head_request_carries_no_body(play: Play, published: ReleaseOut) -> None:
    path = f"/api/v1/releases/{published.uid}/files/clips.jsonl"
    answer = play.http("cleo").head(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(SIZE)


@pytest.mark.parametrize("path", ["other", "../clips.jsonl", "%2e%2e/x", "clips.jsonl/"])
def test_an_unknown_file_is_not_found(play: Play, published: ReleaseOut, path: str) -> None:
    answer = play.http("cleo").get(f"/api/v1/releases/{published.uid}/files/{path}")
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["ana", "sam", "kim"])
def test_others_find_no_file(play: Play, published: ReleaseOut, name: str) -> None:
    answer = play.http(name).get(f"/api/v1/releases/{published.uid}/files/clips.jsonl")
    assert answer.status_code == 404


def test_without_a_token_there_is_no_file(play: Play, published: ReleaseOut) -> None:
    answer = play.http(None).get(f"/api/v1/releases/{published.uid}/files/clips.jsonl")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_broken_download_goes_on_where_it_stopped(
    play: Play, published: ReleaseOut, tmp_path: Path
) -> None:
    target = tmp_path / "got"
    (tmp_path / "got.part").write_bytes(CONTENT[:1000])
    play["cleo"].release_download(UUID(str(published.uid)), "clips.jsonl", target)
    assert target.read_bytes() == CONTENT
