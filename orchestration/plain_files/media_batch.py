"""Many media files at once, each decoded in a limited process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.examine import Examined
from models.isolated import Lifeline, examine_isolated
from models.refusal import MediaRefusedError
from services.domain.errors import ExternalError
from services.domain.media_limits import MediaLimits, StreamChoice

Verdict = Literal["accepted", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of one file.

    Parameters
    ----------
    verdict : str
        ``failed``: the machine is at fault and not the file, so that trying again may help.
    code, sentence : str, optional
        Why it was not accepted.
    n_frames : int, optional
        Frames that decoded, also of a refused file where there were any.
    """

    path: Path
    verdict: Verdict
    code: str | None = None
    sentence: str | None = None
    n_frames: int | None = None
    examined: Examined | None = None


def n_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def examine_all(
    paths: Sequence[Path],
    *,
    limits: MediaLimits,
    stream: StreamChoice,
    jobs: int,
    tell: Callable[[], None],
) -> list[Seen]:
    """Examine every file, several at once; whatever one of them does, the others are done.

    Parameters
    ----------
    jobs : int
        How many at once.
    tell : callable
        Called after each file.
    """

    def one(path: Path) -> Seen:
        seen = _examine(path, limits, stream, lifeline)
        tell()
        return seen

    with Lifeline() as lifeline, ThreadPoolExecutor(jobs) as pool:
        try:
            return list(pool.map(one, paths))
        except BaseException:  # told to end: stop the decoders, so that the threads come back
            lifeline.cut()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _examine(path: Path, limits: MediaLimits, stream: StreamChoice, lifeline: Lifeline) -> Seen:
    try:
        found = examine_isolated(path, limits=limits, stream=stream, lifeline=lifeline)
    except MediaRefusedError as error:
        return Seen(
            path=path,
            verdict="refused",
            code=error.code,
            sentence=error.detail,
            n_frames=error.facts.get("n_frames"),
        )
    except ExternalError as error:
        return Seen(path=path, verdict="failed", code=error.code, sentence=error.detail)
    except OSError as error:
        sentence = f"The system does not let it be examined: {error.strerror}."
        return Seen(path=path, verdict="failed", code="storage", sentence=sentence)
    return Seen(path=path, verdict="accepted", n_frames=found.probe.n_frames, examined=found)
