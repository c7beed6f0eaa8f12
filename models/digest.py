"""A file's SHA-256, taken by a thread while the file is decoded."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

CHUNK_BYTES = 1 << 20


class DigestAlongside:
    """Hashes a file inside its ``with`` block; an error in the block breaks it off.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hash = hashlib.sha256()
        self._failure: OSError | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        try:
            self._thread.start()
        except RuntimeError as error:  # no memory for its stack
            raise MemoryError(str(error)) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._stop.set()
        self._thread.join()

    def hexdigest(self) -> str:
        """Return the 64 hex digits; to be asked after the block.

        Raises
        ------
        OSError
            What reading the file raised.
        """
        if self._failure is not None:
            raise self._failure
        return self._hash.hexdigest()

    def _run(self) -> None:
        try:
            with self._path.open("rb") as file:
                while not self._stop.is_set() and (chunk := file.read(CHUNK_BYTES)):
                    self._hash.update(chunk)
        except OSError as error:
            self._failure = error
