"""One id, one log line and one kind of error for every request."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from services.domain.errors import NotFoundError
from services.tracker.config.base import LARGEST_BODY_BYTES
from services.tracker.core.problems import (
    PayloadTooLargeError,
    as_segue_error,
    problem_response,
    server_error,
)

log = structlog.get_logger(__name__)

_SOUND_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_QUIET = ("/healthz", "/readyz")


class RequestMiddleware:
    """Binds the request id to the logs and catches what no view foresaw."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _SOUND_ID.match(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self._refused(request) or self.get_response(request)
        response["X-Request-ID"] = request_id
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        if request.path not in _QUIET:
            log.info(
                "request_served",
                method=request.method,
                path=request.path,  # never the query: links carry their signature there
                status=response.status_code,
                ms=round((time.perf_counter() - began) * 1000, 1),
            )
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for an error that left a view."""
        known = as_segue_error(exception)
        if known is not None:
            return problem_response(known)
        log.error("request_failed", method=request.method, path=request.path, exc_info=exception)
        return None if settings.DEBUG else server_error(request)

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        if not request.path.isprintable():  # no key, name or route of ours holds such characters
            return problem_response(NotFoundError("There is nothing here that you may see."))
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) <= LARGEST_BODY_BYTES:
            return None
        return problem_response(
            PayloadTooLargeError(f"A body may hold at most {LARGEST_BODY_BYTES // 2**20} MiB.")
        )
