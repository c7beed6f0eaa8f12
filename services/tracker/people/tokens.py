"""How tokens are made and found again without being kept."""

from __future__ import annotations

import hashlib
import secrets

N_BYTES = 32


def token_make() -> str:
    """Return a new random token."""
    return secrets.token_urlsafe(N_BYTES)


def token_digest(secret: str) -> str:
    """Return what is stored of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
