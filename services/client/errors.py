"""Problem+json back into the errors it was made of: both sides of the wire raise the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from services.domain.errors import (
    ConflictError,
    ExternalError,
    InputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    SegueError,
    TransientError,
)

TYPE_PREFIX = "urn:segue:"

BY_STATUS: Mapping[int, type[SegueError]] = {
    401: NotAuthenticatedError,
    403: NotAllowedError,
    404: NotFoundError,
    409: ConflictError,
    422: InputError,
    429: TransientError,
    502: TransientError,  # a proxy that does not reach the tracker
    503: TransientError,
    504: TransientError,
}


def error_of(response: httpx.Response) -> SegueError:
    """Return the error that an answer stands for."""
    problem = _problem(response)
    if problem is None:
        kind = BY_STATUS.get(response.status_code, ExternalError)
        return kind(
            f"{response.request.method} {response.request.url.path} was answered with "
            f"{response.status_code} and no problem document."
        )
    kind = _kind(problem, response.status_code)
    return kind(
        str(problem.get("detail", "")),
        code=str(problem.get("code", kind.default_code)),
        errors=[item for item in problem.get("errors", []) if isinstance(item, Mapping)],
    )


def unreachable(error: httpx.HTTPError, *, base_url: str) -> TransientError:
    """Return the error for an answer that never came."""
    return TransientError(
        f"The tracker at {base_url} does not answer ({type(error).__name__}); is it running?",
        code="unreachable",
    )


def _problem(response: httpx.Response) -> Mapping[str, Any] | None:
    if "json" not in response.headers.get("content-type", ""):
        return None
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, Mapping) else None


def _kind(problem: Mapping[str, Any], status: int) -> type[SegueError]:
    """Find the class by the problem's type; one that is unknown here goes by its status."""
    name = str(problem.get("type", "")).removeprefix(TYPE_PREFIX)
    for kind in _tree(SegueError):
        if kind.default_code == name and kind.status == status:
            return kind
    return BY_STATUS.get(status, SegueError)


def _tree(kind: type[SegueError]) -> Iterator[type[SegueError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)
