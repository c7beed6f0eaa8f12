"""One byte form per value, so that equal content has equal hashes everywhere."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return sorted, compact, UTF-8 JSON; NaN and infinities are refused."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def content_hash(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256 of the canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def unit_interval(*parts: object) -> float:
    """Map parts to a number in [0, 1) that is the same on every machine and run.

    Used wherever the house draws lots (seats, control share, the order of opinions), so
    that a draw can be repeated and audited and needs no stored random state.
    """
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64
