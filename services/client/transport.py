"""One request to the tracker: sent, repeated where that is safe, its errors typed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic import BaseModel

from services.client.errors import error_of, unreachable
from services.domain.errors import SegueError, TransientError

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0

Query = Mapping[str, Any]
_Payload = TypeVar("_Payload", bound=BaseModel)


class Transport:
    """A connection pool with our retries.

    Parameters
    ----------
    base_url : str
        Where the tracker is, without ``/api/v1``.
    token : str or None
        Bearer token.
    transport : httpx.BaseTransport, optional
        Instead of the network; ``httpx.WSGITransport(app)`` serves in process.
    timeout_s : float
        Seconds without a byte before a call counts as failed.
    attempts : int
        How often a repeatable call is tried in all.
    sleep : callable
        Waits between attempts.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = 30.0,
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.attempts = attempts
        self._sleep = sleep
        headers = {"Accept": "application/json, application/problem+json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self.http = httpx.Client(
            base_url=self.base_url, headers=headers, transport=transport, timeout=timeout_s
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool,
        body: object = None,
        query: Query | None = None,
    ) -> httpx.Response:
        """Send a request and return its good answer.

        Raises
        ------
        SegueError
            The typed form of what the tracker answered; TransientError when it does not.
        """
        params = {name: _text(value) for name, value in (query or {}).items() if value is not None}

        def once() -> httpx.Response:
            response = self.http.request(method, f"/api/v1{path}", json=body, params=params)
            if response.is_success:
                return response
            raise error_of(response)

        return self.repeat(once, times=self.attempts if repeatable else 1)

    def repeat(self, once: Callable[[], httpx.Response], *, times: int) -> httpx.Response:
        """Call until it works, fails for good, or has been tried often enough."""
        for attempt in range(1, times + 1):
            try:
                return once()
            except httpx.TransportError as error:
                failure: SegueError = unreachable(error, base_url=self.base_url)
                failure.__cause__ = error
            except TransientError as error:
                failure = error
            if attempt == times:
                raise failure
            self._sleep(min(FIRST_WAIT_S * 2 ** (attempt - 1), LONGEST_WAIT_S))
        raise AssertionError("attempts is at least 1")

    def get(self, path: str, form: type[_Payload], **query: object) -> _Payload:
        """Fetch one thing."""
        answer = self.call("GET", path, repeatable=True, query=query)
        return form.model_validate_json(answer.content)

    def send(
        self,
        method: str,
        path: str,
        form: type[_Payload],
        body: object = None,
        *,
        repeatable: bool = True,
    ) -> _Payload:
        """Send something and read the answer."""
        answer = self.call(method, path, repeatable=repeatable, body=body)
        return form.model_validate_json(answer.content)

    def pages(self, path: str, form: type[_Payload], **query: object) -> Iterator[_Payload]:
        """Go through a list, fetching pages as they are needed."""
        cursor: str | None = None
        while True:
            asked = {**query, "cursor": cursor}
            page = self.call("GET", path, repeatable=True, query=asked).json()
            for item in page["results"]:
                yield form.model_validate(item)
            if page["next"] is None:
                return
            # Only the cursor is taken from the link: behind a proxy its host is another.
            cursor = parse_qs(urlsplit(page["next"]).query)["cursor"][0]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def document(payload: BaseModel) -> dict[str, Any]:
    """Return a payload as JSON values."""
    return payload.model_dump(mode="json")
