"""Bearer tokens: random, kept as a hash, expiring, revocable."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from services.domain.errors import NotAuthenticatedError
from services.tracker.people import selectors
from services.tracker.people.models import Token, User

KEYWORD = "bearer"


class BearerAuthentication(BaseAuthentication):
    """Reads ``Authorization: Bearer <token>``."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """Return the token's user; None without a token.

        Raises
        ------
        NotAuthenticatedError
            If the token is unknown, expired or revoked, or its user is inactive.
        """
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        keyword, _, secret = header.partition(" ")
        if keyword.lower() != KEYWORD or not secret.strip():
            raise NotAuthenticatedError("Send the token as 'Authorization: Bearer <token>'.")
        token = selectors.token_find(secret=secret.strip())
        if token is None:
            raise NotAuthenticatedError(
                "The token is unknown, expired or revoked; get a new one.", code="token_invalid"
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Make REST framework answer 401, not 403."""
        return "Bearer"
