"""The request as our views see it: its user is one of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request

if TYPE_CHECKING:
    from services.tracker.people.models import Token, User

    class ApiRequest(Request):
        """A request that the operation's roles let in."""

        user: User
        auth: Token

else:
    ApiRequest = Request
