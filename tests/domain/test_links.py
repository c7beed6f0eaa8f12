"""Signed links: what is signed opens, and nothing else does."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError, NotFoundError
from services.domain.links import (
    FILES_PREFIX,
    media_token,
    read_media_token,
    sign_file_path,
    verify_file_path,
)

SECRET = "a-links-key-for-tests-only"
OTHER_SECRET = "another-links-key-for-tests"

segments = st.text(
    st.characters(exclude_characters="/\\", exclude_categories=("C", "Z")), min_size=1, max_size=12
).filter(lambda text: text not in (".", "..") and text.isprintable())
keys = st.lists(segments, min_size=1, max_size=4).map("/".join)


def opened(path: str, *, now: int, secret: str = SECRET) -> str:
    """Do what the tracker does with a path that came in; return the key it would serve."""
    parts = urlsplit(path)
    key = unquote(parts.path.removeprefix(FILES_PREFIX))
    query = parse_qs(parts.query)
    verify_file_path(
        key,
        expires=query["expires"][0],
        signature=query["signature"][0],
        now=now,
        secret=secret,
    )
    return key


@given(key=keys, expires_at=st.integers(0, 2**40))
def test_a_signed_path_opens_its_own_object(key: str, expires_at: int) -> None:
    path = sign_file_path(key, expires_at=expires_at, secret=SECRET)

    assert path.isascii()
    assert opened(path, now=expires_at) == key


def test_a_path_names_the_object_readably() -> None:
    path = sign_file_path("proxies/ab cd%/x.mp4", expires_at=5, secret=SECRET)

    assert path.startswith("/files/proxies/ab%20cd%25/x.mp4?expires=5&signature=")


def test_an_expired_path_says_so() -> None:
    path = sign_file_path("a/b.mp4", expires_at=100, secret=SECRET)

    with pytest.raises(NotFoundError) as caught:
        opened(path, now=101)
    assert caught.value.code == "link_expired"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a/b.mp4", "a/c.mp4"),
        ("expires=100", "expires=999"),
        ("expires=100", "expires=0100"),
        ("expires=100", "expires=soon"),
        ("signature=", "signature=0"),
    ],
)
def test_a_changed_path_is_refused(old: str, new: str) -> None:
    path = sign_file_path("a/b.mp4", expires_at=100, secret=SECRET)

    with pytest.raises(NotFoundError) as caught:
        opened(path.replace(old, new), now=50)
    assert caught.value.code == "link_invalid"


def test_a_path_signed_with_another_secret_is_refused() -> None:
    path = sign_file_path("a/b.mp4", expires_at=100, secret=OTHER_SECRET)

    with pytest.raises(NotFoundError):
        opened(path, now=50)


@pytest.mark.parametrize("signature", ["", "é", "\udcff", "00" * 32])
def test_an_odd_signature_is_refused_quietly(signature: str) -> None:
    with pytest.raises(NotFoundError):
        verify_file_path("a", expires="9", signature=signature, now=1, secret=SECRET)


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "a/../b", ".", "a/./b", "a\\b", "a\nb", "a\x00", "\udcff"]
)
def test_a_key_with_two_spellings_gets_no_link(key: str) -> None:
    with pytest.raises(InputError):
        sign_file_path(key, expires_at=1, secret=SECRET)
    with pytest.raises(InputError):
        media_token(key, lane="1", secret=SECRET)
    with pytest.raises(NotFoundError):
        verify_file_path(key, expires="1", signature="00", now=0, secret=SECRET)


def test_a_short_secret_signs_nothing() -> None:
    with pytest.raises(InputError):
        sign_file_path("a", expires_at=1, secret="short")


@given(key=keys, lane=st.integers(0, 10**9).map(str))
def test_a_token_grants_its_object_to_its_lane(key: str, lane: str) -> None:
    token = media_token(key, lane=lane, secret=SECRET)
    grant = read_media_token(token, SECRET)

    assert (grant.key, grant.lane) == (key, lane)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_each_lane_has_its_own_token_and_keeps_it() -> None:
    assert media_token("a", lane="1", secret=SECRET) == media_token("a", lane="1", secret=SECRET)
    assert media_token("a", lane="1", secret=SECRET) != media_token("a", lane="2", secret=SECRET)


@pytest.mark.parametrize("lane", ["", "a", "-1", "1\n2", "٣", "1 "])
def test_a_lane_is_a_decimal_number(lane: str) -> None:
    with pytest.raises(InputError):
        media_token("a", lane=lane, secret=SECRET)


def test_a_token_made_of_two_others_is_refused() -> None:
    body, _ = media_token("a", lane="1", secret=SECRET).split(".")
    _, signature = media_token("a", lane="2", secret=SECRET).split(".")

    with pytest.raises(NotFoundError):
        read_media_token(f"{body}.{signature}", SECRET)


@pytest.mark.parametrize("spoil", ["{}=", "{}A", " {}", "{}.", "", ".", "é.é", "MQph.", "{}\n"])
def test_a_token_has_one_spelling(spoil: str) -> None:
    token = media_token("a", lane="1", secret=SECRET)

    with pytest.raises(NotFoundError):
        read_media_token(spoil.format(token), SECRET)


def test_a_token_of_another_installation_is_refused() -> None:
    with pytest.raises(NotFoundError):
        read_media_token(media_token("a", lane="1", secret=OTHER_SECRET), SECRET)


def test_a_file_signature_is_no_media_token() -> None:
    """One secret, two purposes: each signs with a key of its own."""
    path = sign_file_path("a", expires_at=1, secret=SECRET)
    signature = bytes.fromhex(parse_qs(urlsplit(path).query)["signature"][0])
    _, token_signature = media_token("a", lane="1", secret=SECRET).split(".")

    assert base64.urlsafe_b64encode(signature).rstrip(b"=").decode() != token_signature
