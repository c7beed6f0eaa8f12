"""Operations on accounts and tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rest_framework.response import Response

from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import ALL_ROLES, Role
from services.tracker.core.views import TrackerView, operation, read_body, shown
from services.tracker.people import selectors, services
from services.tracker.people.serializers import (
    TokenGrantIn,
    TokenIn,
    TokenOut,
    UserIn,
    UserOut,
    UserPatchIn,
)
from services.tracker.people.throttles import LoginThrottle


def _users(request: ApiRequest, people: list[Any]) -> list[Any]:
    projects = selectors.slugs_shared(user=request.user, people=people)
    return list(UserOut(people, many=True, context={"projects": projects}).data)


class TokensView(TrackerView):
    """Log in."""

    authentication_classes = ()
    throttle_classes = (LoginThrottle,)

    @operation("token_create", roles=None, request=TokenIn, responses={201: TokenOut})
    def post(self, request: ApiRequest) -> Response:
        """Exchange a name and a password for a token."""
        token, expires_at = services.token_login(**read_body(TokenIn, request))
        return Response(shown(TokenOut, {"token": token, "expires_at": expires_at}), status=201)


class CurrentTokenView(TrackerView):
    """Log out."""

    @operation("token_revoke", roles=ALL_ROLES, request=None, responses={204: None})
    def delete(self, request: ApiRequest) -> Response:
        """End the token that this request came with."""
        services.token_revoke(token=request.auth)
        return Response(status=204)


class MeView(TrackerView):
    """The caller."""

    @operation("me", roles=ALL_ROLES, responses=UserOut)
    def get(self, request: ApiRequest) -> Response:
        """Show who the token belongs to."""
        return Response(_users(request, [request.user])[0])


class UsersView(TrackerView):
    """The manager's people."""

    @operation("user_list", roles=[Role.MANAGER], responses=UserOut(many=True))
    def get(self, request: ApiRequest) -> Response:
        """List the accounts that the manager may know of."""
        rows = selectors.user_visible_to(user=request.user)
        return self.page(rows, lambda people: _users(request, people))

    @operation("user_create", roles=[Role.MANAGER], request=UserIn, responses={201: UserOut})
    def post(self, request: ApiRequest) -> Response:
        """Make an account."""
        data = read_body(UserIn, request)
        user = services.user_create(
            actor=request.user,
            username=data["username"],
            role=Role(data["role"]),
            password=data.get("password"),
            projects=data.get("projects", []),
        )
        return Response(_users(request, [user])[0], status=201)


class UserView(TrackerView):
    """One account."""

    @operation("user_read", roles=[Role.MANAGER], responses=UserOut)
    def get(self, request: ApiRequest, username: str) -> Response:
        """Show an account."""
        user = selectors.user_get(user=request.user, username=username)
        return Response(_users(request, [user])[0])

    @operation("user_update", roles=[Role.MANAGER], request=UserPatchIn, responses=UserOut)
    def patch(self, request: ApiRequest, username: str) -> Response:
        """Set a password, or switch the account off or on; either ends its tokens."""
        data = read_body(UserPatchIn, request)
        user = services.user_update(actor=request.user, username=username, **data)
        return Response(_users(request, [user])[0])


class UserTokensView(TrackerView):
    """Tokens of an account."""

    @operation(
        "user_token_create", roles=[Role.MANAGER], request=TokenGrantIn, responses={201: TokenOut}
    )
    def post(self, request: ApiRequest, username: str) -> Response:
        """Make a token for an account, for a client's program for example."""
        ttl = timedelta(hours=read_body(TokenGrantIn, request)["ttl_h"])
        token, expires_at = services.token_grant(actor=request.user, username=username, ttl=ttl)
        return Response(shown(TokenOut, {"token": token, "expires_at": expires_at}), status=201)
