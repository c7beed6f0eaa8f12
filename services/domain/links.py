"""Links that carry their own permission: signed, with no database behind them.

Two kinds. A *file path* is what the tracker serves with Range; it ends at a time.
A *media token* sits in a Label Studio task for as long as the task lives, names the
lane it was made for, and is worth nothing to anybody outside that lane: the guard
inside Label Studio checks the membership and then hands out a fresh file path.

Each kind signs with its own key, derived from the one secret, so that a signature
made for one purpose never passes for the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from services.domain.errors import InputError, NotFoundError

FILES_PREFIX: Final = "/files/"
MEDIA_PREFIX: Final = "/segue/media/"
SHORTEST_SECRET: Final = 16

_FILE_PURPOSE: Final = b"segue/links/1/file"
_MEDIA_PURPOSE: Final = b"segue/links/1/media"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaGrant:
    """What a media token allows: one stored object, for the person of one lane."""

    key: str
    lane: str


def sign_file_path(key: str, *, expires_at: int, secret: str) -> str:
    """Return the path under which the tracker serves an object until a given time.

    Parameters
    ----------
    key : str
        Storage key: segments joined by single slashes, none empty, ``.`` or ``..``.
    expires_at : int
        Unix time in whole seconds, UTC; the link works up to and including it.
    secret : str
        The installation's links key, at least 16 characters.

    Returns
    -------
    str
        ``/files/<quoted key>?expires=<int>&signature=<hex>``.

    Raises
    ------
    InputError
        The key or the secret is not usable.
    """
    if not is_safe_key(key):
        raise InputError(f"{key!r} is not a storage key that can be linked to.")
    query = urlencode(
        {"expires": expires_at, "signature": _file_signature(key, str(expires_at), secret)}
    )
    return f"{FILES_PREFIX}{quote(key, safe='/')}?{query}"


def verify_file_path(key: str, *, expires: str, signature: str, now: int, secret: str) -> None:
    """Accept a file request whose signature is ours and whose time has not passed.

    Parameters
    ----------
    key : str
        The key as decoded from the path (percent-escapes already resolved).
    expires, signature : str
        The query parameters, exactly as they came.
    now : int
        Unix time in whole seconds, UTC.
    secret : str
        The installation's links key.

    Raises
    ------
    NotFoundError
        ``link_invalid`` when the signature is not ours, ``link_expired`` when it is too late.
    """
    # The text of `expires` is signed, not its value: "9", "09" and "+9" are three links.
    expected = _file_signature(key, expires, secret)
    if not hmac.compare_digest(
        expected.encode(), signature.encode("utf-8", "surrogatepass")
    ) or not is_safe_key(key):
        raise NotFoundError("This link is not valid.", code="link_invalid")
    if int(expires) < now:
        raise NotFoundError("This link has expired; reload the page.", code="link_expired")


def media_token(key: str, *, lane: str, secret: str) -> str:
    """Return the token that stands for an object in the tasks of one lane.

    The same input gives the same token: re-sending a task changes nothing.

    Parameters
    ----------
    key : str
        Storage key of the object.
    lane : str
        The Label Studio project id as decimal text.
    secret : str
        The installation's links key.

    Returns
    -------
    str
        URL-safe text; put ``MEDIA_PREFIX`` before it in task data.

    Raises
    ------
    InputError
        The key, the lane or the secret is not usable.
    """
    if not is_safe_key(key):
        raise InputError(f"{key!r} is not a storage key that can be linked to.")
    if not _is_decimal(lane):
        raise InputError(f"{lane!r} is not a lane; it is the decimal id of a project.")
    body = f"{lane}\n{key}".encode()
    return f"{_to_text(body)}.{_to_text(_digest(_MEDIA_PURPOSE, body, secret))}"


def read_media_token(token: str, secret: str) -> MediaGrant:
    """Return what a media token grants.

    Raises
    ------
    NotFoundError
        ``link_invalid`` when the token is not one of ours.
    """
    body_text, _, signature_text = token.partition(".")
    body, signature = _from_text(body_text), _from_text(signature_text)
    if not hmac.compare_digest(_digest(_MEDIA_PURPOSE, body, secret), signature):
        raise NotFoundError("This link is not valid.", code="link_invalid")
    lane, _, key = body.decode().partition("\n")
    return MediaGrant(key=key, lane=lane)


def _file_signature(key: str, expires: str, secret: str) -> str:
    # A newline cannot stand in a decimal number or in a safe key, so the pair is unambiguous.
    message = f"{expires}\n{key}".encode("utf-8", "surrogatepass")
    return _digest(_FILE_PURPOSE, message, secret).hex()


def _digest(purpose: bytes, message: bytes, secret: str) -> bytes:
    if len(secret) < SHORTEST_SECRET:
        raise InputError(f"The links key needs at least {SHORTEST_SECRET} characters.")
    derived = hmac.digest(secret.encode(), purpose, hashlib.sha256)
    return hmac.digest(derived, message, hashlib.sha256)


def _is_decimal(text: str) -> bool:
    return text.isascii() and text.isdigit()


def is_safe_key(key: str) -> bool:
    """Tell whether a key has one spelling only, whatever a proxy or a file system does to it."""
    if "\\" in key or not key.isprintable():
        return False
    return all(segment not in ("", ".", "..") for segment in key.split("/"))


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_text(text: str) -> bytes:
    """Decode, refusing every spelling but the one that `_to_text` writes."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or _to_text(raw) != text:
        raise NotFoundError("This link is not valid.", code="link_invalid")
    return raw
