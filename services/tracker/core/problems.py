"""Every error leaves as RFC 9457 problem+json, and nothing of our insides with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from services.domain.errors import (
    InputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    SegueError,
    TransientError,
)

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 1


class PayloadTooLargeError(SegueError):
    """The body is larger than any sound request."""

    status = 413
    default_code = "too_large"
    title = "The request is too large"


class HttpError(SegueError):
    """A request that HTTP itself refuses, such as a method the address does not have."""

    title = "The request cannot be served"

    def __init__(self, detail: str, *, status: int, code: str) -> None:
        super().__init__(detail, code=code)
        self.http_status = status


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn an error raised in a view into a response (REST framework's hook)."""
    known = as_segue_error(error)
    if known is None:
        return None  # the middleware logs it and answers 500
    return Response(
        problem_body(known),
        status=status_of(known),
        headers=_headers(known, error),
        content_type=CONTENT_TYPE,
    )


def problem_response(error: SegueError) -> HttpResponse:
    """Answer with an error outside of REST framework's views."""
    return JsonResponse(
        problem_body(error),
        status=status_of(error),
        headers=_headers(error, error),
        content_type=CONTENT_TYPE,
    )


def problem_body(error: SegueError) -> dict[str, Any]:
    """Return the problem's members."""
    return {
        "type": "about:blank"
        if isinstance(error, HttpError)
        else f"urn:segue:{error.default_code}",
        "title": error.title,
        "status": status_of(error),
        "detail": error.detail,
        "code": error.code,
        "errors": list(error.errors),
    }


def status_of(error: SegueError) -> int:
    """Return the HTTP status an error is answered with."""
    return error.http_status if isinstance(error, HttpError) else error.status


def as_segue_error(error: Exception) -> SegueError | None:
    """Translate errors of the frameworks; None for one that nobody foresaw."""
    match error:
        case SegueError():
            return error
        case exceptions.ValidationError():
            return invalid_input(error.detail)
        case exceptions.ParseError():
            return InputError("The body is not JSON in UTF-8.", code="malformed_json")
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return NotAuthenticatedError("Send a valid token as 'Authorization: Bearer <token>'.")
        case exceptions.PermissionDenied() | PermissionDenied():
            return NotAllowedError("Your role may not do this.")
        case Http404() | exceptions.NotFound():
            return NotFoundError("There is nothing here that you may see.")
        case RequestDataTooBig():
            return PayloadTooLargeError("The body is too large.")
        case exceptions.APIException():
            return HttpError(
                str(error.detail), status=error.status_code, code=str(error.default_code)
            )
        case DataError():
            return InputError("A value is outside what can be stored.", code="invalid_input")
        case OperationalError() | InterfaceError():
            log.warning("database_unavailable", error=str(error).partition("\n")[0])
            return TransientError("The database is busy or starting; try again in a moment.")
        case DisallowedHost():
            return HttpError("This host name is not served.", status=400, code="bad_host")
        case SuspiciousOperation() | BadRequest():
            return HttpError("The request is malformed.", status=400, code="bad_request")
    return None


def invalid_input(detail: Any) -> InputError:
    """Flatten a serializer's nested messages into one error with a pointer a field."""
    faults = list(_faults(detail, ""))
    first = f"{faults[0]['pointer']}: {faults[0]['detail']}" if faults else "It is not valid."
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return InputError(f"The input is not valid. {first}{more}", errors=faults[:100])


def _faults(detail: Any, pointer: str) -> Any:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _faults(inner, f"{pointer}/{_escaped(str(name))}")
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list)
            yield from _faults(inner, f"{pointer}/{index}" if nested else pointer)
    else:
        yield {"pointer": re.sub("/non_field_errors$", "", pointer) or "/", "detail": str(detail)}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _headers(error: SegueError, original: Exception) -> dict[str, str]:
    if isinstance(error, NotAuthenticatedError):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, TransientError):
        return {"Retry-After": str(RETRY_AFTER_S)}
    wait = getattr(original, "wait", None)
    return {"Retry-After": str(int(wait) + 1)} if wait else {}


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for addresses that do not exist (Django's handler404)."""
    return problem_response(NotFoundError("There is nothing here that you may see."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for requests that Django refuses before any view (handler400)."""
    return problem_response(
        as_segue_error(exception)
        or HttpError("The request is malformed.", status=400, code="bad_request")
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for what nobody foresaw (handler500); the log has the rest under the request id."""
    return problem_response(
        SegueError("This is a fault of ours; the log names it under this request's id.")
    )
