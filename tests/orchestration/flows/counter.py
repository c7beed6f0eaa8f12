"""The tracker in process, served by a few threads of its own, as a server would.

Flows work in threads that end with them; served in those, every request would open a
connection to the database and leave it behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier

import httpx
from django.db import connections

N_THREADS = 4


@dataclass
class Counter(httpx.BaseTransport):
    app: Callable
    pool: ThreadPoolExecutor

    @classmethod
    @contextmanager
    def open(cls, app: Callable) -> Iterator[Counter]:
        with ThreadPoolExecutor(N_THREADS, thread_name_prefix="tracker") as pool:
            yield cls(app, pool)
            together = Barrier(N_THREADS)

            def go_home(_: int) -> None:
                together.wait()
                connections.close_all()

            list(pool.map(go_home, range(N_THREADS)))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.pool.submit(self._serve, request).result()

    def _serve(self, request: httpx.Request) -> httpx.Response:
        response = httpx.WSGITransport(app=self.app).handle_request(request)
        response.read()
        response.close()
        return response
