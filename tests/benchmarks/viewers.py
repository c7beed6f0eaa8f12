"""People who watch: each asks for bytes as a player does, at playing speed, and seeks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import numpy as np

PIECE_BYTES = 32 * 2**10
PLAYS_S = 2.0


@dataclass(kw_only=True)
class Viewer:
    """One player: an open-ended range from where it stands, read as fast as the video plays.

    Parameters
    ----------
    link : str
        The file's signed link: where the guard sent the player on to when the task was opened.
        Chromium remembers it, and asks the guard no more.
    n_bytes : int
        Size of the file.
    bytes_per_s : float
        What playing takes.
    """

    link: str
    n_bytes: int
    bytes_per_s: float
    seed: int
    first_byte_s: list[float] = field(default_factory=list)
    n_bytes_read: int = 0
    faults: list[str] = field(default_factory=list)

    def watch(self, ended: threading.Event) -> None:
        """Seek, play for a while, seek again."""
        random = np.random.default_rng(self.seed)
        try:
            with httpx.Client(timeout=60) as player:
                while not ended.is_set():
                    self._play_from(player, int(random.integers(0, self.n_bytes)), ended)
        except (httpx.HTTPError, AssertionError) as error:
            self.faults.append(repr(error))

    def _play_from(self, player: httpx.Client, place: int, ended: threading.Event) -> None:
        began = time.perf_counter()
        read = 0
        with player.stream("GET", self.link, headers={"Range": f"bytes={place}-"}) as answer:
            assert answer.status_code == 206, answer.status_code
            for piece in answer.iter_raw(PIECE_BYTES):
                if not read:
                    self.first_byte_s.append(time.perf_counter() - began)
                read += len(piece)
                self.n_bytes_read += len(piece)
                ahead_s = read / self.bytes_per_s - (time.perf_counter() - began)
                if ended.wait(max(0.0, ahead_s)) or time.perf_counter() - began > PLAYS_S:
                    return


@contextmanager
def watching(viewers: Sequence[Viewer]) -> Iterator[None]:
    """Let them watch until the block ends."""
    ended = threading.Event()
    threads = [threading.Thread(target=viewer.watch, args=(ended,)) for viewer in viewers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
