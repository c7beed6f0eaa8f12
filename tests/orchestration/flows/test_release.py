"""Releases: what is on disk is what the manifest says and what a client gets; never half."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from orchestration.fetch import fetch_release
from orchestration.flows.release import ReleaseParams, release
from services.domain.errors import (
    ConflictError,
    InputError,
    NotFoundError,
    StorageError,
    TransientError,
)
from tests.orchestration.flows import faults
from tests.orchestration.flows.house import House

pytestmark = [pytest.mark.db, pytest.mark.harness]

FIRST = ReleaseParams(project="kitchen", version="1.0.0")


@pytest.fixture
def clips(house: House):
    return house.accepted(2)


def only(house: House, state: str = "published"):
    (found,) = [one for one in house.play["lea"].releases("kitchen") if one.state == state]
    return found


def on_disk(root):
    """Return what is stored for the version, by path; one folder a content is in between."""
    folder = root / "releases" / "kitchen" / "1.0.0"
    return {
        path.relative_to(folder).as_posix().partition("/")[2]: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_client_gets_what_the_manifest_says(house: House, clips, storage_root, tmp_path):
    assert release(FIRST).startswith("release kitchen 1.0.0: 2 clips, ")
    made, stored = only(house), on_disk(storage_root)
    manifest = json.loads(stored["manifest.json"])
    named = {file["path"]: file for file in manifest["files"]}
    assert named.keys() | {"manifest.json"} == stored.keys() == {f.path for f in made.files}
    for path, file in named.items():
        assert file["sha256"] == sha256(stored[path]).hexdigest()
        assert file["n_bytes"] == len(stored[path])
    folder = fetch_release(house.play["cleo"], made.uid, tmp_path / "at the client's")
    assert {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    } == stored
    records = b"".join(data for path, data in stored.items() if path.endswith(".jsonl"))
    assert all(house.clip(clip).sha256.encode() in records for clip in clips)
    for stranger in ("ana", "kim"):
        with pytest.raises(NotFoundError):
            house.play[stranger].release(made.uid)


def test_a_repeat_is_the_same_release_and_writes_nothing(house: House, clips, storage_root):
    said = release(FIRST)
    before, n_puts = on_disk(storage_root), house.faults.count(faults.PUT)
    house.accepted()
    assert release(FIRST) == said
    assert on_disk(storage_root) == before
    assert house.faults.count(faults.PUT) == n_puts
    assert only(house).n_clips == 2


def test_a_store_that_fails_midway_gives_the_release_up_and_the_next_one_works(
    house: House, clips, storage_root
):
    house.faults.fail("before", faults.PUT, StorageError("The disk is full."), skip=1)
    with pytest.raises(StorageError, match="full"):
        release(FIRST)
    given_up = only(house, "failed")
    assert list(house.play["cleo"].releases()) == []
    release(FIRST)
    made = only(house)
    assert made.uid != given_up.uid
    assert {file.path for file in made.files} == on_disk(storage_root).keys()
    assert [one.uid for one in house.play["cleo"].releases()] == [made.uid]


@pytest.mark.parametrize(
    ("when", "effect", "skip"),
    [
        ("after", r"tracker POST /api/v1/projects/kitchen/releases", 0),
        ("after", faults.PUT, 1),
        ("before", faults.PUBLISH, 0),
        ("after", faults.PUBLISH, 0),
    ],
)
def test_a_killed_build_is_taken_up_again(house: House, clips, storage_root, when, effect, skip):
    house.faults.kill(when, effect, skip=skip)
    house.die_in(release, FIRST)
    begun = next(house.play["lea"].releases("kitchen"))
    half = on_disk(storage_root)
    house.accepted()
    release(FIRST)
    made = only(house)
    assert (made.uid, made.n_clips) == (begun.uid, 2)
    whole = on_disk(storage_root)
    assert half.items() <= whole.items()
    assert {file.path: file.sha256 for file in made.files} == {
        path: sha256(data).hexdigest() for path, data in whole.items()
    }


def test_a_store_that_is_out_of_reach_leaves_the_release_to_the_next_run(house: House, clips):
    house.faults.fail("before", faults.PUT, TransientError("Try later."), skip=1)
    with pytest.raises(TransientError):
        release(FIRST)
    begun = only(house, "building")
    release(FIRST)
    assert only(house).uid == begun.uid


def test_nothing_accepted_is_said_plainly(house: House):
    house.dispatched()
    with pytest.raises(ConflictError, match="No clip is accepted"):
        release(FIRST)


def test_an_unknown_format_gives_the_version_back(house: House, clips):
    with pytest.raises(InputError, match="floppy"):
        release(ReleaseParams(project="kitchen", version="1.0.0", formats=["floppy"]))
    assert only(house, "failed")
    release(FIRST)
    assert only(house)
