"""What the commands on plain files share."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from rich.console import Console

from orchestration.cli.screen import wide_console
from services.domain.errors import StorageError

if TYPE_CHECKING:
    from services.domain.taxonomy import Taxonomy

STDOUT = Path("-")
_ENDINGS: Final = (signal.SIGTERM, signal.SIGHUP)


def read_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy file; raises InputError with the field that is wrong."""
    from orchestration.project_file import read_document
    from services.domain.taxonomy import Taxonomy

    return read_document(path, Taxonomy)


def console_beside(targets: Iterable[Path]) -> Console:
    """Return where words to the person go: not where an output goes.

    Raises
    ------
    StorageError
        If they are all there is, and standard output is closed.
    """
    named = set(targets)
    if not named and sys.stdout is None:
        raise StorageError("Standard output is closed. Name an output, or leave it open.")
    return Console(stderr=True) if STDOUT in named else wide_console()


@contextmanager
def ends_tidily() -> Iterator[None]:
    """Leave by way of every cleanup when told to end, so that no half-written file stays."""
    before = {number: signal.getsignal(number) for number in _ENDINGS}
    # What the caller had ignored, as nohup does, stays ignored.
    heeded = [number for number in _ENDINGS if before[number] is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])


def _leave(number: int, _: FrameType | None) -> None:
    for ending in _ENDINGS:
        signal.signal(ending, signal.SIG_IGN)  # A second one shall not break off the cleanup.
    sys.exit(128 + number)
