"""Signed links to stored files."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from services.domain.links import sign_file_path
from tests.service.play import Play

pytestmark = pytest.mark.db

KEY = "proxies/ab/abc-360p.mp4"
CONTENT = bytes(range(256)) * 4
MOST = 4 * 2**20


def link(key: str = KEY, *, ttl_s: int = 60) -> str:
    secret = settings.SEGUE.links_key.get_secret_value()
    return sign_file_path(key, expires_at=int(time.time()) + ttl_s, secret=secret)


@pytest.fixture
def http(play: Play, storage_root: Path) -> httpx.Client:
    path = storage_root / KEY
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    (storage_root.parent / "secret.txt").write_text("not for you")
    return play.http(None)


def test_a_live_link_serves_the_file(http: httpx.Client) -> None:
    answer = http.get(link())
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["access-control-allow-origin"] == "http://label-studio.test"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_part_is_served(http: httpx.Client) -> None:
    answer = http.get(link(), headers={"Range": "bytes=2-5"})
    assert (answer.status_code, answer.content) == (206, CONTENT[2:6])


def test_a_known_file_is_not_sent_again(http: httpx.Client) -> None:
    etag = http.get(link()).headers["etag"]
    assert http.get(link(), headers={"If-None-Match": etag}).status_code == 304


def test_a_past_link_is_over(http: httpx.Client) -> None:
    answer = http.get(link(ttl_s=-1))
    assert (answer.status_code, answer.json()["code"]) == (404, "link_expired")


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.split("?")[0],
        lambda url: url.replace("signature=", "signature=0"),
        lambda url: url.replace("expires=", "expires=9"),
        lambda url: url.replace("abc-360p", "abd-360p"),
        lambda url: url.replace("signature=", "signature=%C3%A9"),
        lambda url: url.replace("/files/", "/files//"),
    ],
)
def test_a_changed_link_opens_nothing(http: httpx.Client, change: object) -> None:
    answer = http.get(change(link()))
    assert (answer.status_code, answer.json()["code"]) == (404, "link_invalid")


@pytest.mark.parametrize(
    "path", ["../secret.txt", "proxies/../../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt"]
)
def test_no_path_leads_out_of_the_store(http: httpx.Client, path: str) -> None:
    query = link().partition("?")[2]
    answer = http.get(f"/files/{path}?{query}")
    assert answer.status_code == 404
    assert b"not for you" not in answer.content


def test_a_link_in_the_folder_does_not_lead_out(http: httpx.Client, storage_root: Path) -> None:
    (storage_root / "odd.mp4").symlink_to(storage_root.parent / "secret.txt")
    answer = http.get(link("odd.mp4"))
    assert (answer.status_code, answer.json()["code"]) == (404, "object_missing")


@pytest.mark.parametrize("key", ["proxies/none.mp4", "proxies", "a" * 300])
def test_what_is_not_stored_is_not_found(http: httpx.Client, key: str) -> None:
    answer = http.get(link(key))
    assert (answer.status_code, answer.json()["code"]) == (404, "object_missing")


def test_no_answer_is_longer_than_four_mebibytes(http: httpx.Client, storage_root: Path) -> None:
    (storage_root / "long.mp4").write_bytes(b"x" * (MOST + 10))
    answer = http.get(link("long.mp4"), headers={"Range": "bytes=5-"})
    assert answer.status_code == 206
    assert len(answer.content) == MOST
    assert answer.headers["content-range"] == f"bytes 5-{MOST + 4}/{MOST + 10}"
    whole = http.get(link("long.mp4"))
    assert (whole.status_code, whole.json()["code"]) == (422, "range_required")


def test_a_browser_may_ask_for_ranges_first(http: httpx.Client) -> None:
    answer = http.options(f"/files/{KEY}")
    assert answer.status_code == 204
    assert "Range" in answer.headers["access-control-allow-headers"]


def test_nothing_can_be_written(http: httpx.Client, storage_root: Path) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert http.request(method, link(), content=b"x").status_code == 405
    assert (storage_root / KEY).read_bytes() == CONTENT
