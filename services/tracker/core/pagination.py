"""Cursor paging: stable while rows arrive, the same cost on every page."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from services.domain.errors import InputError


class IdPagination(CursorPagination):
    """Pages in the order in which rows were made."""

    ordering = "id"
    page_size = 200
    max_page_size = 1000
    page_size_query_param = "limit"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Read the cursor; a mangled one is the caller's fault, not a missing page."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound as error:
            raise _bad_cursor() from error
        if cursor is not None and cursor.position is not None:
            self.check_position(str(cursor.position))
        return cursor

    def check_position(self, position: str) -> None:
        """Refuse a position that the database could not compare."""
        if not (position.isascii() and position.isdigit() and len(position) < 19):
            raise _bad_cursor()


class UidPagination(IdPagination):
    """Pages in an order that says nothing: for rows whose sequence would tell of other people."""

    ordering = "uid"

    def check_position(self, position: str) -> None:
        """Refuse what is no UID."""
        from uuid import UUID

        try:
            UUID(position)
        except ValueError as error:
            raise _bad_cursor() from error


def page_of(view: Any, queryset: QuerySet[Any]) -> list[Any]:
    """Return the rows of the page that the request asks for."""
    page = view.paginator.paginate_queryset(queryset, view.request, view=view)
    return list(page or [])


def _bad_cursor() -> InputError:
    return InputError(
        "The cursor is not one of ours; start from the first page.", code="bad_cursor"
    )
