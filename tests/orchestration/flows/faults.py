"""Breaks a worker where a test says: before or after one of its effects on the outside.

An effect is named by a line such as ``tracker POST /api/v1/work/claim``,
``studio POST /api/projects/1/import`` or ``store put proxies/ab/...mp4``; faults are patterns
over these lines.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import httpx
from django.db import connections

from orchestration.storage import FolderStore

When = Literal["before", "after"]

REPORT = r"tracker POST /api/v1/work/[^/]+/report"
INBOX = r"tracker GET /api/v1/inbox"
CLAIM = r"tracker POST /api/v1/work/claim"
SUBMIT = r"tracker POST /api/v1/assignments/[^/]+/annotations"
WATERMARK = r"tracker POST /api/v1/lanes/[^/]+/watermark"
INBOX_DONE = r"tracker POST /api/v1/inbox/done"
PUBLISH = r"tracker POST /api/v1/releases/[^/]+/publish"
IMPORT = r"studio POST /api/projects/\d+/import"
SHOW_FINDINGS = r"studio PATCH /api/tasks/\d+"
READ_TASKS = r"studio GET /api/tasks"
PUT = r"store put .*"


class KilledError(BaseException):
    """The worker is gone: no handler of ordinary errors sees this, and nothing cleans up."""


@dataclass
class Turn:
    """Something that happens once, at a moment of the worker's life."""

    when: When
    pattern: str
    what: Callable[[], None] | BaseException
    skip: int = 0
    """How many effects of the kind pass first."""


@dataclass
class Faults:
    """What shall go wrong, and what the worker has done so far."""

    done: list[str] = field(default_factory=list)
    _planned: list[Turn] = field(default_factory=list)
    _lossy: str | None = None
    _lost: set[tuple[str, bytes]] = field(default_factory=set)
    _is_dead: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def kill(self, when: When, pattern: str, *, skip: int = 0) -> None:
        """Let the worker die there; nothing it tries later reaches anybody."""
        self._planned.append(Turn(when, pattern, KilledError(f"{when} {pattern}"), skip))

    def fail(self, when: When, pattern: str, error: Exception, *, skip: int = 0) -> None:
        """Let one effect of the kind fail."""
        self._planned.append(Turn(when, pattern, error, skip))

    def meanwhile(self, when: When, pattern: str, what: Callable[[], None]) -> None:
        """Let others do something just then."""
        self._planned.append(Turn(when, pattern, what))

    def lose_first_answers(self, pattern: str) -> None:
        """Let the line break once on every different request, after it was served."""
        self._lossy = pattern

    def mend(self) -> None:
        """Start anew: a fresh worker on sound lines."""
        self._planned, self._lossy, self._is_dead = [], None, False

    def count(self, pattern: str) -> int:
        return sum(bool(re.fullmatch(pattern, effect)) for effect in self.done)

    @contextmanager
    def around(self, effect: str, content: bytes = b"") -> Iterator[None]:
        self._strike("before", effect)
        yield
        self.done.append(effect)
        self._strike("after", effect)
        if self._lossy and re.fullmatch(self._lossy, effect):
            with self._lock:
                is_first = (effect, content) not in self._lost
                self._lost.add((effect, content))
            if is_first:
                raise httpx.ReadError("the line broke")

    def _strike(self, when: When, effect: str) -> None:
        turn = self._turn(when, effect)
        if turn is None:
            return
        if isinstance(turn.what, BaseException):
            raise turn.what
        try:
            turn.what()
        finally:
            connections.close_all()  # of the flow's thread, which will not come again

    def _turn(self, when: When, effect: str) -> Turn | None:
        with self._lock:
            if self._is_dead:
                raise KilledError(f"dead, {when} {effect}")
            for turn in self._planned:
                if turn.when == when and re.fullmatch(turn.pattern, effect):
                    if turn.skip:
                        turn.skip -= 1
                        continue
                    self._planned.remove(turn)
                    self._is_dead = isinstance(turn.what, KilledError)
                    return turn
        return None


class Line(httpx.BaseTransport):
    """The worker's line to a service."""

    def __init__(self, name: str, inner: httpx.BaseTransport, faults: Faults) -> None:
        self._name, self._inner, self._faults = name, inner, faults

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        effect = f"{self._name} {request.method} {request.url.path.rstrip('/')}"
        with self._faults.around(effect, request.read()):
            return self._inner.handle_request(request)


class FaultyStore(FolderStore):
    """A folder that fails when it is told to."""

    def __init__(self, root: Path, faults: Faults) -> None:
        super().__init__(root)
        self._faults = faults

    def put(self, source: Path, key: str) -> None:
        with self._faults.around(f"store put {key}"):
            super().put(source, key)
