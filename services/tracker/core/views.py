"""What every operation of the API shares: roles first, then typed input, then one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from services.domain.errors import NotAllowedError, NotAuthenticatedError
from services.tracker.core.pagination import IdPagination
from services.tracker.core.problems import invalid_input
from services.tracker.core.roles import Role

if TYPE_CHECKING:
    from services.tracker.people.models import User

_Method = TypeVar("_Method", bound=Callable[..., Any])


def operation(
    operation_id: str, *, roles: Iterable[Role] | None, **schema: Any
) -> Callable[[_Method], _Method]:
    """Name an operation, describe it for OpenAPI and say whose it is (None: anybody's)."""
    if roles is None:
        schema["auth"] = []

    def decorate(method: _Method) -> _Method:
        described = extend_schema(operation_id=operation_id, **schema)(method)
        described.segue_roles = None if roles is None else frozenset(roles)  # type: ignore[attr-defined]
        return described

    return decorate


class TrackerView(APIView):
    """An address of the API; its methods are operations (:func:`operation`).

    One class an address rather than one an operation: Django routes by address only, and
    OpenAPI's generator reads the methods off the class.
    """

    http_method_names = ("get", "head", "post", "put", "patch", "delete")
    pagination_class: type[IdPagination] = IdPagination

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let a caller in whose role the operation names.

        Raises
        ------
        NotAuthenticatedError
            If the operation needs a role and no token came.
        NotAllowedError
            If the token's role never may call it.
        """
        name = (request.method or "").lower()
        method = getattr(self, name, None) if name in self.http_method_names else None
        if method is None:
            super().initial(request, *args, **kwargs)  # REST framework answers 405
            return
        roles = method.segue_roles
        if roles is not None:
            user = cast("User | None", request.user)
            if user is None:
                raise NotAuthenticatedError(
                    "Send a valid token as 'Authorization: Bearer <token>'."
                )
            if user.role not in roles:
                raise NotAllowedError(f"A user with the role {user.role} may not do this.")
        super().initial(request, *args, **kwargs)

    def page(self, rows: QuerySet[Any], form: Callable[[list[Any]], list[Any]]) -> Response:
        """Answer with one page of rows, each in its outer form."""
        paginator = self.pagination_class()
        page = paginator.paginate_queryset(rows, self.request, view=self)
        return paginator.get_paginated_response(form(list(page or [])))

    @property
    def paginator(self) -> IdPagination:
        """Tell the schema's generator how lists are paged."""
        return self.pagination_class()


def read_body(form: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Validate the body, or raise an InputError with a pointer a fault."""
    return _read(form(data=request.data))


def read_query(form: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Validate the query parameters, or raise an InputError with a pointer a fault."""
    return _read(form(data=request.query_params))


def _read(serializer: BaseSerializer[Any]) -> dict[str, Any]:
    if not serializer.is_valid():
        raise invalid_input(serializer.errors)
    return cast("dict[str, Any]", serializer.validated_data)


def shown(form: type[Serializer[Any]], thing: Any, *, many: bool = False) -> Any:
    """Return a thing, or a list of them, in its outer form."""
    return form(thing, many=many).data


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return validated data without the framework's ordered wrappers, for hashing and storing."""
    return {name: _plain(value) for name, value in data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
